"""The customer pays: choose how, open an order, "Cek status" and cancel afterwards.

The page one pays on shows access too and lives in `portal/dashboard`; what is drawn on it
for a waiting order (`/me/orders/<order_id>/…`) is here.
"""

import logging
from collections.abc import Sequence
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user

from portal.config import Settings
from portal.core.driverkit import DriverError, Misconfigured
from portal.extensions import db
from portal.infra.database import end_read
from portal.infra.timekeeping import today
from portal.invoices import queries as invoice_queries
from portal.invoices import service as invoices
from portal.media import service as media
from portal.payments import cancelling, opening, orders, paying, qr_image, queries, transfers
from portal.payments.models import PaymentOrder
from portal.payments.offers import offers
from portal.payments.registry import gateway, usable
from portal.web.access import customer_only
from portal.web.htmx import go, page

bp = Blueprint("pay", __name__, url_prefix="/me")
log = logging.getLogger(__name__)
RETURN_PATH = "/me/orders/{order_id}"
MOST_INVOICES = 60
user: Any = current_user


@bp.get("/pay")
@customer_only
def choose() -> Any:
    """How to pay the invoices of `?invoice=…` (all open ones without it), with fees."""
    return _choose(_wanted(request.args.getlist("invoice", type=int)))


@bp.post("/pay")
@customer_only
def all_open() -> Any:
    """Pay the posted invoices, or everything that is open, the oldest first."""
    return _go_on(_wanted(request.form.getlist("invoice", type=int)), url_for("home.index"))


@bp.post("/invoices/<int:invoice_id>/pay")
@customer_only
def invoice(invoice_id: int) -> Any:
    """Pay one invoice of one's own."""
    if invoice_queries.one(invoice_id, today(), user.id) is None:
        abort(404)
    return _go_on([invoice_id], url_for("home.invoice", invoice_id=invoice_id))


def _wanted(posted: Sequence[int]) -> list[int]:
    """Ids as chosen; whose they are is judged where the order is made."""
    chosen = [one for one in dict.fromkeys(posted) if 0 < one < 2**31][:MOST_INVOICES]
    return chosen or invoices.open_ids(user.id)


def _go_on(invoice_ids: Sequence[int], back: str) -> Response:
    """With a choice the order is opened; without, the live order goes on or one chooses."""
    kind, colon, method = request.form.get("choice", "").partition(":")
    try:
        if colon:
            if kind not in {one.kind for one in usable()}:
                abort(404)
            return _start(invoice_ids, kind, method)
        usable()
        owed = opening.owed_by(user.id, invoice_ids)
        if not owed:
            raise opening.OrderError(_("Tagihan ini sudah lunas atau tidak terbuka lagi."))
        chosen, amount = [one for one, _rest in owed], sum(rest for _one, rest in owed)
        order_id = _live_order_id(chosen, amount)
    except opening.OrderError as error:
        db.session.rollback()
        return go(back, str(error), "info")
    except Misconfigured as error:
        db.session.rollback()
        return _unavailable(error)
    except DriverError as error:
        db.session.rollback()
        log.warning("pay page could not be opened: %s", error.sentence)
        return go(back, _("Halaman bayar belum bisa dibuka. Coba lagi sebentar."), "bad")
    db.session.rollback()  # nothing was written; the locks are not needed any more
    if order_id:
        return go(url_for("home.order", order_id=order_id))
    return go(url_for("pay.choose", invoice=chosen))


def _live_order_id(chosen: Sequence[int], amount: int) -> str:
    live = opening.live_orders(user.id, chosen, amount)
    return next((order.order_id for order in live if order.pay_url or order.pay_code), "")


def _start(invoice_ids: Sequence[int], kind: str, method: str) -> Response:
    """Open the order: to our own page, or to the gateway's when that was chosen."""
    order = opening.start_order(user.id, invoice_ids, RETURN_PATH, method, kind)
    if order.pay_url and order.method == method:
        return make_response(redirect(order.pay_url, 303))
    message = ""
    if order.method != method:
        message = _("Cara itu sedang terganggu. Lanjutkan di halaman bayar berikut ini.")
    return go(url_for("home.order", order_id=order.order_id), message, "info")


def _choose(invoice_ids: Sequence[int]) -> Response:
    day = today()
    rows = [invoice_queries.one(one, day, user.id) for one in invoice_ids]
    owing = [row for row in rows if row is not None and row.state == "open" and row.remaining > 0]
    if not owing:
        return go(url_for("home.index"), _("Tidak ada tagihan yang perlu dibayar."), "info")
    amount = sum(row.remaining for row in owing)
    current = _live_order_id([row.id for row in owing], amount)
    try:
        groups = offers(amount)
    except Misconfigured as error:
        return _unavailable(error)
    return page("payments/choose.html", owing=owing, amount=amount, groups=groups, current=current)


def _unavailable(error: Misconfigured) -> Response:
    """How else to pay; whoever sets Loket up also reads what is missing, in production not."""
    log.error("paying online is not possible: %s", error.sentence)
    settings: Settings = current_app.extensions["loket.settings"]
    missing = "" if settings.production else error.sentence
    return page("payments/unavailable.html", status=503, missing=missing)


def _own(order_id: str) -> PaymentOrder:
    found = queries.order_of(user.id, order_id)
    if found is None:
        abort(404)
    return found


@bp.get("/orders/<order_id>/qris.svg")
@customer_only
def qr(order_id: str) -> Any:
    """The QR code of a waiting order."""
    code = paying.qr_code(_own(order_id)) or abort(404)
    return Response(qr_image.svg(code), mimetype="image/svg+xml")


@bp.get("/orders/<order_id>/qris.png")
@customer_only
def qr_file(order_id: str) -> Any:
    """The same to save: Simpan QR."""
    code = paying.qr_code(_own(order_id)) or abort(404)
    answer = Response(qr_image.png(code), mimetype="image/png")
    answer.headers["Content-Disposition"] = f'attachment; filename="qris-{order_id}.png"'
    return answer


@bp.post("/orders/<order_id>/check")
@customer_only
def check(order_id: str) -> Any:
    """Cek status: ask the gateway now, at most once in a few seconds."""
    found = _own(order_id)
    orders.check_now(found.id)
    db.session.refresh(found)
    if found.state == "pending":
        flash(_("Pembayaran belum kami terima. Halaman ini memeriksa sendiri."), "info")
    return go(url_for("home.order", order_id=order_id))


@bp.post("/orders/<order_id>/cancel")
@customer_only
def cancel(order_id: str) -> Any:
    """Take the order back and choose again; one that was paid meanwhile stays paid."""
    found = _own(order_id)
    order_pk, chosen = found.id, [link.invoice_id for link in found.invoices]
    if not cancelling.cancel(order_pk, "dibatalkan pelanggan"):
        return go(url_for("home.order", order_id=order_id))
    return go(url_for("pay.choose", invoice=chosen), _("Pembayaran dibatalkan."), "info")


@bp.post("/orders/<order_id>/simulate")
@customer_only
def simulate(order_id: str) -> Any:
    """Pay a sandbox order without money. There is no such thing in production."""
    found = _own(order_id)
    driver = gateway(found.gateway, check=False)
    if not paying.shown(found)["can_simulate"]:
        abort(404)
    order_pk, about = found.id, (found.order_id, found.amount, found.reference)
    end_read()
    try:
        driver.simulate(*about)
    except DriverError as error:
        return go(url_for("home.order", order_id=order_id), error.sentence, "bad")
    orders.check_now(order_pk)
    return go(url_for("home.order", order_id=order_id))


@bp.post("/orders/<order_id>/proof")
@customer_only
def proof(order_id: str) -> Any:
    """A photo of a transfer; a cashier looks at it."""
    found = _own(order_id)
    back, order_pk, by = url_for("home.order", order_id=order_id), found.id, user.get_id()
    file = request.files.get("photo")
    if file is None:
        return go(back, _("Pilih foto dahulu."), "bad")
    db.session.rollback()  # nobody waits for our lock while a photo is decoded
    try:
        photo = transfers.examine(file.stream)
        order = db.session.get_one(PaymentOrder, order_pk, with_for_update=True)
        transfers.add_proof(order, photo, by.rsplit(":", 1)[0])
        db.session.commit()
    except media.Refused as error:
        db.session.rollback()
        return go(back, error.sentence, "bad")
    except transfers.TransferError as error:
        db.session.rollback()
        return go(back, str(error), "bad")
    return go(back, _("Bukti terkirim. Kami mencocokkannya dengan rekening."))
