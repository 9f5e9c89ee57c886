"""Acting on stored callbacks of the gateway. A callback only makes us ask; it proves nothing."""

import re

from flask import current_app
from sqlalchemy import select

from portal.config import Settings
from portal.core.money import format_rupiah
from portal.extensions import db
from portal.infra import events
from portal.infra.database import end_read
from portal.infra.inbox import InboundHook
from portal.infra.timekeeping import today
from portal.payments import orders
from portal.payments.attention import raise_item
from portal.payments.events import StrangeMoney
from portal.payments.gateways.base import ChargeStatus, PaymentGateway, PaymentNotice
from portal.payments.models import PaymentOrder
from portal.payments.registry import DEFAULT, gateway
from portal.payments.settlement import settle

# Ours, or of somebody on Telegram, who is in the id.
OURS = re.compile(r"LKT[A-Z2-7]{26}|tg[0-9]{1,16}-[A-Za-z0-9_.~-]{4,44}")
ANYBODYS = re.compile(r"[A-Za-z0-9_.~-]{5,64}")
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
    """Money for an order that is not in the database: of our making, say after a restore, or of
    somebody on Telegram. Commits what it wrote for the latter.

    Asked before anybody is bothered: whoever forges callbacks cannot fill the list.
    """
    words, driver = "order tidak dikenal", gateway()
    if not notice.completed or notice.amount is None or not _may_be_ours(notice):
        return words
    if not driver.can_ask(notice.reference):
        return _nobody_to_ask(notice, driver)
    end_read()
    status = driver.fetch(notice.order_id, notice.amount, notice.reference)
    proven = (status.order_id, status.amount) == (notice.order_id, notice.amount)
    if status.state != "completed" or not proven or status.objection:
        return words
    if taken := _taken(notice, status, driver):
        return f"order {notice.order_id}: {taken}"
    _list(notice, "sudah dibayar ke gateway", f"unknown:{notice.order_id}")
    return f"{words}, tetapi uangnya ada di gateway"


def _may_be_ours(notice: PaymentNotice) -> bool:
    if OURS.fullmatch(notice.order_id):
        return True
    return "telegram_id" in notice.metadata and bool(ANYBODYS.fullmatch(notice.order_id))


def _taken(notice: PaymentNotice, status: ChargeStatus, driver: PaymentGateway) -> str:
    """Offer confirmed money to whoever knows what it is for, and settle it; empty when nobody."""
    settings: Settings = current_app.extensions["loket.settings"]
    if status.sandbox and settings.production:
        return ""
    events.emit(
        StrangeMoney(
            driver.kind,
            notice.order_id,
            notice.amount or 0,
            status.reference or notice.reference,
            driver.proves_hooks,
            notice.metadata,
        )
    )
    order_pk = db.session.scalar(
        select(PaymentOrder.id).where(PaymentOrder.order_id == notice.order_id)
    )
    if order_pk is None:
        return ""
    outcome = settle(order_pk, status)
    db.session.commit()
    return WORDS[outcome]


def _nobody_to_ask(notice: PaymentNotice, driver: PaymentGateway) -> str:
    """The gateway cannot be asked about it: a person looks. What anybody could have sent is one
    line a day at most."""
    key = f"unknown:{notice.order_id}" if driver.proves_hooks else f"unasked:{today()}"
    _list(notice, "menurut sebuah pemberitahuan sudah dibayar, belum dibenarkan gateway,", key)
    return "order tidak dikenal, dan gateway tidak dapat ditanya"


def _list(notice: PaymentNotice, how: str, key: str) -> None:
    raise_item(
        key,
        "unknown_order",
        f"Uang {format_rupiah(notice.amount or 0)} {how} untuk order "
        f"{notice.order_id} yang tidak ada di sini. Cari pembayarnya dan catat kepadanya.",
        details={
            "gateway": DEFAULT,
            "order_id": notice.order_id,
            "amount": notice.amount,
            "reference": notice.reference,
        },
    )
