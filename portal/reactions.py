"""What happens when…? The one table: event -> what we do, in order.

Everything here runs in the transaction of the change and only writes rows. To learn what
follows from a payment or an isolation, read this file; there are no hidden signals.
"""

from collections.abc import Sequence

from sqlalchemy import select

from portal.accounts.events import OtpRequested
from portal.accounts.models import OtpChallenge
from portal.customers import service as customers
from portal.customers import words as customer_words
from portal.customers.events import PhoneChanged
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.events import Table
from portal.invoices import events as invoice_events
from portal.invoices.events import InvoiceReminderDue, InvoicesClosed, InvoicesIssued
from portal.invoices.models import Invoice
from portal.invoices.queries import remaining
from portal.messaging import notices
from portal.messaging import service as messaging
from portal.messaging.events import AccountTold, Heard
from portal.messaging.models import Message
from portal.network import isolation
from portal.network.events import (
    AccessIsolated,
    AccessRestored,
    IsolationNear,
    IsolationStopped,
)
from portal.network.models_isolation import IsolationStop
from portal.orders import linking
from portal.orders import news as order_news
from portal.orders import paying as order_money
from portal.orders.events import ServiceOrderMoved
from portal.payments import service as payments
from portal.payments.events import PaymentRecorded, PaymentReversed, StrangeMoney
from portal.settings import service as settings
from portal.signup import news as signup_news
from portal.subscriptions.models import Subscription
from portal.telegram import conversation
from portal.telegram import news as telegram_news


def send_login_code(event: OtpRequested) -> None:
    """The code itself is not in the row: it is computed when the message leaves."""
    challenge = db.session.get_one(OtpChallenge, event.challenge_id)
    messaging.queue(
        "otp_code",
        event.phone,
        f"otp_code:{event.challenge_id}",
        {},
        customer_id=event.customer_id,
        otp_challenge_id=event.challenge_id,
        language=event.language,
        expires_at=challenge.expires_at,
    )


def spend_credit(event: InvoicesIssued) -> None:
    payments.use_credit(event.invoice_ids)


def notify_invoices(event: InvoicesIssued | invoice_events.InvoicesToTell) -> None:
    """One message per invoice, in one statement for the whole chunk. What credit paid a moment
    ago asks nobody for money."""
    if not event.tell:
        return
    rows = db.session.execute(
        select(Invoice, Customer)
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(Invoice.id.in_(event.invoice_ids), Invoice.state == "open")
        .order_by(Invoice.id)
    ).all()
    messaging.queue_many(
        [
            messaging.NewMessage(
                kind="invoice_notification",
                recipient=customer.phone,
                dedupe_key=f"invoice_notification:{invoice.id}",
                params={
                    "name": customer.name,
                    "period": invoice.period,
                    "invoice_number": invoice.number,
                    "plan": invoice.plan_name,
                    "amount": invoice.total,
                    "due_on": invoice.due_on.isoformat(),
                    "customer_number": customer.number,
                },
                customer_id=customer.id,
                invoice_id=invoice.id,
                language=customer.language,
            )
            for invoice, customer in rows
        ]
    )


def remind(event: InvoiceReminderDue) -> None:
    """Reminder before, overdue notice after the due date; the step is in the key."""
    invoice, customer = _invoice_and_customer(event.invoice_id)
    kind = "payment_reminder" if event.step > 0 else "overdue_notice"
    sign = "-" if event.step > 0 else "+"
    messaging.queue(
        kind,
        customer.phone,
        f"{kind}:{invoice.id}:H{sign}{abs(event.step)}",
        {
            "name": customer.name,
            "amount": remaining(invoice.id),
            "days_left": event.days_left,
            "step": event.step,
            "due_on": invoice.due_on.isoformat(),
            "customer_number": customer.number,
        },
        customer_id=customer.id,
        invoice_id=invoice.id,
        language=customer.language,
    )


def move_messages(event: PhoneChanged) -> None:
    """Bills with their pay links follow the customer, not the number."""
    if event.old:
        messaging.readdress(event.customer_id, event.old, event.new)


def tell_old_number(event: PhoneChanged) -> None:
    """To whoever holds the old number; to the chat on Telegram of who had none."""
    customer = db.session.get_one(Customer, event.customer_id)
    recipient = event.old or str(customers.telegram_of(customer) or "")
    if not recipient:
        return
    messaging.queue(
        "customer_notice",
        recipient,
        f"{messaging.CHANGED}{event.change_id}:{event.customer_id}",
        {"text": customer_words.phone_changed(customer)},
        customer_id=customer.id,
        language=customer.language,
    )


def restore_access(event: InvoicesClosed) -> None:
    """Before any message, and independent of all of them (rule 8)."""
    isolation.restore_after(event.invoice_ids)


def queue_order(event: PaymentRecorded) -> None:
    order_money.money_came(event.payment_id)


def unpay_order(event: PaymentReversed) -> None:
    order_money.money_left(event.payment_id)


def confirm_payment(event: PaymentRecorded) -> None:
    params = payments.confirmation(event.payment_id)
    params["status"] = order_news.receipt_words(event.payment_id) or params["status"]
    recipient = customers.reach(db.session.get_one(Customer, event.customer_id))
    if not recipient:
        return
    messaging.queue(
        "payment_confirmation",
        recipient,
        f"payment_confirmation:{event.payment_id}",
        {key: params[key] for key in ("name", "amount", "payment_number", "paid_at", "status")},
        customer_id=event.customer_id,
        invoice_id=params["invoice_id"],
        language=params["language"],
    )


def withdraw_confirmation(event: PaymentReversed) -> None:
    """A receipt that has not left yet must not leave; one that left stays said."""
    key = f"payment_confirmation:{event.payment_id}"
    message_id = db.session.scalar(select(Message.id).where(Message.dedupe_key == key))
    if message_id is not None:
        messaging.cancel(message_id, "Pembayarannya dibatalkan sebelum pesan ini dikirim.")


def tell_isolated(event: AccessIsolated) -> None:
    """Only once the router confirmed: nobody is told of a wall that is not there."""
    customer = _customer_of(event.subscription_id)
    messaging.queue(
        "isolation_notice",
        customer.phone,
        f"isolation_notice:{event.subscription_id}:{event.episode}",
        {
            "name": customer.name,
            "amount": _owed(event.subscription_id),
            "cs_phone": settings.text("company.cs_phone"),
            "customer_number": customer.number,
        },
        customer_id=customer.id,
        subscription_id=event.subscription_id,
        language=customer.language,
    )


def tell_restored(event: AccessRestored) -> None:
    customer = _customer_of(event.subscription_id)
    messaging.queue(
        "access_opened",
        customer.phone,
        f"access_opened:{event.subscription_id}:{event.episode}",
        {"name": customer.name, "cs_phone": settings.text("company.cs_phone")},
        customer_id=customer.id,
        subscription_id=event.subscription_id,
        language=customer.language,
    )


def warn_of_isolation(event: IsolationNear) -> None:
    """The notice that service is about to be interrupted, about the oldest late invoice."""
    invoice_id = db.session.scalar(
        select(Invoice.id)
        .where(
            Invoice.subscription_id == event.subscription_id,
            Invoice.due_on == event.due_on,
            Invoice.state == "open",
        )
        .order_by(Invoice.id)
    )
    if invoice_id is None:
        return
    customer = _customer_of(event.subscription_id)
    messaging.queue(
        "overdue_notice",
        customer.phone,
        f"overdue_notice:{invoice_id}:isolir",
        {
            "name": customer.name,
            "amount": remaining(invoice_id),
            "customer_number": customer.number,
        },
        customer_id=customer.id,
        invoice_id=invoice_id,
        subscription_id=event.subscription_id,
        language=customer.language,
    )


def tell_stopped(event: IsolationStopped) -> None:
    """Once per stop, to whoever follows isolation."""
    stop = db.session.get_one(IsolationStop, event.stop_id)
    text = (
        f"Isolir otomatis berhenti sebelum mulai: {len(stop.lines)} langganan "
        f"({stop.customers} dari {stop.base} pelanggan aktif) akan diisolir hari ini, "
        "lebih banyak dari batas sekring. Buka Isolir di Loket, lalu pilih Lanjutkan atau "
        "Batalkan."
    )
    notices.tell("isolation", f"stop-{stop.id}", text)


def _invoice_and_customer(invoice_id: int) -> tuple[Invoice, Customer]:
    invoice = db.session.get_one(Invoice, invoice_id)
    return invoice, db.session.get_one(Customer, invoice.customer_id)


def _customer_of(subscription_id: int) -> Customer:
    return db.session.scalars(
        select(Customer)
        .join(Subscription, Subscription.customer_id == Customer.id)
        .where(Subscription.id == subscription_id)
    ).one()


def _owed(subscription_id: int) -> int:
    """Rupiah still open on all invoices of the line."""
    invoice_ids: Sequence[int] = db.session.scalars(
        select(Invoice.id).where(
            Invoice.subscription_id == subscription_id, Invoice.state == "open"
        )
    ).all()
    return sum(remaining(invoice_id) for invoice_id in invoice_ids)


REACTIONS: Table = {
    OtpRequested: [send_login_code],
    InvoicesIssued: [spend_credit, notify_invoices],
    invoice_events.InvoicesToTell: [notify_invoices],
    InvoiceReminderDue: [remind],
    InvoicesClosed: [restore_access],
    StrangeMoney: [linking.claim],
    PhoneChanged: [move_messages, tell_old_number],
    PaymentReversed: [withdraw_confirmation, unpay_order],
    PaymentRecorded: [queue_order, confirm_payment, telegram_news.tell_payment],
    Heard: [conversation.hear],
    AccountTold: [signup_news.hear],
    ServiceOrderMoved: [order_news.tell_technicians, telegram_news.tell_order],
    AccessIsolated: [tell_isolated],
    AccessRestored: [tell_restored],
    IsolationNear: [warn_of_isolation],
    IsolationStopped: [tell_stopped],
}
