"""What happened elsewhere and belongs into a chat: money that came, an order that moved."""

from datetime import timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal.core.money import format_rupiah
from portal.core.recipients import TELEGRAM, TelegramChat
from portal.customers import service as customers
from portal.customers.models import Customer
from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.messaging import channel_config
from portal.messaging import service as messaging
from portal.messaging.text_values import harmless
from portal.orders.events import ServiceOrderMoved
from portal.orders.models import ServiceOrder
from portal.orders.paying import of_payment_order
from portal.payments import service as payments
from portal.payments.events import PaymentRecorded
from portal.payments.models import Payment
from portal.telegram import saying

STALE = timedelta(days=1)


def tell_payment(event: PaymentRecorded) -> None:
    """Reaction: the receipt, to every chat of the customer; the chat that ordered is told of its
    order instead."""
    users = db.session.scalars(
        select(TelegramUser.telegram_id).where(TelegramUser.customer_id == event.customer_id)
    ).all()
    if not users or not _listening():
        return
    payment = db.session.get_one(Payment, event.payment_id)
    if payment.amount <= 0:
        return
    order = of_payment_order(payment.payment_order_id)
    params = payments.confirmation(event.payment_id)
    # Who gave no phone got the receipt of everybody here already.
    told_first = customers.reach(db.session.get_one(Customer, event.customer_id))
    for telegram_id in users:
        told = told_first == str(TelegramChat(telegram_id))
        if not told and (order is None or order.telegram_id != telegram_id):
            _confirm(telegram_id, event, params)


def _confirm(telegram_id: int, event: PaymentRecorded, params: dict[str, object]) -> None:
    names = ("name", "amount", "payment_number", "paid_at", "status")
    messaging.queue(
        "payment_confirmation",
        str(TelegramChat(telegram_id)),
        f"payment_confirmation:{event.payment_id}:tg{telegram_id}",
        {name: params[name] for name in names},
        customer_id=event.customer_id,
        invoice_id=params["invoice_id"],
        language=params["language"],
        expires_at=wall() + STALE,
    )


def tell_order(event: ServiceOrderMoved) -> None:
    """Reaction: an order from a chat is somewhere else now."""
    order = db.session.get_one(ServiceOrder, event.order_id)
    if order.telegram_id is None or not _listening():
        return
    customer = db.session.get_one(Customer, order.customer_id)
    with force_locale(customer.language):
        words = _words(order, event)
    if words:
        key = f"order:{order.id}:{event.before}:{event.state}:{order.state_since:%Y%m%d%H%M%S}"
        saying.say(
            order.telegram_id,
            key,
            words,
            [(_("📦 Pesanan saya"), "orders")],
            customer_id=order.customer_id,
            expires_at=wall() + STALE,
        )


def _words(order: ServiceOrder, event: ServiceOrderMoved) -> str:
    number = order.number
    if event.state == "queued" and event.payment_id is not None:
        amount = format_rupiah(db.session.get_one(Payment, event.payment_id).amount)
        came = _("✅ Pembayaran *%(amount)s* diterima.", amount=amount)
        return f"{came} " + _("Pesanan %(number)s masuk antrean teknisi.", number=number)
    if event.state == "scheduled" and order.scheduled_on is not None:
        day, slot = f"{order.scheduled_on:%d-%m-%Y}", harmless(order.slot)
        words = _("📅 Pesanan %(number)s dijadwalkan %(day)s.", number=number, day=day)
        return f"{words} {slot}".strip()
    if event.state == "done":
        return _("🎉 Pesanan %(number)s selesai. Selamat memakai!", number=number)
    if event.state == "cancelled":
        return _("Pesanan %(number)s dibatalkan.", number=number)
    if event.state == "expired":
        return _("Pesanan %(number)s berakhir karena belum dibayar.", number=number)
    return ""


def _listening() -> bool:
    """Whether there is a bot in force: without one nothing would ever leave."""
    return bool(channel_config.in_force(TELEGRAM))
