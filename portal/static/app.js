// Small progressive touches; every page works without this file.
(function () {
  "use strict";
  var doc = document;

  function meta(name) {
    var tag = doc.querySelector('meta[name="' + name + '"]');
    return tag ? tag.content : "";
  }

  function toast(level, message) {
    var area = doc.getElementById("toasts");
    if (!area) return;
    var box = doc.createElement("div");
    box.className = "toast-item " + (level || "ok");
    box.setAttribute("role", "status");
    box.textContent = message;
    area.appendChild(box);
    setTimeout(function () { box.remove(); }, 6000);
  }

  function offline(show) {
    var banner = doc.getElementById("offline");
    if (banner) banner.hidden = !show;
  }

  function focusFirstError(root) {
    var first = root.querySelector('[aria-invalid="true"], .error-summary');
    if (first) first.focus();
  }

  doc.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["X-CSRFToken"] = meta("csrf-token");
  });
  // A page nobody looks at does not ask; looked at again, it asks at once.
  doc.addEventListener("htmx:beforeRequest", function (event) {
    if (doc.hidden && event.detail.elt.hasAttribute("data-live")) event.preventDefault();
  });
  doc.addEventListener("visibilitychange", function () {
    if (doc.hidden) return;
    doc.querySelectorAll("[data-live]").forEach(function (item) { item.dispatchEvent(new Event("look")); });
  });
  doc.addEventListener("toast", function (event) {
    toast(event.detail.level, event.detail.message);
  });
  doc.addEventListener("htmx:sendError", function () { offline(true); });
  doc.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.successful) offline(false);
  });
  doc.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.xhr && event.detail.xhr.status === 422) focusFirstError(event.detail.target.parentNode || doc);
    start(event.detail.target.parentNode || doc);
    fill();
    doc.querySelectorAll("dialog[data-modal]:not([open])").forEach(function (box) { box.showModal(); });
  });
  window.addEventListener("offline", function () { offline(true); });
  window.addEventListener("online", function () { offline(false); });

  doc.addEventListener("submit", function (event) {
    var form = event.target;
    var message = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
    if (message && !window.confirm(message)) { event.preventDefault(); return; }
    if (form.hasAttribute("data-once")) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      form.querySelectorAll("button").forEach(function (button) { button.setAttribute("aria-busy", "true"); });
    }
  });
  // Coming back with the back button must not find a dead form.
  window.addEventListener("pageshow", function () {
    doc.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach(function (button) { button.removeAttribute("aria-busy"); });
    });
  });

  doc.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    navigator.clipboard.writeText(button.dataset.copy).then(function () {
      toast("ok", button.dataset.copied || "Disalin");
    });
  });

  // A file the server would refuse unread is not sent at all.
  doc.addEventListener("change", function (event) {
    var input = event.target;
    if (input.type !== "file" || !input.dataset.mostBytes) return;
    var large = input.files.length && input.files[0].size > Number(input.dataset.mostBytes);
    input.setCustomValidity(large ? input.dataset.tooLarge : "");
    if (large) input.reportValidity();
  });

  // A chip puts its words where the cursor was, or in the place of all that was there.
  doc.addEventListener("click", function (event) {
    var chip = event.target.closest("[data-insert]");
    var into = chip && doc.getElementById(chip.dataset.into);
    if (!into || into.readOnly) return;
    event.preventDefault();
    if ("whole" in chip.dataset) into.value = chip.dataset.insert;
    else into.setRangeText(chip.dataset.insert, into.selectionStart, into.selectionEnd, "end");
    into.focus();
    into.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // Words the server made for a field of this page.
  function fill() {
    doc.querySelectorAll("[data-fill]").forEach(function (item) {
      var into = doc.getElementById(item.dataset.fill);
      if (into) {
        into.value = item.value;
        into.focus();
        into.dispatchEvent(new Event("input", { bubbles: true }));
      }
      item.remove();
    });
  }
  doc.addEventListener("click", function (event) {
    if (!event.target.closest("[data-close]")) return;
    var box = event.target.closest("dialog");
    if (box) box.close();
  });
  // Escape asks first when something was typed; a closed box is gone.
  doc.addEventListener("input", function (event) {
    var box = event.target.closest("dialog[data-modal]");
    if (box) box.dataset.typed = "1";
  });
  doc.addEventListener("cancel", function (event) {
    var box = event.target;
    if (!box.matches || !box.matches("dialog[data-modal]")) return;
    if (box.dataset.typed && !window.confirm(box.dataset.modal)) event.preventDefault();
  }, true);
  doc.addEventListener("close", function (event) {
    if (event.target.matches && event.target.matches("dialog[data-modal]")) event.target.remove();
  }, true);

  // A countdown that ends by enabling what it guards; the server decides anyway.
  function start(root) {
    root.querySelectorAll("[data-countdown]").forEach(function (item) {
      if (item.dataset.running) return;
      item.dataset.running = "1";
      var left = Number(item.dataset.countdown);
      var target = doc.getElementById(item.dataset.countdownTarget || "");
      function tick() {
        if (left <= 0) {
          item.textContent = "";
          if (target) target.disabled = false;
          return;
        }
        if (target) target.disabled = true;
        var hours = Math.floor(left / 3600), minutes = Math.floor(left / 60) % 60;
        item.textContent = (hours ? hours + ":" + ("0" + minutes).slice(-2) : minutes) + ":" + ("0" + (left % 60)).slice(-2);
        left -= 1;
        setTimeout(tick, 1000);
      }
      tick();
    });
  }
  start(doc);
  focusFirstError(doc);
})();
