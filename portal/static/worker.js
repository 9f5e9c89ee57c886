// Shows one page when nothing can be reached. Stores that page and its colours, never a bill.
"use strict";
var NAME = "loket-" + self.KEEP.join("|");

self.addEventListener("install", function (event) {
  event.waitUntil(caches.open(NAME).then(function (kept) {
    return kept.addAll(self.KEEP.map(function (url) { return new Request(url, { credentials: "omit" }); }));
  }).then(function () { return self.skipWaiting(); }));
});

self.addEventListener("activate", function (event) {
  event.waitUntil(caches.keys().then(function (names) {
    return Promise.all(names.filter(function (name) { return name !== NAME; }).map(function (name) { return caches.delete(name); }));
  }).then(function () { return self.clients.claim(); }));
});

self.addEventListener("fetch", function (event) {
  var asked = event.request, url = new URL(asked.url);
  if (url.origin !== self.location.origin || url.pathname.indexOf("/admin") === 0) return;
  if (asked.mode === "navigate") {
    event.respondWith(fetch(asked).catch(function () { return caches.match(self.KEEP[0]); }));
    return;
  }
  // The kept page's own colours, only when they cannot be had otherwise.
  if (self.KEEP.indexOf(url.pathname + url.search) > 0) {
    event.respondWith(fetch(asked).catch(function () { return caches.match(asked.url); }));
  }
});
