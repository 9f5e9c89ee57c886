"""`/t/<token>`: one bill for whoever holds its link, without a login and with masked data.

The token is judged in `portal/invoices/links.py`. Wrong, revoked and expired links get one and
the same answer. A wrong one costs no look into the database, and an address that keeps trying is
told to wait; a right link is never held up by what its neighbours do.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    request,
    session,
    url_for,
)
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.core.driverkit import DriverError, Misconfigured
from portal.customers.login import masked_name
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.throttle import Shared
from portal.infra.timekeeping import now, today
from portal.invoices import links
from portal.invoices import queries as invoices
from portal.invoices.models import Invoice
from portal.payments import choosing, opening, paying, queries
from portal.payments.models import PaymentOrder
from portal.payments.offers import offers
from portal.payments.registry import usable
from portal.payments.routes_return import RETURN_PATH, remember
from portal.payments.wishes import Wish
from portal.web.access import public
from portal.web.htmx import go, is_fragment, page

bp = Blueprint("paylink", __name__, url_prefix="/t")
log = logging.getLogger(__name__)
WRONG_PER_HOUR = 60
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@bp.after_request
def keep_quiet(answer: Response) -> Response:
    """In no search engine, no cache, and in nobody's list of where visitors came from."""
    answer.headers.update(HEADERS)
    return answer


@bp.get("/<pay_token>")
@public
def show(pay_token: str) -> Any:
    """The bill and the button; once paid, only that it is and the receipt's number."""
    return visit(pay_token, _bill)


@bp.post("/<pay_token>")
@public
def pay(pay_token: str) -> Any:
    """Open the same checkout as in the portal; nobody is logged in by it."""
    return visit(pay_token, _pay)


def visit(pay_token: str, then: Callable[[str, Invoice], Any]) -> Any:
    """What the link's invoice is answered with, or the one answer for links that do not work."""
    invoice = links.find(pay_token)
    if invoice is None:
        return _nothing()
    customer = db.session.get_one(Customer, invoice.customer_id)
    with force_locale(_language(customer)):
        return then(pay_token, invoice)


def _language(customer: Customer) -> str:
    """The visitor's choice, else the language the message came in."""
    chosen = session.get("lang") or getattr(current_user, "language", "")
    return str(get_locale()) if chosen else customer.language


def _nothing() -> Response:
    status = 404 if _throttle().spend(request.remote_addr or "") else 429
    db.session.rollback()
    return page("paylink/over.html", status=status, busy=status == 429)


def _throttle() -> Shared:
    fresh = Shared("wrong-links", WRONG_PER_HOUR, 3600)
    found: Shared = current_app.extensions.setdefault("loket.wrong_links", fresh)
    return found


def _bill(pay_token: str, row: Invoice) -> Any:
    invoice = invoices.one(row.id, today())
    if invoice is None:
        return _nothing()
    open_now = row.state == "open"
    order = queries.pending_order(row.id) if open_now else None
    mine = own_order(row) if open_now else None
    shown = paying.shown(mine) if mine else {}
    poll = _poll_every(mine or order)
    seen = f"{invoice.state}-{invoice.paid}-{poll}-{mine.id if mine else ''}-{shown.get('over')}"
    if is_fragment() and request.args.get("seen") == seen:
        return Response(status=204)
    if mine:
        remember(mine.order_id, pay_token)
    return page(
        "paylink/bill.html",
        block="status",
        token=pay_token,
        invoice=invoice,
        name=masked_name(invoice.customer_name),
        lines=invoices.lines_of(row.id),
        receipts=queries.payments_of_invoice(row.id),
        ends_on=links.ends_on(row),
        order=mine,
        waiting=order is not None,
        poll=poll,
        seen=seen,
        private=True,
        **shown,
    )


def own_order(row: Invoice) -> PaymentOrder | None:
    """The newest live order for just this bill and what it demands: all a link may show."""
    owed = invoices.remaining(row.id)
    for one in opening.live_orders(row.customer_id, [row.id]):
        just = one.amount - (one.unique_code or 0) == owed
        if just and (one.pay_url or one.pay_code):
            return one
    return None


def _poll_every(order: PaymentOrder | None) -> str:
    """How often the waiting page asks again; not at all once somebody has left it lying."""
    if order is None or now() - order.created_at > timedelta(hours=2):
        return ""
    return "3s" if now() - order.created_at < timedelta(minutes=2) else "10s"


@bp.get("/<pay_token>/pay")
@public
def choose(pay_token: str) -> Any:
    """How to pay the bill, with fees, as in the portal."""
    return visit(pay_token, _choose)


def _choose(pay_token: str, row: Invoice) -> Any:
    seen = choosing.look(Wish(row.customer_id, (row.id,)), alone=True)
    if not isinstance(seen, choosing.Seen):
        return go(f"/t/{pay_token}", _("Tagihan ini sudah lunas atau tidak terbuka lagi."), "info")
    try:
        groups = offers(seen.due.amount) if seen.due.amount else []
    except Misconfigured as error:
        return _unavailable(error)
    return page("paylink/choose.html", token=pay_token, seen=seen, groups=groups)


def _unavailable(error: Misconfigured) -> Response:
    log.error("paying online is not possible: %s", error.sentence)
    return page("paylink/unavailable.html", status=503)


def _pay(pay_token: str, row: Invoice) -> Any:
    """With a choice the order is opened; without, the live one goes on or one chooses."""
    wish, back = Wish(row.customer_id, (row.id,)), f"/t/{pay_token}"
    again = url_for("paylink.choose", pay_token=pay_token)
    kind, colon, method = request.form.get("choice", "").partition(":")
    if kind == choosing.CREDIT:
        said = opening.pay_by_credit(wish)
        return go(back if said else again, said)
    seen = choosing.look(wish, alone=True)
    if not isinstance(seen, choosing.Seen):
        return go(back, _("Tagihan ini sudah lunas atau tidak terbuka lagi."), "info")
    if not colon:
        return _on_our_way(back if own_order(row) else again)
    if choosing.changed(request.form, seen):
        return go(again, _("Jumlahnya berubah. Periksa lagi sebelum membayar."), "info")
    db.session.rollback()
    try:
        if kind not in {one.kind for one in usable()}:
            return go(again)
        return _start(wish, kind, method, pay_token)
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


def _on_our_way(to: str) -> Response:
    try:
        usable()
    except Misconfigured as error:
        return _unavailable(error)
    return go(to)


def _start(wish: Wish, kind: str, method: str, pay_token: str) -> Response:
    order = opening.start_order(wish.customer_id, wish.invoice_ids, RETURN_PATH, method, kind)
    remember(order.order_id, pay_token)
    if order.pay_url and order.method == method:
        return make_response(redirect(order.pay_url, 303))
    return go(f"/t/{pay_token}")
