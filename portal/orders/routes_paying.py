"""What is drawn on an order's page while it waits for its money: QR code, "Cek status", proof."""

from typing import Any

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _

from portal.core import qr_image
from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra.database import end_read
from portal.media import service as media
from portal.orders import service, work
from portal.orders.routes_public import keep_quiet, order_of
from portal.payments import cancelling, orders, paying, transfers
from portal.payments.models import PaymentOrder
from portal.payments.registry import gateway
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
    code = paying.qr_code(_attempt(order_token)[1]) or abort(404)
    return Response(qr_image.svg(code), mimetype="image/svg+xml")


@bp.get("/qris.png")
@public
def qr_file(order_token: str) -> Any:
    """The same to save."""
    attempt = _attempt(order_token)[1]
    code = paying.qr_code(attempt) or abort(404)
    answer = Response(qr_image.png(code), mimetype="image/png")
    answer.headers["Content-Disposition"] = f'attachment; filename="qris-{attempt.order_id}.png"'
    return answer


@bp.post("/check")
@public
def check(order_token: str) -> Any:
    """Cek status: ask the gateway now, at most once in a few seconds."""
    path, attempt = _attempt(order_token)
    order_pk = attempt.id
    orders.check_now(order_pk)
    if db.session.get_one(PaymentOrder, order_pk, populate_existing=True).state == "pending":
        flash(_("Pembayaran belum kami terima. Halaman ini memeriksa sendiri."), "info")
    return go(path)


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
    path, attempt = _attempt(order_token)
    if not paying.shown(attempt)["can_simulate"]:
        abort(404)
    driver = gateway(attempt.gateway, check=False)
    order_pk, about = attempt.id, (attempt.order_id, attempt.amount, attempt.reference)
    end_read()
    try:
        driver.simulate(*about)
    except DriverError as error:
        return go(path, error.sentence, "bad")
    orders.check_now(order_pk)
    return go(path)


@bp.post("/proof")
@public
def proof(order_token: str) -> Any:
    """A photo of a transfer; a cashier looks at it."""
    path, attempt = _attempt(order_token)
    order_pk, file = attempt.id, request.files.get("photo")
    if file is None:
        return go(path, _("Pilih foto dahulu."), "bad")
    db.session.rollback()  # nobody waits for our lock while a photo is decoded
    try:
        photo = transfers.examine(file.stream)
        held = db.session.get_one(PaymentOrder, order_pk, with_for_update=True)
        transfers.add_proof(held, photo, "public")
        db.session.commit()
    except media.Refused as error:
        db.session.rollback()
        return go(path, error.sentence, "bad")
    except transfers.TransferError as error:
        db.session.rollback()
        return go(path, str(error), "bad")
    return go(path, _("Bukti terkirim. Kami mencocokkannya dengan rekening."))


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
