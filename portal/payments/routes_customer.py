"""The customer pays: choose how, open an order, "Cek status" and cancel afterwards.

The page one pays on shows access too and lives in `portal/dashboard`; what is drawn on it
for a waiting order (`/me/orders/<order_id>/…`) is here.
"""

import logging
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from portal.config import Settings
from portal.core.driverkit import DriverError, Misconfigured
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import queries as invoice_queries
from portal.payments import (
    cancelling,
    choosing,
    opening,
    order_actions,
    paying,
    queries,
)
from portal.payments.models import PaymentOrder
from portal.payments.offers import offers
from portal.payments.registry import usable
from portal.payments.routes_return import RETURN_PATH
from portal.payments.wishes import Wish
from portal.web.access import customer_only
from portal.web.htmx import go, page

bp = Blueprint("pay", __name__, url_prefix="/me")
log = logging.getLogger(__name__)
user: Any = current_user


@bp.get("/pay")
@customer_only
def choose() -> Any:
    """What is paid, what it does, and how to pay it, with fees: `?invoice=…` (all open ones
    without it), `amount` as typed, `line` and `months` ahead."""
    args = request.args
    wish, typed = choosing.read(user.id, args)
    seen = choosing.look(wish, typed)
    if seen is None:
        return go(url_for("home.index"), _("Tidak ada tagihan yang perlu dibayar."), "info")
    if isinstance(seen, str):
        return go(url_for("pay.months"), seen, "info")
    try:
        groups = offers(seen.due.amount) if seen.due.amount else []
    except Misconfigured as error:
        return _unavailable(error)
    return page("payments/choose.html", status=422 if seen.error else 200, seen=seen, groups=groups)


@bp.get("/pay/total")
@customer_only
def total() -> Any:
    """What the ticked invoices come to; a part of the page they are ticked on."""
    return page("payments/pick_total.html", pick=choosing.picked_of(user.id, request.args))


@bp.get("/ahead")
@customer_only
def months() -> Any:
    """Months ahead: a line, how many, and what they cost."""
    found = choosing.ahead_page(user.id, request.args)
    if found is None:
        return go(url_for("home.index"), _("Bayar di muka tidak tersedia."), "info")
    return page("payments/ahead.html", block="quote", **found)


@bp.post("/pay")
@customer_only
def all_open() -> Any:
    """Pay what was chosen, or everything that is open, the oldest first."""
    return _go_on(request.form, url_for("home.index"))


@bp.post("/invoices/<int:invoice_id>/pay")
@customer_only
def invoice(invoice_id: int) -> Any:
    """Pay one invoice of one's own."""
    if invoice_queries.one(invoice_id, today(), user.id) is None:
        abort(404)
    one = MultiDict([*request.form.items(multi=True), ("invoice", str(invoice_id))])
    return _go_on(one, url_for("home.invoice", invoice_id=invoice_id))


def _go_on(form: MultiDict[str, str], back: str) -> Response:
    """With a choice the order is opened; without, the live order goes on or one chooses."""
    wish, typed = choosing.read(user.id, form)
    again = url_for("pay.choose", **choosing.args_of(wish, typed))
    if form.get("choice") == choosing.CREDIT:
        said = opening.pay_by_credit(wish)
        return go(url_for("home.index") if said else again, said)
    kind, colon, method = form.get("choice", "").partition(":")
    seen = choosing.look(wish, typed)
    if seen is None:
        return go(back, _("Tagihan ini sudah lunas atau tidak terbuka lagi."), "info")
    if isinstance(seen, str):
        return go(url_for("pay.months"), seen, "info")
    if seen.error or not colon:
        return _on_our_way(seen, again)
    if choosing.changed(form, seen):
        return go(again, _("Jumlahnya berubah. Periksa lagi sebelum membayar."), "info")
    return _open(seen.wish, kind, method, back)


def _on_our_way(seen: choosing.Seen, again: str) -> Response:
    try:
        usable()
    except Misconfigured as error:
        return _unavailable(error)
    current = "" if seen.error else seen.current
    return go(url_for("home.order", order_id=current) if current else again)


def _open(wish: Wish, kind: str, method: str, back: str) -> Response:
    db.session.rollback()
    try:
        if kind not in {one.kind for one in usable()}:
            abort(404)
        return _start(wish, kind, method)
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


def _start(wish: Wish, kind: str, method: str) -> Response:
    """Open the order: to our own page, or to the gateway's when that was chosen."""
    order = opening.start_order(
        wish.customer_id,
        wish.invoice_ids,
        RETURN_PATH,
        method,
        kind,
        amount=wish.amount,
        months=wish.months,
    )
    if order.pay_url and order.method == method:
        return make_response(redirect(order.pay_url, 303))
    message = ""
    if order.method != method:
        message = _("Cara itu sedang terganggu. Lanjutkan di halaman bayar berikut ini.")
    return go(url_for("home.order", order_id=order.order_id), message, "info")


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
    return order_actions.qr(_own(order_id))


@bp.get("/orders/<order_id>/qris.png")
@customer_only
def qr_file(order_id: str) -> Any:
    """The same to save: Simpan QR."""
    return order_actions.qr_file(_own(order_id))


@bp.post("/orders/<order_id>/check")
@customer_only
def check(order_id: str) -> Any:
    """Cek status: ask the gateway now, at most once in a few seconds."""
    return order_actions.check(url_for("home.order", order_id=order_id), _own(order_id))


@bp.post("/orders/<order_id>/cancel")
@customer_only
def cancel(order_id: str) -> Any:
    """Take the order back and choose again; one that was paid meanwhile stays paid."""
    found = _own(order_id)
    order_pk, chosen = found.id, paying.again(found)
    if not cancelling.cancel(order_pk, "dibatalkan pelanggan"):
        return go(url_for("home.order", order_id=order_id))
    return go(url_for("pay.choose", **chosen), _("Pembayaran dibatalkan."), "info")


@bp.post("/orders/<order_id>/simulate")
@customer_only
def simulate(order_id: str) -> Any:
    """Pay a sandbox order without money. There is no such thing in production."""
    return order_actions.simulate(url_for("home.order", order_id=order_id), _own(order_id))


@bp.post("/orders/<order_id>/proof")
@customer_only
def proof(order_id: str) -> Any:
    """A photo of a transfer; a cashier looks at it."""
    back, by = url_for("home.order", order_id=order_id), user.get_id().rsplit(":", 1)[0]
    return order_actions.take_proof(back, _own(order_id), by)
