"""What every verb of a ticket checks first: whose it is, that a form counts once, how often.

`hold` locks the ticket's row until the caller commits, so what races happens one after the other.
"""

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select

from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.timekeeping import now
from portal.tickets.models import Ticket, TicketEntry

LEAST_WORDS, MOST_WORDS = 5, 2000
PER_DAY = 5
"""Tickets one customer may open in a day."""
PER_HOUR = 20
"""Words one customer may add to tickets in an hour."""
KEY = range(20, 65)


class TicketError(ValueError):
    """It cannot be done; a sentence for the person, already in their language."""


class TooMany(TicketError):
    """Not so fast; a sentence as well."""


def one_at_a_time(customer_id: int) -> None:
    """A customer's forms that race come one after the other; SQLite's writers already do."""
    if is_postgres():
        lock = func.pg_advisory_xact_lock(func.hashtext(f"ticket-customer:{customer_id}"))
        db.session.execute(select(lock))


def hold(ticket_id: int) -> Ticket:
    """The ticket, as it is now and for us alone. Raises LookupError."""
    found = select(Ticket).where(Ticket.id == ticket_id).with_for_update(of=Ticket)
    ticket = db.session.scalar(found.execution_options(populate_existing=True))
    if ticket is None:
        raise LookupError(ticket_id)
    return ticket


def hold_own(customer_id: int, ticket_id: int) -> Ticket:
    """The same for a ticket of this customer; another's is not found."""
    ticket = hold(ticket_id)
    if ticket.customer_id != customer_id:
        raise LookupError(ticket_id)
    return ticket


def made_before(customer_id: int, key: str) -> Ticket | None:
    """The ticket this form made before. Raises TicketError for a key no form of ours has."""
    _good(key)
    made = db.session.scalar(select(Ticket).where(Ticket.form_key == key))
    if made is not None and made.customer_id != customer_id:
        raise _stale()
    return made


def said_before(ticket: Ticket, key: str) -> bool:
    """Whether this form was taken before. Raises TicketError as `made_before`."""
    _good(key)
    made = db.session.scalar(select(TicketEntry.ticket_id).where(TicketEntry.form_key == key))
    if made is not None and made != ticket.id:
        raise _stale()
    return made is not None


def _good(key: str) -> None:
    if len(key) not in KEY:
        raise _stale()


def _stale() -> TicketError:
    return TicketError(_("Halaman ini terlalu lama terbuka. Coba lagi."))


def not_too_many(customer_id: int) -> None:
    """Raises TooMany when this customer opened enough tickets today."""
    day = Ticket.opened_at > now() - timedelta(days=1)
    if _count(select(Ticket.id).where(Ticket.customer_id == customer_id, day)) >= PER_DAY:
        raise TooMany(
            _("Anda sudah membuat %(most)s tiket hari ini. Balas tiket yang ada.", most=PER_DAY)
        )


def not_too_often(customer_id: int) -> None:
    """Raises TooMany when this customer wrote enough within the hour."""
    hour = TicketEntry.created_at > now() - timedelta(hours=1)
    mine = Ticket.customer_id == customer_id, TicketEntry.author == "customer", hour
    if _count(select(TicketEntry.id).join(TicketEntry.ticket).where(*mine)) >= PER_HOUR:
        raise TooMany(_("Terlalu banyak pesan dalam sejam. Coba lagi nanti atau hubungi CS."))


def _count(statement: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def checked(said: str, least: int = LEAST_WORDS) -> str:
    """What somebody wrote, if it is neither too short nor too long. Raises TicketError."""
    said = said.strip()
    if len(said) < least:
        raise TicketError(_("Ceritakan masalahnya, minimal beberapa kata."))
    if len(said) > MOST_WORDS:
        raise TicketError(_("Terlalu panjang: paling banyak %(most)s huruf.", most=MOST_WORDS))
    return said
