// Facebook's dialog on the page that connects a WhatsApp number (Embedded Signup, version 4).
// What it brings is posted as it came; the server believes nothing of it.
(function () {
  "use strict";
  var doc = document, box = doc.getElementById("dialog");
  if (!box) return;
  var said = Object.assign({}, box.dataset);
  var ready = false, busy = false, failed = "", chain = Promise.resolve(), left = 0;

  // https://facebook.com or a real subdomain: evilfacebook.com ends with the same letters.
  function trusted(origin) {
    if (said.origin && origin === said.origin) return true;
    return /^https:\/\/([a-z0-9-]+\.)*facebook\.com$/.test(origin);
  }

  function draw() {
    var button = doc.getElementById("launch"), words = doc.getElementById("dialog-error");
    if (!button) return;
    button.hidden = false;
    button.disabled = !ready || busy;
    if (busy) button.setAttribute("aria-busy", "true"); else button.removeAttribute("aria-busy");
    words.textContent = failed;
    words.hidden = !failed;
  }

  function token() {
    var tag = doc.querySelector('meta[name="csrf-token"]');
    return tag ? tag.content : "";
  }

  function send(url, values, tries) {
    var body = new URLSearchParams(Object.assign({ state: said.state }, values));
    var headers = { "X-CSRFToken": token(), "HX-Request": "true" };
    return fetch(url, { method: "POST", body: body, headers: headers, credentials: "same-origin" }).then(function (answer) {
      var elsewhere = answer.headers.get("HX-Redirect");
      if (elsewhere) window.location = elsewhere;
      else if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
    }, function (error) {
      // Nothing arrived: the code lives for thirty seconds only, so again at once.
      if (tries > 1) return new Promise(function (go) { setTimeout(go, 1000); }).then(function () { return send(url, values, tries - 1); });
      throw error;
    });
  }

  // One after the other, and the page as it then is.
  function post(url, values) {
    left += 1;
    chain = chain.then(function () { return send(url, values, 8); }).then(function () { failed = ""; }, function () { failed = said.late; }).then(function () {
      left -= 1;
      if (left || !window.htmx) return draw();
      return window.htmx.ajax("GET", window.location.pathname, { target: "#signup", swap: "outerHTML" });
    });
  }

  window.addEventListener("message", function (event) {
    if (!trusted(event.origin)) return;
    var data = event.data, told;
    try { told = typeof data === "string" ? JSON.parse(data) : data; } catch (error) { return; }
    if (!told || told.type !== "WA_EMBEDDED_SIGNUP") return;
    post(said.eventUrl, { event: JSON.stringify(told) });
  });

  function launch() {
    busy = true;
    failed = "";
    draw();
    window.FB.login(function (response) {
      var code = response && response.authResponse && response.authResponse.code;
      busy = false;
      draw();
      if (code) return post(said.codeUrl, { code: code });
      // Why it closed may be told a moment later.
      setTimeout(function () { post(said.closedUrl, {}); }, 1500);
    }, { config_id: said.config, response_type: "code", override_default_response_type: true, extras: { setup: {} } });
  }

  doc.addEventListener("click", function (event) {
    if (event.target.closest("#launch") && ready && !busy) launch();
  });
  doc.addEventListener("htmx:afterSwap", draw);

  window.fbAsyncInit = function () {
    window.FB.init({ appId: said.app, autoLogAppEvents: true, xfbml: true, version: said.version });
    ready = true;
    draw();
  };
  var script = doc.createElement("script");
  script.src = said.sdk;
  script.async = true;
  script.onerror = function () { failed = said.blocked; draw(); };
  doc.head.appendChild(script);
  draw();
})();
