"""The customer pays: open an order and go to the pay page; "Cek status" afterwards.

The page one comes back to shows access too and lives in `portal/dashboard`.
"""

import logging
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, make_response, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.config import Settings
from portal.core.driverkit import DriverError, Misconfigured
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import queries as invoice_queries
from portal.invoices import service as invoices
from portal.payments import opening, orders, queries
from portal.web.access import customer_only
from portal.web.htmx import go, page

bp = Blueprint("pay", __name__, url_prefix="/me")
log = logging.getLogger(__name__)
RETURN_PATH = "/me/orders/{order_id}"
user: Any = current_user


@bp.post("/invoices/<int:invoice_id>/pay")
@customer_only
def invoice(invoice_id: int) -> Any:
    """Pay one invoice of one's own."""
    if invoice_queries.one(invoice_id, today(), user.id) is None:
        abort(404)
    return _start([invoice_id], url_for("home.invoice", invoice_id=invoice_id))


@bp.post("/pay")
@customer_only
def all_open() -> Any:
    """Pay everything that is open, the oldest first."""
    return _start(invoices.open_ids(user.id), url_for("home.index"))


def _start(invoice_ids: Sequence[int], back: str) -> Response:
    """Open the order and send the browser to the gateway; a failure says what to do."""
    try:
        order = opening.start_order(user.id, invoice_ids, RETURN_PATH)
    except opening.OrderError as error:
        db.session.rollback()
        return go(back, str(error), "info")
    except Misconfigured as error:
        db.session.rollback()
        log.error("paying online is not possible: %s", error.sentence)
        return _unavailable(error)
    except DriverError as error:
        db.session.rollback()
        log.warning("pay page could not be opened: %s", error.sentence)
        return go(back, _("Halaman bayar belum bisa dibuka. Coba lagi sebentar."), "bad")
    return make_response(redirect(order.pay_url, 303))


def _unavailable(error: Misconfigured) -> Response:
    """How else to pay; whoever sets Loket up also reads what is missing, in production not."""
    settings: Settings = current_app.extensions["loket.settings"]
    missing = "" if settings.production else error.sentence
    return page("payments/unavailable.html", status=503, missing=missing)


@bp.post("/orders/<order_id>/check")
@customer_only
def check(order_id: str) -> Any:
    """Cek status: ask the gateway now, at most once in a few seconds."""
    found = queries.order_of(user.id, order_id)
    if found is None:
        abort(404)
    orders.check_now(found.id)
    db.session.refresh(found)
    if found.state == "pending":
        flash(_("Pembayaran belum kami terima. Halaman ini memeriksa sendiri."), "info")
    return go(url_for("home.order", order_id=order_id))
