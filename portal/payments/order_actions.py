"""What the page of a waiting order offers: its QR code, "Cek status", a photo of the transfer,
the sandbox's button. The same for a customer, a bill's link and an orderer; whether they may
have this order is asked by the routes that call.
"""

from typing import Any

from flask import Response, abort, flash, request
from flask_babel import gettext as _

from portal.core import qr_image
from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra.database import end_read
from portal.media import service as media
from portal.payments import orders, paying, transfers
from portal.payments.models import PaymentOrder
from portal.payments.registry import gateway
from portal.web.htmx import go


def qr(order: PaymentOrder) -> Response:
    """The QR code of a waiting order."""
    code = paying.qr_code(order) or abort(404)
    return Response(qr_image.svg(code), mimetype="image/svg+xml")


def qr_file(order: PaymentOrder) -> Response:
    """The same to save: Simpan QR."""
    code = paying.qr_code(order) or abort(404)
    answer = Response(qr_image.png(code), mimetype="image/png")
    answer.headers["Content-Disposition"] = f'attachment; filename="qris-{order.order_id}.png"'
    return answer


def check(back: str, order: PaymentOrder) -> Any:
    """Cek status: ask the gateway now, at most once in a few seconds."""
    order_pk = order.id
    orders.check_now(order_pk)
    if db.session.get_one(PaymentOrder, order_pk, populate_existing=True).state == "pending":
        flash(_("Pembayaran belum kami terima. Halaman ini memeriksa sendiri."), "info")
    return go(back)


def simulate(back: str, order: PaymentOrder) -> Any:
    """Pay a sandbox order without money. There is no such thing in production."""
    if not paying.shown(order)["can_simulate"]:
        abort(404)
    driver = gateway(order.gateway, check=False)
    order_pk, about = order.id, (order.order_id, order.amount, order.reference)
    end_read()
    try:
        driver.simulate(*about)
    except DriverError as error:
        return go(back, error.sentence, "bad")
    orders.check_now(order_pk)
    return go(back)


def take_proof(back: str, order: PaymentOrder, by: str) -> Any:
    """Keep the photo that was sent; a cashier looks at it. `by` names who sent it in the log."""
    order_pk, file = order.id, request.files.get("photo")
    if file is None:
        return go(back, _("Pilih foto dahulu."), "bad")
    db.session.rollback()  # nobody waits for our lock while a photo is decoded
    try:
        photo = transfers.examine(file.stream)
        held = db.session.get_one(PaymentOrder, order_pk, with_for_update=True)
        transfers.add_proof(held, photo, by)
        db.session.commit()
    except media.Refused as error:
        db.session.rollback()
        return go(back, error.sentence, "bad")
    except transfers.TransferError as error:
        db.session.rollback()
        return go(back, str(error), "bad")
    return go(back, _("Bukti terkirim. Kami mencocokkannya dengan rekening."))
