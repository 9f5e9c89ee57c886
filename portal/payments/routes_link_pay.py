"""What is drawn and pressed on a pay link while its order waits: QR code, "Cek status", proof.

Only for an order of just this one bill; others are none of the link's business.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _

from portal.core import qr_image
from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra.database import end_read
from portal.invoices.models import Invoice
from portal.media import service as media
from portal.payments import cancelling, orders, paying, transfers
from portal.payments.models import PaymentOrder
from portal.payments.registry import gateway
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
    return _with_order(pay_token, _qr)


def _qr(_path: str, order: PaymentOrder) -> Response:
    code = paying.qr_code(order) or abort(404)
    return Response(qr_image.svg(code), mimetype="image/svg+xml")


@bp.get("/qris.png")
@public
def qr_file(pay_token: str) -> Any:
    """The same to save."""
    return _with_order(pay_token, _qr_file)


def _qr_file(_path: str, order: PaymentOrder) -> Response:
    answer = Response(qr_image.png(paying.qr_code(order) or abort(404)), mimetype="image/png")
    answer.headers["Content-Disposition"] = f'attachment; filename="qris-{order.order_id}.png"'
    return answer


@bp.post("/check")
@public
def check(pay_token: str) -> Any:
    """Cek status: ask the gateway now, at most once in a few seconds."""
    return _with_order(pay_token, _check)


def _check(path: str, order: PaymentOrder) -> Any:
    order_pk = order.id
    orders.check_now(order_pk)
    if db.session.get_one(PaymentOrder, order_pk, populate_existing=True).state == "pending":
        flash(_("Pembayaran belum kami terima. Halaman ini memeriksa sendiri."), "info")
    return go(path)


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
    return _with_order(pay_token, _simulate)


def _simulate(path: str, order: PaymentOrder) -> Any:
    if not paying.shown(order)["can_simulate"]:
        abort(404)
    driver = gateway(order.gateway, check=False)
    order_pk, about = order.id, (order.order_id, order.amount, order.reference)
    end_read()
    try:
        driver.simulate(*about)
    except DriverError as error:
        return go(path, error.sentence, "bad")
    orders.check_now(order_pk)
    return go(path)


@bp.post("/proof")
@public
def proof(pay_token: str) -> Any:
    """A photo of a transfer; a cashier looks at it."""
    return _with_order(pay_token, _proof)


def _proof(path: str, order: PaymentOrder) -> Any:
    order_pk, file = order.id, request.files.get("photo")
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
