"""Paying in a chat: what one owes, and a QR code with a button for it.

Opening a payment asks the gateway, which no transaction may wait for. So a turn only writes down
what is wanted; a job opens it (`show`) and sends the picture, and may be run again after any
crash: the gateway's live order is found again, the message has a key of its own.
"""

import logging
from datetime import timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select, update

from portal.core.driverkit import DriverError
from portal.core.money import format_rupiah
from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.infra import queue
from portal.infra.database import updated
from portal.infra.locks import LEASE
from portal.infra.timekeeping import now, today, wall, zone
from portal.invoices import queries as invoices
from portal.messaging.text_values import harmless
from portal.orders import service as orders_service
from portal.orders.models import ServiceOrder
from portal.orders.paying import browser_link
from portal.orders.service import ServiceOrderError
from portal.payments import opening, paying
from portal.payments import orders as checks
from portal.payments.making import OrderError
from portal.payments.models import PaymentOrder
from portal.telegram import linking, saying
from portal.telegram.models import TelegramBill
from portal.telegram.saying import Press
from portal.telegram.turns import Turn
from portal.web.sentences import say

log = logging.getLogger(__name__)
TRIES = 6
APART = 10
"""Seconds until the second try, doubled each time."""
SHOWN = 6
RETURN = "/me/orders/{order_id}"


def owed(turn: Turn, _value: str) -> None:
    """The open invoices, and buttons to pay them."""
    turn.end()
    if not linking.is_customer(turn) or turn.customer is None:
        turn.say(_("Sambungkan akun dahulu."), [(_("🔗 Saya sudah pelanggan"), "link")])
        return
    found = invoices.of_customer(turn.customer.id, today(), only_open=True)
    if not found:
        turn.say(_("Tidak ada tagihan yang terbuka. Terima kasih!"), [(_("⬅️ Menu"), "menu")])
        return
    lines = [
        _(
            "%(number)s (%(plan)s): *%(left)s*, jatuh tempo %(due)s",
            number=one.number,
            plan=harmless(one.plan_name),
            left=format_rupiah(one.remaining),
            due=f"{one.due_on:%d-%m-%Y}",
        )
        for one in found
    ]
    total = format_rupiah(sum(one.remaining for one in found))
    buttons: list[Press] = [(_("💳 Bayar semua %(total)s", total=total), "pay")]
    if len(found) > 1:
        buttons += [
            (_("Bayar %(number)s", number=one.number), f"pay:{one.id}") for one in found[:SHOWN]
        ]
    turn.say("\n".join(lines), [*buttons, (_("⬅️ Menu"), "menu")])


def pay(turn: Turn, value: str) -> None:
    """All open invoices, or the one that was pressed."""
    if not linking.is_customer(turn) or turn.customer is None:
        owed(turn, "")
        return
    found = invoices.of_customer(turn.customer.id, today(), only_open=True)
    chosen = [one.id for one in found if value in ("", str(one.id))]
    if not chosen:
        turn.say(_("Tagihan ini sudah lunas atau tidak terbuka lagi."), [(_("⬅️ Menu"), "menu")])
        return
    turn.say(_("QRIS sedang disiapkan…"))
    _want(turn.telegram_id, customer_id=turn.customer.id, invoice_ids=chosen)


def want_order(telegram_id: int, order: ServiceOrder) -> None:
    """Write down that this person wants to pay this order."""
    _want(telegram_id, service_order_id=order.id, customer_id=order.customer_id)


def _want(telegram_id: int, **about: object) -> None:
    bill = TelegramBill(
        telegram_id=telegram_id, state="wanted", next_at=wall(), created_at=now(), **about
    )
    db.session.add(bill)
    db.session.flush()
    queue.ring(queue.SHOW_TELEGRAM_BILL, bill.id)


def due(limit: int = 50) -> list[int]:
    """Ids of bills that nobody has shown yet and whose hour has come."""
    waiting = (TelegramBill.state == "wanted", TelegramBill.next_at <= wall())
    found = select(TelegramBill.id).where(*waiting).order_by(TelegramBill.id).limit(limit)
    return list(db.session.scalars(found))


def ring_for_due() -> None:
    """Ring for them; the caller commits."""
    for bill_id in due():
        queue.ring(queue.SHOW_TELEGRAM_BILL, bill_id)


def show(bill_id: int) -> str:
    """Open what is to be paid and send it. Commits; returns shown, failed, retry or nothing."""
    bill = _claim(bill_id)
    if bill is None:
        return "nothing"
    try:
        attempt = _opened(bill)
    except (ServiceOrderError, OrderError) as error:
        return _over(bill_id, "failed", say(error))
    except DriverError as error:
        db.session.rollback()
        return _later(bill_id, error)
    return _shown(bill_id, attempt)


def _claim(bill_id: int) -> TelegramBill | None:
    at = wall()
    taken = updated(
        update(TelegramBill)
        .where(
            TelegramBill.id == bill_id,
            TelegramBill.state == "wanted",
            TelegramBill.next_at <= at,
        )
        .values(next_at=at + LEASE, attempts=TelegramBill.attempts + 1)
    )
    db.session.commit()
    return db.session.get(TelegramBill, bill_id) if taken == 1 else None


def _opened(bill: TelegramBill) -> PaymentOrder:
    if bill.service_order_id is not None:
        order = db.session.get_one(ServiceOrder, bill.service_order_id)
        return orders_service.open_payment(order, "qris")
    customer_id, invoice_ids = bill.customer_id or 0, list(bill.invoice_ids)
    return opening.start_order(customer_id, invoice_ids, RETURN, "qris")


def _shown(bill_id: int, attempt: PaymentOrder) -> str:
    bill = db.session.get_one(TelegramBill, bill_id, populate_existing=True)
    bill.payment_order_id = attempt.id
    with force_locale(_language(bill.telegram_id)):
        text, buttons = _words(bill, attempt)
        code = paying.qr_code(attempt)
        if not code and not any(carried.startswith("http") for _said, carried in buttons):
            return _over(bill_id, "failed", _("Pembayaran belum dapat dibuka. Coba lagi nanti."))
        saying.say(
            bill.telegram_id,
            f"bill:{bill_id}",
            text,
            buttons,
            qr=code,
            customer_id=bill.customer_id,
            expires_at=attempt.expires_at,
        )
    bill.state = "shown"
    db.session.commit()
    return "shown"


def _words(bill: TelegramBill, attempt: PaymentOrder) -> tuple[str, list[Press]]:
    about = paying.shown(attempt)
    total = format_rupiah(about["total"])
    lines = [_title(bill), _("Jumlah: *%(total)s*", total=total)]
    if about["fee"]:
        fee = format_rupiah(about["fee"])
        lines.append(_("Sudah termasuk biaya layanan %(fee)s.", fee=fee))
    if attempt.pay_code:
        lines.append(_("Pindai QR ini dengan aplikasi bank atau dompet digital apa pun."))
    if attempt.expires_at is not None:
        at = attempt.expires_at.astimezone(zone())
        lines.append(_("Berlaku sampai %(time)s.", time=f"{at:%d-%m-%Y %H.%M}"))
    link = browser_link(attempt)
    buttons: list[Press] = [(_("💳 Bayar via Browser"), link)] if link else []
    buttons.append((_("🔄 Saya sudah bayar"), f"paid:{bill.id}"))
    return "\n".join(lines), buttons


def _title(bill: TelegramBill) -> str:
    if bill.service_order_id is None:
        return _("*Bayar tagihan*")
    order = db.session.get_one(ServiceOrder, bill.service_order_id)
    return _("*Pesanan %(number)s*: %(plan)s", number=order.number, plan=harmless(order.plan_name))


def _language(telegram_id: int) -> str:
    user = db.session.scalar(select(TelegramUser).where(TelegramUser.telegram_id == telegram_id))
    return user.customer.language if user and user.customer else "id"


def _over(bill_id: int, state: str, sentence: str) -> str:
    db.session.rollback()
    bill = db.session.get_one(TelegramBill, bill_id, populate_existing=True)
    bill.state = state
    saying.say(bill.telegram_id, f"bill:{bill_id}", sentence, [("⬅️ Menu", "menu")])
    db.session.commit()
    return state


def _later(bill_id: int, error: DriverError) -> str:
    log.warning("bill %s could not be opened: %s", bill_id, error.sentence)
    bill = db.session.get_one(TelegramBill, bill_id, populate_existing=True)
    if bill.attempts >= TRIES:
        with force_locale(_language(bill.telegram_id)):
            words = _("Pembayaran online sedang terganggu. Coba lagi nanti dari menu.")
        return _over(bill_id, "failed", words)
    bill.next_at = wall() + timedelta(seconds=APART * 2 ** (bill.attempts - 1))
    db.session.commit()
    return "retry"


def look(turn: Turn, value: str) -> None:
    """They say it is paid: have the gateway asked, and say what is known."""
    bill = db.session.get(TelegramBill, int(value)) if value.isdecimal() else None
    attempt = _attempt(bill, turn.telegram_id)
    if attempt is None:
        turn.say(_("Tombol ini sudah tidak berlaku."), [(_("⬅️ Menu"), "menu")])
    elif attempt.state == "settled":
        turn.say(_("✅ Pembayaran ini sudah kami terima."), [(_("⬅️ Menu"), "menu")])
    else:
        checks.ask_soon(attempt.id)
        queue.ring(queue.CHECK_ORDER, attempt.id)
        turn.say(_("Sedang diperiksa. Begitu diterima, kabarnya masuk ke sini."))


def _attempt(bill: TelegramBill | None, telegram_id: int) -> PaymentOrder | None:
    if bill is None or bill.telegram_id != telegram_id or bill.payment_order_id is None:
        return None
    return db.session.get_one(PaymentOrder, bill.payment_order_id)
