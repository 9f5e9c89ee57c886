"""What is drawn on an order's page while it waits for its money: QR code, "Cek status", proof."""

from typing import Any

from flask import Blueprint, abort
from flask_babel import gettext as _

from portal.extensions import db
from portal.orders import service, work
from portal.orders.routes_public import keep_quiet, order_of
from portal.payments import cancelling, order_actions
from portal.payments.models import PaymentOrder
from portal.web.access import public
from portal.web.htmx import go

bp = Blueprint("order_pay", __name__, url_prefix="/order/<order_token>")
bp.after_request(keep_quiet)


def _attempt(order_token: str) -> tuple[str, PaymentOrder]:
    """The page's path and the attempt that waits; 404 without one."""
    status = service.status_of(order_of(order_token))
    return status.path, status.attempt or abort(404)


@bp.get("/qris.svg")
@public
def qr(order_token: str) -> Any:
    """The QR code."""
    return order_actions.qr(_attempt(order_token)[1])


@bp.get("/qris.png")
@public
def qr_file(order_token: str) -> Any:
    """The same to save."""
    return order_actions.qr_file(_attempt(order_token)[1])


@bp.post("/check")
@public
def check(order_token: str) -> Any:
    """Cek status: ask the gateway now, at most once in a few seconds."""
    return order_actions.check(*_attempt(order_token))


@bp.post("/another")
@public
def another(order_token: str) -> Any:
    """Take the attempt back and choose another way; one that was paid meanwhile stays paid."""
    path, attempt = _attempt(order_token)
    cancelling.cancel(attempt.id, "diganti pemesan")
    return go(path)


@bp.post("/simulate")
@public
def simulate(order_token: str) -> Any:
    """Pay a sandbox attempt without money. There is no such thing in production."""
    return order_actions.simulate(*_attempt(order_token))


@bp.post("/proof")
@public
def proof(order_token: str) -> Any:
    """A photo of a transfer; a cashier looks at it."""
    return order_actions.take_proof(*_attempt(order_token), "public")


@bp.post("/cancel")
@public
def cancel(order_token: str) -> Any:
    """The orderer changes his mind before paying; afterwards staff decide."""
    order = order_of(order_token)
    order_id, state = order.id, order.state
    path = service.status_of(order).path
    db.session.rollback()
    if state != "pending" or not work.cancel(order_id, "dibatalkan pemesan", unpaid=True):
        db.session.rollback()
        return go(path, _("Pesanan ini sudah diproses. Hubungi kami untuk membatalkannya."), "info")
    db.session.commit()
    return go(path, _("Pesanan dibatalkan."), "info")
