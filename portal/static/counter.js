// Sums while typing at the counter. The server adds up again; every page works without this.
(function () {
  "use strict";
  var doc = document;

  // What people write: 150.000, Rp150000, 150rb, 1,5jt; NaN for anything else.
  function read(text) {
    text = text.trim().toLowerCase().replace(/^(rp|idr)\.?\s*/, "");
    if (!text) return NaN;
    var short = /^(\d{1,6})(?:[.,](\d{1,3}))?\s*(rb|ribu|k|jt|juta)\.?$/.exec(text);
    if (short) {
      var scale = short[3].charAt(0) === "j" ? 1000000 : 1000;
      return Number(short[1]) * scale + Number((short[2] || "").padEnd(3, "0")) * scale / 1000;
    }
    text = text.replace(/,-+$|\s/g, "");
    return /^\d+([.,]\d{3})*$/.test(text) ? Number(text.replace(/[.,]/g, "")) : NaN;
  }

  function rupiah(amount) {
    var sign = amount < 0 ? "-" : "";
    return sign + "Rp" + String(Math.abs(amount)).replace(/\B(?=(\d{3})+$)/g, ".");
  }

  function till(form) {
    var boxes = form.querySelectorAll("[data-owed]");
    var amount = form.elements.amount, received = form.elements.received;
    var chosen = form.querySelector("[data-chosen]"), change = form.querySelector("[data-change]");
    var all = form.querySelector("[data-all]");
    function show() {
      var sum = 0;
      boxes.forEach(function (box) { if (box.checked) sum += Number(box.dataset.owed); });
      chosen.textContent = sum ? chosen.dataset.before + rupiah(sum) : "";
      var due = amount.value.trim() ? read(amount.value) : sum;
      var back = read(received ? received.value : "") - due;
      change.textContent = isNaN(back) ? "" : (back < 0 ? change.dataset.short : change.dataset.change) + " " + rupiah(Math.abs(back));
      change.classList.toggle("short", back < 0);
    }
    form.addEventListener("input", show);
    if (all) all.addEventListener("click", function (event) {
      event.preventDefault();
      boxes.forEach(function (box) { box.checked = true; });
      show();
    });
    show();
  }

  function count(form) {
    var pieces = form.querySelectorAll("[data-piece]"), counted = form.elements.counted;
    var opening = form.elements.opening;
    var expected = form.querySelector("[data-expected]"), gap = form.querySelector("[data-gap]");
    function show(event) {
      if (event && event.target.dataset.piece) {
        var sum = 0;
        pieces.forEach(function (piece) { sum += Number(piece.dataset.piece) * (parseInt(piece.value, 10) || 0); });
        counted.value = sum ? rupiah(sum).slice(2) : "";
      }
      var should = Number(form.dataset.count) + (opening.value.trim() ? read(opening.value) : 0);
      if (!isNaN(should)) expected.textContent = rupiah(should);
      var off = read(counted.value) - should;
      gap.textContent = isNaN(off) ? "" : off ? gap.dataset.gap + " " + rupiah(off) : gap.dataset.fits;
      gap.classList.toggle("short", off !== 0);
      gap.classList.toggle("fits", off === 0);
    }
    form.addEventListener("input", show);
    show();
  }

  doc.querySelectorAll("form[data-till]").forEach(till);
  doc.querySelectorAll("form[data-count]").forEach(count);
  doc.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
