// The staff area's small touches; every page works without this file.
(function () {
  "use strict";
  var doc = document;

  // Groups of the menu stay as the person left them, in this browser only.
  function kept(key, value) {
    try {
      if (value === undefined) return window.localStorage.getItem(key);
      window.localStorage.setItem(key, value);
    } catch (error) { /* private mode */ }
    return null;
  }
  doc.querySelectorAll(".side details[data-group]").forEach(function (group) {
    var key = "menu:" + group.dataset.group, was = kept(key);
    if (was && !group.classList.contains("here")) group.open = was === "1";
    group.addEventListener("toggle", function () { kept(key, group.open ? "1" : "0"); });
  });

  // The current page's line is in sight, however long the menu is.
  var side = doc.querySelector(".side"), here = side && side.querySelector("nav [aria-current=page]");
  if (here && here.offsetTop + here.offsetHeight > side.clientHeight) side.scrollTop = here.offsetTop - side.clientHeight / 2;

  // The phone's menu closes with Escape, and the focus goes back to its button.
  var box = doc.getElementById("menu-box");
  doc.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && box && box.checked) { box.checked = false; box.focus(); }
  });

  // What scrolls sideways can be scrolled with the keyboard.
  function scrollable() {
    doc.querySelectorAll(".scroll").forEach(function (area) {
      if (area.scrollWidth > area.clientWidth + 1) {
        area.tabIndex = 0;
        area.setAttribute("role", "group");
      } else area.removeAttribute("tabindex");
    });
  }
  scrollable();
  doc.addEventListener("htmx:afterSettle", scrollable);
  window.addEventListener("resize", scrollable);

  doc.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
