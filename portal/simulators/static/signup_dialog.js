// The simulated signup window: tells the page that opened it what was chosen, then closes.
(function () {
  var form = document.querySelector("form"), said = document.querySelector("output");
  var origin = new URLSearchParams(location.search).get("origin");
  function tell(message) { if (window.opener) window.opener.postMessage(message, origin); }
  function wait(ms) { return new Promise(function (done) { setTimeout(done, ms); }); }
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var data = Object.fromEntries(new FormData(form));
    fetch("/signup/finish", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data)
    }).then(function (answer) { return answer.json(); }).then(async function (made) {
      var parts = [
        function () { tell(JSON.stringify(made.event)); },
        function () { tell({ sdk: "signup", code: made.code }); }
      ];
      if (data.order === "code_first") parts.reverse();
      if (data.order === "code_only") parts.shift();
      if (data.order === "event_only") parts.pop();
      said.textContent = "Selesai.";
      parts[0]();
      await wait(Number(data.pause || 0.2) * 1000);
      if (parts[1]) parts[1]();
      await wait(50);
      window.close();
    }).catch(function (error) { said.textContent = String(error); });
  });
})();
