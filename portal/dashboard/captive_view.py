"""What the isolation page may say about a line that its router recognised, and what it may do.

Whoever sits behind the line sees this without a login: guests, neighbours on the Wi-Fi. So it is
told that the line is walled off and why in general, never whose it is, a number or an amount. A
pay link goes to the registered WhatsApp, where the line's owner reads it.
"""

from dataclasses import dataclass

from sqlalchemy import select

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.invoices.models import Invoice
from portal.invoices.queries import remaining
from portal.messaging import service as messaging
from portal.network.facts import BY_HAND
from portal.network.queries import access_view
from portal.network.whose import line_at
from portal.settings import service as settings
from portal.subscriptions.models import Subscription


@dataclass(frozen=True)
class Recognised:
    """A line and how it stands: owing, by_hand, opening, open or other."""

    line: Subscription
    how: str


def recognise(address: str) -> Recognised | None:
    """The line behind an IP address, when a router tells."""
    line = line_at(address)
    if line is None:
        return None
    access = access_view(line.id)
    if line.state == "isolated":
        return Recognised(line, "by_hand" if access.decision == BY_HAND else "owing")
    if line.state != "active":
        return Recognised(line, "other")
    return Recognised(line, "open" if access.actual == "open" else "opening")


def send_link(found: Recognised) -> bool:
    """The notice with its pay link once more to the owner's WhatsApp, once an hour at most.

    False when there is nothing to send. The caller commits.
    """
    customer = db.session.get_one(Customer, found.line.customer_id)
    owed = _owed(found.line.id)
    if found.how != "owing" or not customer.phone or not owed:
        return False
    hour = now().strftime("%Y%m%d%H")
    return bool(
        messaging.queue(
            "isolation_notice",
            customer.phone,
            f"isolation_page:{found.line.id}:{hour}",
            {
                "name": customer.name,
                "amount": owed,
                "cs_phone": settings.text("company.cs_phone"),
                "customer_number": customer.number,
            },
            customer_id=customer.id,
            subscription_id=found.line.id,
            language=customer.language,
        )
    )


def _owed(line_id: int) -> int:
    rows = db.session.scalars(
        select(Invoice.id).where(Invoice.subscription_id == line_id, Invoice.state == "open")
    )
    return sum(remaining(invoice_id) for invoice_id in rows.all())
