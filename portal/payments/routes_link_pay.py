"""What is drawn and pressed on a pay link while its order waits: QR code, "Cek status", proof.

Only for an order of just this one bill; others are none of the link's business.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, request

from portal.invoices.models import Invoice
from portal.payments import cancelling, order_actions
from portal.payments.models import PaymentOrder
from portal.payments.routes_link import keep_quiet, own_order, visit
from portal.web.access import public
from portal.web.htmx import go

bp = Blueprint("link_pay", __name__, url_prefix="/t/<pay_token>")
bp.after_request(keep_quiet)


def _with_order(pay_token: str, then: Callable[[str, PaymentOrder], Any]) -> Any:
    """The link's page and its waiting order; back to the page when nothing waits any more."""

    def found(token: str, row: Invoice) -> Any:
        order = own_order(row) if row.state == "open" else None
        if order is not None:
            return then(f"/t/{token}", order)
        return go(f"/t/{token}") if request.method == "POST" else abort(404)

    return visit(pay_token, found)


@bp.get("/qris.svg")
@public
def qr(pay_token: str) -> Any:
    """The QR code."""
    return _with_order(pay_token, lambda _path, order: order_actions.qr(order))


@bp.get("/qris.png")
@public
def qr_file(pay_token: str) -> Any:
    """The same to save."""
    return _with_order(pay_token, lambda _path, order: order_actions.qr_file(order))


@bp.post("/check")
@public
def check(pay_token: str) -> Any:
    """Cek status: ask the gateway now, at most once in a few seconds."""
    return _with_order(pay_token, order_actions.check)


@bp.post("/another")
@public
def another(pay_token: str) -> Any:
    """Take the order back and choose another way; one that was paid meanwhile stays paid."""
    return _with_order(pay_token, _another)


def _another(path: str, order: PaymentOrder) -> Any:
    cancelling.cancel(order.id, "diganti pemegang tautan")
    return go(f"{path}/pay")


@bp.post("/simulate")
@public
def simulate(pay_token: str) -> Any:
    """Pay a sandbox order without money. There is no such thing in production."""
    return _with_order(pay_token, order_actions.simulate)


@bp.post("/proof")
@public
def proof(pay_token: str) -> Any:
    """A photo of a transfer; a cashier looks at it."""
    return _with_order(
        pay_token, lambda path, order: order_actions.take_proof(path, order, "public")
    )
