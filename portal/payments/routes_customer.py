"""The customer pays: open an order and go to the pay page; "Cek status" afterwards.

The page one comes back to shows access too and lives in `portal/dashboard`.
"""

import logging
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import queries as invoice_queries
from portal.invoices import service as invoices
from portal.payments import orders, queries
from portal.web.access import customer_only
from portal.web.htmx import go

bp = Blueprint("pay", __name__, url_prefix="/me")
log = logging.getLogger(__name__)
RETURN_PATH = "/me/orders/{order_id}"


@bp.post("/invoices/<int:invoice_id>/pay")
@customer_only
def invoice(invoice_id: int) -> Any:
    """Pay one invoice of one's own."""
    if invoice_queries.one(invoice_id, today(), current_user.id) is None:
        abort(404)
    return _start([invoice_id], url_for("home.invoice", invoice_id=invoice_id))


@bp.post("/pay")
@customer_only
def all_open() -> Any:
    """Pay everything that is open, the oldest first."""
    return _start(invoices.open_ids(current_user.id), url_for("home.index"))


def _start(invoice_ids: Sequence[int], back: str) -> Any:
    """Open the order and send the browser to the gateway; a failure brings it back."""
    customer_id = current_user.id
    try:
        order = orders.start_order(customer_id, invoice_ids, RETURN_PATH)
    except orders.OrderError as error:
        return go(back, str(error), "info")
    except DriverError as error:
        db.session.rollback()
        log.warning("pay page could not be opened: %s", error.sentence)
        return go(back, _("Halaman bayar belum bisa dibuka. Coba lagi sebentar."), "bad")
    return redirect(order.pay_url, 303)


@bp.post("/orders/<order_id>/check")
@customer_only
def check(order_id: str) -> Any:
    """"Cek status": ask the gateway now, at most once in a few seconds."""
    found = queries.order_of(current_user.id, order_id)
    if found is None:
        abort(404)
    outcome = orders.check_now(found.id)
    if outcome not in {"settled", "nothing"}:
        flash(_("Pembayaran belum kami terima. Halaman ini memeriksa sendiri."), "info")
    return redirect(url_for("home.order", order_id=order_id), 303)
