"""Sending a customer the link to pay by, when somebody at the desk asks for it."""

from flask_babel import gettext as _

from portal.customers import service as customers
from portal.customers.models import Customer
from portal.infra import audit
from portal.infra.timekeeping import today, wall
from portal.invoices import queries as invoices
from portal.messaging import service as messaging

SPACING = 600
"""Seconds between two links by hand: a second press is not a second message."""


class NoLink(ValueError):
    """There is nothing to send, or nobody to send it to; the message is a sentence."""


def send(customer: Customer) -> bool:
    """Queue the reminder of the oldest open invoice, which holds the link; False when one was
    queued a moment ago. Raises NoLink. Never commits."""
    owing = invoices.of_customer(customer.id, today(), only_open=True)
    if not owing:
        raise NoLink(_("Tidak ada tagihan terbuka."))
    to = customers.reach(customer)
    if not to:
        raise NoLink(_("Pelanggan ini tidak punya nomor WhatsApp."))
    bill = owing[0]
    kind = "overdue_notice" if bill.due_on < today() else "payment_reminder"
    queued = messaging.queue(
        kind,
        to,
        f"{kind}:{bill.id}:desk:{int(wall().timestamp()) // SPACING}",
        {
            "name": customer.name,
            "amount": bill.remaining,
            "days_left": (bill.due_on - today()).days,
            "due_on": bill.due_on.isoformat(),
            "customer_number": customer.number,
        },
        customer_id=customer.id,
        invoice_id=bill.id,
        language=customer.language,
    )
    if queued is None:
        return False
    audit.record("message.pay_link", f"customer:{customer.id}", after={"invoice": bill.number})
    return True
