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

  function words(name) {
    var said = doc.getElementById("said");
    return (said && said.dataset[name]) || "";
  }

  function offline(show) {
    var banner = doc.getElementById("offline");
    if (banner && banner.hidden === show) banner.hidden = !show;
  }

  // Several errors: a list that leads to each of them, above the form; then to the first.
  function summarise(form) {
    var wrong = form.querySelectorAll('[aria-invalid="true"][id]');
    if (wrong.length < 2 || form.querySelector(".error-summary")) return;
    var box = doc.createElement("div"), list = doc.createElement("ul"), head = doc.createElement("strong");
    box.className = "error-summary";
    head.textContent = words("summary");
    wrong.forEach(function (field) {
      var item = doc.createElement("li"), link = doc.createElement("a");
      var about = doc.getElementById((field.getAttribute("aria-describedby") || "").split(" ")[0]);
      var error = about && (about.querySelector(".err") || about);
      link.href = "#" + field.id;
      link.textContent = (field.labels && field.labels[0] ? field.labels[0].textContent.trim() : field.name) +
        (error ? ": " + error.textContent.trim() : "");
      item.appendChild(link);
      list.appendChild(item);
    });
    box.append(head, list);
    form.prepend(box);
  }
  function focusFirstError(root) {
    root.querySelectorAll("form").forEach(summarise);
    var first = root.querySelector('[aria-invalid="true"]') || root.querySelector(".error-summary[tabindex]");
    if (first) first.focus();
  }
  doc.addEventListener("click", function (event) {
    var link = event.target.closest(".error-summary a");
    var field = link && doc.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.focus();
  });

  doc.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["X-CSRFToken"] = meta("csrf-token");
    // A page that looks for news by itself keeps nobody logged in.
    if (!event.detail.triggeringEvent) event.detail.headers["X-Live"] = "1";
  });
  // A page nobody looks at does not ask; looked at again, it asks at once.
  doc.addEventListener("htmx:beforeRequest", function (event) {
    if (doc.hidden && event.detail.elt.matches('[data-live], [hx-trigger*="every "]')) event.preventDefault();
  });
  function askAgain() {
    doc.querySelectorAll("[data-live]").forEach(function (item) { item.dispatchEvent(new Event("look")); });
  }
  doc.addEventListener("visibilitychange", function () {
    if (!doc.hidden) askAgain();
  });
  // A form on its way is not sent a second time; what only asks replaces itself. Where the answer leads
  // to another page, it is on its way until that page is there.
  var underWay = new WeakSet();
  doc.addEventListener("htmx:confirm", function (event) {
    var by = event.detail.triggeringEvent;
    if (by && by.type === "submit" && event.detail.verb !== "get" && underWay.has(event.detail.elt)) event.preventDefault();
  });
  doc.addEventListener("htmx:beforeSend", function (event) { busy(event.detail, true); });
  doc.addEventListener("htmx:afterRequest", function (event) { busy(event.detail, false); });
  function busy(detail, now) {
    var by = detail.requestConfig && detail.requestConfig.triggeringEvent;
    if (!by || by.type !== "submit" || !detail.elt.matches("form")) return;
    if (!now && detail.xhr && detail.xhr.getResponseHeader("HX-Redirect")) return;
    underWay[now ? "add" : "delete"](detail.elt);
    if (!now) delete detail.elt.dataset.sent;
    var button = by.submitter || detail.elt.querySelector("button:not([type=button])");
    if (button && now) button.setAttribute("aria-busy", "true");
    else if (button) button.removeAttribute("aria-busy");
  }
  doc.addEventListener("toast", function (event) {
    toast(event.detail.level, event.detail.message);
  });
  // What was typed stays where it is: nothing is swapped, only said.
  ["htmx:sendError", "htmx:timeout"].forEach(function (name) {
    doc.addEventListener(name, function () { offline(true); });
  });
  doc.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.xhr && event.detail.xhr.status) offline(false);
  });
  doc.addEventListener("htmx:responseError", function (event) {
    var status = event.detail.xhr.status;
    if (status !== 401) toast("bad", words("e" + status) || words("e0"));
  });
  doc.addEventListener("click", function (event) {
    if (!event.target.closest("[data-retry]")) return;
    fetch("/healthz", { cache: "no-store" }).then(function () { offline(false); askAgain(); }, function () { offline(true); });
  });
  doc.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.xhr && event.detail.xhr.status === 422) focusFirstError(event.detail.target.parentNode || doc);
    start(event.detail.target.parentNode || doc);
    fill();
    doc.querySelectorAll("dialog[data-modal]:not([open])").forEach(function (box) { box.showModal(); });
  });

  // A form the server exchanges: what was typed or chosen while the answer was on its way goes into
  // the new fields, unless the server changed them too, and is told like any other change.
  var asked = new WeakMap();
  function said(field) {
    if (field.type === "file") return field.files[0];
    return field.type === "radio" || field.type === "checkbox" ? field.checked : field.value;
  }
  function say(field, kept) {
    if (kept.type === "file") field.files = kept.files;
    else if (typeof kept.value === "boolean") field.checked = kept.value;
    else field.value = kept.value;
    if (field === doc.activeElement && typeof kept.at === "number") field.setSelectionRange(kept.at, kept.at);
  }
  function named(form) {
    return Array.from(form.elements).filter(function (field) { return field.id && field.name && field.type !== "submit"; });
  }
  doc.addEventListener("htmx:beforeRequest", function (event) {
    var form = event.detail.target;
    if (!form || !form.hasAttribute("data-keep-typed")) return;
    asked.set(form, new Map(named(form).map(function (field) { return [field.id, said(field)]; })));
  });
  doc.addEventListener("htmx:beforeSwap", function (event) {
    var form = event.detail.target, sent = asked.get(form);
    if (!sent || !event.detail.shouldSwap) return;
    asked.delete(form);
    // Noted now: two radios of one name cannot both stay checked while the new ones come in.
    var kept = named(form).filter(function (field) {
      return sent.has(field.id) && sent.get(field.id) !== said(field);
    }).map(function (field) {
      return { id: field.id, type: field.type, value: said(field), files: field.files, at: field.selectionStart };
    });
    form.addEventListener("htmx:afterSettle", function () {
      var changed = [];
      kept.forEach(function (one) {
        var field = doc.getElementById(one.id);
        if (!field || field.type !== one.type) return;
        if (one.type !== "file" && said(field) !== sent.get(one.id)) return;
        say(field, one);
        if (one.value !== false) changed.push(field);
      });
      // The exchange is over only after this event.
      setTimeout(function () {
        changed.forEach(function (field) {
          field.dispatchEvent(new Event("input", { bubbles: true }));
          field.dispatchEvent(new Event("change", { bubbles: true }));
        });
      });
    }, { once: true });
  });
  window.addEventListener("offline", function () { offline(true); });
  window.addEventListener("online", function () { offline(false); askAgain(); });

  doc.addEventListener("submit", function (event) {
    var form = event.target;
    // Sent now, the page and what was typed into it would be gone.
    if (navigator.onLine === false) { event.preventDefault(); event.stopImmediatePropagation(); offline(true); return; }
    var message = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
    if (message && !window.confirm(message)) { event.preventDefault(); return; }
    if (form.hasAttribute("data-once")) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      var pressed = event.submitter || form.querySelector("button");
      if (pressed) pressed.setAttribute("aria-busy", "true");
      // Stopped by the person, or never answered: no event tells of it.
      setTimeout(function () { if (!underWay.has(form)) release(form); }, 30000);
    }
  }, true);
  function release(form) {
    delete form.dataset.sent;
    form.querySelectorAll("button").forEach(function (button) { button.removeAttribute("aria-busy"); });
  }
  // Coming back with the back button must not find a dead form.
  window.addEventListener("pageshow", function (event) {
    // Kept in memory while somebody logged out: ask the server whose page this is.
    if (event.persisted && !doc.body.classList.contains("plain")) location.reload();
    underWay = new WeakSet();
    doc.querySelectorAll("form").forEach(release);
  });

  function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    var area = doc.createElement("textarea");
    area.className = "sr";
    area.value = text;
    doc.body.appendChild(area);
    area.select();
    var done = doc.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("copy"));
  }
  doc.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button) return;
    copy(button.dataset.copy).then(function () {
      toast("ok", button.dataset.copied || words("copied"));
      button.classList.add("done");
      setTimeout(function () { button.classList.remove("done"); }, 2500);
    }, function () {});
  });
  // A link to WhatsApp becomes the phone's own "share", where there is one.
  doc.addEventListener("click", function (event) {
    var link = event.target.closest("[data-share]");
    if (!link || !navigator.share) return;
    event.preventDefault();
    navigator.share({ title: doc.title, text: link.dataset.share, url: link.dataset.url }).catch(function () {});
  });
  window.addEventListener("load", function () {
    var worker = doc.body.dataset.worker;
    if (worker && navigator.serviceWorker) navigator.serviceWorker.register(worker).catch(function () {});
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
        if (!item.isConnected) return;
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
  // What one looks for now matters; the answer to what was typed before does not.
  function newest(root) {
    root.querySelectorAll('form[hx-get]:not([hx-sync]), [hx-get][hx-trigger*="input"]:not([hx-sync])').forEach(function (one) {
      one.setAttribute("hx-sync", "this:replace");
    });
  }
  newest(doc);
  doc.addEventListener("htmx:afterSwap", function (event) { newest(event.detail.target.parentNode || doc); });
  start(doc);
  focusFirstError(doc);
})();
