"""`/t/<token>`: one bill for whoever holds its link, without a login and with masked data.

The token is judged in `portal/invoices/links.py`. Wrong, revoked and expired links get one and
the same answer. A wrong one costs no look into the database, and an address that keeps trying is
told to wait; a right link is never held up by what its neighbours do.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, make_response, redirect, request, session
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.core.driverkit import DriverError, Misconfigured
from portal.customers.login import masked_name
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.throttle import Throttle
from portal.infra.timekeeping import now, today
from portal.invoices import links
from portal.invoices import queries as invoices
from portal.invoices.models import Invoice
from portal.payments import opening, queries
from portal.payments.models import PaymentOrder
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


def _throttle() -> Throttle:
    fresh = Throttle(WRONG_PER_HOUR, 3600)
    found: Throttle = current_app.extensions.setdefault("loket.wrong_links", fresh)
    return found


def _bill(pay_token: str, row: Invoice) -> Any:
    invoice = invoices.one(row.id, today())
    if invoice is None:
        return _nothing()
    order = queries.pending_order(row.id) if row.state == "open" else None
    poll = _poll_every(order)
    seen = f"{invoice.state}-{invoice.paid}-{poll}"
    if is_fragment() and request.args.get("seen") == seen:
        return Response(status=204)
    return page(
        "paylink/bill.html",
        block="status",
        token=pay_token,
        invoice=invoice,
        name=masked_name(invoice.customer_name),
        lines=invoices.lines_of(row.id),
        receipts=queries.payments_of_invoice(row.id),
        ends_on=links.ends_on(row),
        order=order,
        poll=poll,
        seen=seen,
    )


def _poll_every(order: PaymentOrder | None) -> str:
    """How often the waiting page asks again; not at all once somebody has left it lying."""
    if order is None or now() - order.created_at > timedelta(hours=2):
        return ""
    return "3s" if now() - order.created_at < timedelta(minutes=5) else "10s"


def _pay(pay_token: str, row: Invoice) -> Any:
    back = f"/t/{pay_token}"
    customer_id, invoice_id = row.customer_id, row.id
    db.session.rollback()
    try:
        order = opening.start_order(customer_id, [invoice_id], back)
    except opening.OrderError as error:
        db.session.rollback()
        return go(back, str(error), "info")
    except Misconfigured as error:
        db.session.rollback()
        log.error("paying online is not possible: %s", error.sentence)
        return page("paylink/unavailable.html", status=503)
    except DriverError as error:
        db.session.rollback()
        log.warning("pay page could not be opened: %s", error.sentence)
        return go(back, _("Halaman bayar belum bisa dibuka. Coba lagi sebentar."), "bad")
    return make_response(redirect(order.pay_url, 303))
