// Reload the open chat when something new arrives.
(function () {
  var thread = document.querySelector(".thread");
  var last = Number(thread.dataset.last), number = thread.dataset.number;
  thread.scrollTop = thread.scrollHeight;
  setInterval(function () {
    fetch("/inbox.json?limit=50&since=" + last).then(function (r) { return r.json(); }).then(function (rows) {
      if (!rows.length) return;
      if (!number || rows.some(function (m) { return m.to === number; })) location.reload();
    }).catch(function () {});
  }, 2000);
})();
