// Stands for Meta's JavaScript SDK in development: FB.init and FB.login for the Embedded Signup.
// Opens the simulator's own window; the event and the code come back as Meta sends them.
(function () {
  var base = new URL(document.currentScript.src).origin, settings = null;
  function refused(callback, why) {
    console.error("FB.login: " + why);
    setTimeout(function () { callback({ authResponse: null, status: "unknown" }); }, 0);
  }
  function login(callback, options) {
    options = options || {};
    if (!settings) return refused(callback, "FB.init was not called");
    if (!options.config_id) return refused(callback, "config_id is missing");
    if (options.response_type !== "code" || options.override_default_response_type !== true)
      return refused(callback, "response_type 'code' and override_default_response_type are needed");
    var query = new URLSearchParams({
      app_id: settings.appId, config_id: options.config_id, version: settings.version || "",
      origin: location.origin, extras: JSON.stringify(options.extras || {})
    });
    var opened = window.open(base + "/signup/dialog?" + query, "signup", "width=620,height=760");
    if (!opened) return refused(callback, "the window was blocked");
    var done = false;
    function answer(response) {
      if (done) return;
      done = true;
      clearInterval(watch);
      window.removeEventListener("message", hear);
      callback(response);
    }
    function hear(message) {
      if (message.origin !== base || !message.data || message.data.sdk !== "signup") return;
      var code = message.data.code;
      answer(code
        ? { authResponse: { userID: null, expiresIn: null, code: code }, status: "connected" }
        : { authResponse: null, status: "unknown" });
    }
    var watch = setInterval(function () {
      // A little later than the close itself: what it had said may still be on its way.
      if (opened.closed) setTimeout(function () { answer({ authResponse: null, status: "unknown" }); }, 300);
    }, 250);
    window.addEventListener("message", hear);
  }
  window.FB = {
    init: function (given) { settings = given; },
    login: login,
    getLoginStatus: function (callback) { callback({ authResponse: null, status: "unknown" }); }
  };
  if (typeof window.fbAsyncInit === "function") window.fbAsyncInit();
})();
