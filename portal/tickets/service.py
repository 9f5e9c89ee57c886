"""The verbs of tickets: opened and answered by customers, handled by staff. None commits.

Every verb holds the ticket's row first, so what races happens one after the other, and a form
that is sent twice (its `form_key`) is one entry. What leaves as a message is in `news.py`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask_babel import gettext as _

from portal.accounts.models import Staff
from portal.extensions import db
from portal.infra import audit, numbering
from portal.infra.timekeeping import now, zone
from portal.tickets import guarding, news, photos, states, words
from portal.tickets.guarding import TicketError
from portal.tickets.models import Ticket, TicketEntry
from portal.tickets.photos import Photo

MOST_REASON = 300
REOPEN_DAYS = 30
"""How long a closed ticket may be opened again by the customer; then it is a new one."""


def open_ticket(
    customer_id: int, kind: str, said: str, key: str, shown: Sequence[Photo] = ()
) -> Ticket:
    """A new ticket of this customer, or the one this form (`key`) made before.

    Raises TicketError, TooMany, media.Refused.
    """
    guarding.one_at_a_time(customer_id)
    if (made := guarding.made_before(customer_id, key)) is not None:
        return made
    if kind not in words.KINDS:
        raise TicketError(_("Pilih jenis masalahnya."))
    said = guarding.checked(said)
    guarding.not_too_many(customer_id)
    guarding.not_too_often(customer_id)
    name = f"TKT-{now().astimezone(zone()):%Y%m}"
    ticket = Ticket(
        number=numbering.document_number(name, numbering.take(name)[0]),
        form_key=key,
        customer_id=customer_id,
        kind=kind,
        state="open",
        state_since=now(),
        waiting_since=now(),
        opened_at=now(),
    )
    db.session.add(ticket)
    db.session.flush()
    _say(ticket, TicketEntry(author="customer", step="opened", body=said), shown)
    audit.record("ticket.open", f"ticket:{ticket.id}", after={"number": ticket.number})
    return ticket


def answer(customer_id: int, ticket_id: int, said: str, key: str, shown: Sequence[Photo]) -> bool:
    """The customer writes in a ticket of their own; False when this form did so before.

    Raises TicketError, TooMany, media.Refused; LookupError for another's ticket.
    """
    guarding.one_at_a_time(customer_id)
    ticket = guarding.hold_own(customer_id, ticket_id)
    if guarding.said_before(ticket, key):
        return False
    if ticket.state == "closed":
        raise TicketError(_("Tiket ini sudah selesai. Buka lagi bila masalahnya belum beres."))
    if not (shown and not said.strip()):
        said = guarding.checked(said, least=1)
    guarding.not_too_often(customer_id)
    _say(ticket, TicketEntry(author="customer", body=said.strip(), form_key=key), shown)
    ticket.waiting_since = ticket.waiting_since or now()
    if ticket.state == "waiting":
        _move(ticket, states.our_turn(ticket.assignee_id is not None))
    return True


def reopen_own(customer_id: int, ticket_id: int, said: str, key: str) -> bool:
    """The customer finds it is not over; False when it was not closed any more."""
    guarding.one_at_a_time(customer_id)
    ticket = guarding.hold_own(customer_id, ticket_id)
    if guarding.said_before(ticket, key) or ticket.state != "closed":
        return False
    if not may_reopen(ticket, now()):
        raise TicketError(_("Tiket ini sudah lama selesai. Buat tiket baru."))
    said = guarding.checked(said)
    guarding.not_too_often(customer_id)
    _say(ticket, TicketEntry(author="customer", step="reopened", body=said, form_key=key), ())
    _open_again(ticket)
    ticket.waiting_since = now()
    return True


def may_reopen(ticket: Ticket, at: datetime) -> bool:
    """Whether the customer may still say that it is not over."""
    closed = ticket.closed_at
    return (
        ticket.state == "closed"
        and closed is not None
        and at - closed < timedelta(days=REOPEN_DAYS)
    )


def assign(ticket_id: int, staff_id: int | None, by: int) -> bool:
    """Somebody of ours takes care of it, or (None) nobody any more; False when nothing changed.

    Raises TicketError for a person who does not work here any more.
    """
    ticket = guarding.hold(ticket_id)
    if ticket.state == "closed":
        raise TicketError(_("Tiket ini sudah selesai."))
    if staff_id == ticket.assignee_id:
        return False
    person = db.session.get(Staff, staff_id) if staff_id else None
    if staff_id and (person is None or not person.active):
        raise TicketError(_("Petugas itu tidak ada."))
    before = ticket.assignee_id
    ticket.assignee_id = staff_id
    if ticket.state in states.OURS:
        _move(ticket, states.our_turn(staff_id is not None))
    name = person.name if person else ""
    entry = TicketEntry(author="staff", staff_id=by, step="assigned", body=name, internal=True)
    _say(ticket, entry, ())
    audit.record(
        "ticket.assign",
        f"ticket:{ticket_id}",
        before={"assignee": before},
        after={"assignee": staff_id},
    )
    return True


def reply(
    ticket_id: int, said: str, key: str, by: int, shown: Sequence[Photo] = (), *, ask: bool = False
) -> bool:
    """Staff answer; the customer gets it as a message. `ask`: now it is the customer's turn.

    False when this form did so before. Raises TicketError, media.Refused.
    """
    ticket = guarding.hold(ticket_id)
    if guarding.said_before(ticket, key):
        return False
    if ticket.state == "closed":
        raise TicketError(_("Tiket ini sudah selesai. Buka lagi sebelum membalas."))
    entry = TicketEntry(
        author="staff", staff_id=by, body=guarding.checked(said, least=2), form_key=key
    )
    _say(ticket, entry, shown)
    if ticket.assignee_id is None:
        ticket.assignee_id = by
    ticket.waiting_since = None
    _move(ticket, "waiting" if ask else "working")
    entry.message_id = news.send_reply(ticket, entry)
    return True


def note(ticket_id: int, said: str, key: str, by: int, shown: Sequence[Photo] = ()) -> bool:
    """Staff write something only staff read; False when this form did so before."""
    ticket = guarding.hold(ticket_id)
    if guarding.said_before(ticket, key):
        return False
    said = guarding.checked(said, least=2)
    entry = TicketEntry(author="staff", staff_id=by, body=said, form_key=key, internal=True)
    _say(ticket, entry, shown)
    return True


def close(ticket_id: int, reason: str, by: int) -> bool:
    """It is over, and the customer is told why; False when it was. Audited."""
    ticket = guarding.hold(ticket_id)
    if ticket.state == "closed":
        return False
    reason = " ".join(reason.split())
    if len(reason) < guarding.LEAST_WORDS:
        raise TicketError(_("Tulis apa yang sudah dilakukan."))
    ticket.closed_reason = reason[:MOST_REASON]
    entry = TicketEntry(author="staff", staff_id=by, step="closed", body=ticket.closed_reason)
    _say(ticket, entry, ())
    ticket.waiting_since, ticket.closed_at = None, now()
    _move(ticket, "closed")
    entry.message_id = news.send_closed(ticket, entry)
    audit.record("ticket.close", f"ticket:{ticket_id}", reason=ticket.closed_reason)
    return True


def reopen(ticket_id: int, reason: str, by: int) -> bool:
    """Staff find it is not over; False when it was not closed. Audited."""
    ticket = guarding.hold(ticket_id)
    if ticket.state != "closed":
        return False
    reason = " ".join(reason.split())[:MOST_REASON]
    if len(reason) < guarding.LEAST_WORDS:
        raise TicketError(_("Tulis alasannya."))
    entry = TicketEntry(author="staff", staff_id=by, step="reopened", body=reason, internal=True)
    _say(ticket, entry, ())
    _open_again(ticket)
    audit.record("ticket.reopen", f"ticket:{ticket_id}", reason=reason)
    return True


def _open_again(ticket: Ticket) -> None:
    ticket.reopened += 1
    ticket.closed_at, ticket.closed_reason = None, ""
    _move(ticket, states.our_turn(ticket.assignee_id is not None))


def _move(ticket: Ticket, target: states.State) -> None:
    if ticket.state == target:
        return
    if (ticket.state, target) not in states.TRANSITIONS:
        raise ValueError(f"a ticket does not go from {ticket.state} to {target}")
    ticket.state, ticket.state_since = target, now()


def _say(ticket: Ticket, entry: TicketEntry, shown: Sequence[Photo]) -> None:
    entry.ticket_id, entry.created_at = ticket.id, now()
    db.session.add(entry)
    db.session.flush()
    photos.keep(ticket, entry, shown)
