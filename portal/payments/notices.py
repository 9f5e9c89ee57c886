"""Acting on stored callbacks of the gateway. A callback only makes us ask; it proves nothing."""

import re

from sqlalchemy import select

from portal.core.money import format_rupiah
from portal.extensions import db
from portal.infra.database import end_read
from portal.infra.inbox import InboundHook
from portal.payments import orders
from portal.payments.attention import raise_item
from portal.payments.gateways.base import PaymentNotice
from portal.payments.models import PaymentOrder
from portal.payments.registry import DEFAULT, gateway

OURS = re.compile(r"LKT[A-Z2-7]{26}")
WORDS = {
    "settled": "pembayaran dicatat",
    "wait": "gateway belum menyebutnya lunas",
    "expire": "kedaluwarsa menurut gateway",
    "cancel": "dibatalkan menurut gateway",
    "ignore": "tidak ada yang berubah",
    "refused": "jawaban gateway tidak cocok, perlu perhatian",
    "retry": "gateway tidak dapat ditanya, dicoba lagi",
    "nothing": "baru saja diperiksa atau sudah lunas",
}


def process_hook(hook: InboundHook) -> str:
    """Ask the gateway about what a callback names. Commits; returns the outcome in words.

    Raises DriverError when nothing could be learned about an order we do not know.
    """
    notice = gateway(check=False).parse_hook(bytes(hook.body))
    if notice is None:
        return "bukan pemberitahuan pembayaran untuk proyek ini"
    order = db.session.scalar(select(PaymentOrder).where(PaymentOrder.order_id == notice.order_id))
    if order is None:
        return _unknown(notice)
    if notice.completed and notice.amount != order.amount:
        _note_amount(order, notice)
    if order.state == "settled":
        return f"order {order.order_id} sudah lunas"
    order_pk, order_id = order.id, order.order_id
    return f"order {order_id}: {WORDS[orders.check_now(order_pk)]}"


def _note_amount(order: PaymentOrder, notice: PaymentNotice) -> None:
    said = "yang tidak terbaca" if notice.amount is None else format_rupiah(notice.amount)
    raise_item(
        f"hook:{order.order_id}:{notice.amount}",
        "hook_mismatch",
        f"Sebuah pemberitahuan menyebut order {order.order_id} dibayar dengan jumlah {said}, "
        f"padahal {format_rupiah(order.amount)}. Yang dicatat hanya yang dibenarkan gateway; "
        "bila uangnya memang masuk, cocokkan di dasbor gateway.",
        customer_id=order.customer_id,
        payment_order_id=order.id,
        details={"claimed_amount": notice.amount, "our_amount": order.amount},
    )


def _unknown(notice: PaymentNotice) -> str:
    """Money for an order of our making that is not in the database, say after a restore.

    Asked before anybody is bothered: whoever forges callbacks cannot fill the list.
    """
    words = "order tidak dikenal"
    if not notice.completed or notice.amount is None or not OURS.fullmatch(notice.order_id):
        return words
    end_read()
    status = gateway().fetch(notice.order_id, notice.amount, notice.reference)
    proven = (status.order_id, status.amount) == (notice.order_id, notice.amount)
    if status.state != "completed" or not proven or status.objection:
        return words
    raise_item(
        f"unknown:{notice.order_id}",
        "unknown_order",
        f"Uang {format_rupiah(notice.amount)} sudah dibayar ke gateway untuk order "
        f"{notice.order_id} yang tidak ada di sini. Cari pembayarnya dan catat kepadanya.",
        details={
            "gateway": DEFAULT,
            "order_id": notice.order_id,
            "amount": notice.amount,
            "reference": notice.reference,
        },
    )
    return f"{words}, tetapi uangnya ada di gateway"
