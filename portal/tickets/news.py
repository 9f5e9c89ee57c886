"""What tickets say outside of their page: to the customer over WhatsApp, to staff in their groups.

A customer's words are never sent on to anybody but the ISP's own people, made harmless.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.config import Settings
from portal.customers import service as customers
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.infra.timekeeping import now, wall
from portal.messaging import notices, texts
from portal.messaging import service as messaging
from portal.settings import service as settings
from portal.tickets import words
from portal.tickets.models import Ticket, TicketEntry

QUOTED = 600
"""Letters of an answer that stand in the message; the rest is on the page."""
EVERY = timedelta(minutes=5)
SETTLED = timedelta(seconds=5)
NAMED = 8
TOPIC = "ticket"


def address_of(ticket: Ticket) -> str:
    """The full address of the customer's page of the ticket."""
    config: Settings = current_app.extensions["loket.settings"]
    return f"{config.public_url}/me/help/{ticket.id}"


def send_reply(ticket: Ticket, entry: TicketEntry) -> int | None:
    """Queue an answer for the customer; the message's id, or None when nobody can be reached."""
    with force_locale(ticket.customer.language):
        said = entry.body if len(entry.body) <= QUOTED else entry.body[:QUOTED].rstrip() + "…"
        parts = [
            _("Jawaban atas tiket %(number)s:", number=ticket.number),
            said,
            _("Balas di %(address)s", address=address_of(ticket)),
        ]
    return _send(ticket, entry, "\n\n".join(parts))


def send_closed(ticket: Ticket, entry: TicketEntry) -> int | None:
    """Tell the customer that it is over, and where to say that it is not."""
    with force_locale(ticket.customer.language):
        text = _(
            "Tiket %(number)s selesai: %(reason)s\n\nBelum beres? Buka lagi di %(address)s",
            number=ticket.number,
            reason=entry.body,
            address=address_of(ticket),
        )
    return _send(ticket, entry, text)


def _send(ticket: Ticket, entry: TicketEntry, text: str) -> int | None:
    recipient = customers.reach(ticket.customer)
    if not recipient:
        return None
    return messaging.queue(
        "customer_notice",
        recipient,
        f"ticket:{ticket.id}:{entry.id}",
        {"text": text},
        customer_id=ticket.customer_id,
        language=ticket.customer.language,
    )


def tell_what_is_new() -> int:
    """Tell staff of new tickets, a few minutes' together; returns how many messages were queued.

    The mark moves with the messages, so nothing is told twice. The caller commits.
    """
    newest = db.session.scalar(
        select(func.max(Ticket.id)).where(Ticket.opened_at < now() - SETTLED)
    )
    last, at = settings.fresh_internal("tickets.told", [None, 0.0])
    stamp = wall().timestamp()
    if last is None:
        settings.set_internal("tickets.told", [newest or 0, 0.0])
        return 0
    if newest is None or newest <= last or stamp - at < EVERY.total_seconds():
        return 0
    rows = db.session.execute(
        select(Ticket.number, Ticket.kind, Customer.name, Customer.number, Area.name)
        .join(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(Area, Area.id == Customer.area_id)
        .where(Ticket.id > last, Ticket.id <= newest)
        .order_by(Ticket.id)
    ).all()
    settings.set_internal("tickets.told", [newest, stamp])
    return notices.tell(TOPIC, f"{last}-{newest}", _sentence(rows))


def _sentence(rows: Sequence[Any]) -> str:
    with force_locale("id"):
        lines = [
            f"- {number}: {words.KINDS[kind]}, {texts.harmless(name)} ({customer})"
            + (f", {texts.harmless(area)}" if area else "")
            for number, kind, name, customer, area in rows[:NAMED]
        ]
    if len(rows) > NAMED:
        lines.append(f"- dan {len(rows) - NAMED} lagi")
    return "\n".join([f"{len(rows)} tiket baru.", *lines, "Buka Tiket di Loket."])
