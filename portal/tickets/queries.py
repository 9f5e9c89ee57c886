"""Reading tickets for screens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, selectinload

from portal.accounts.models import Staff
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.settings import service as settings
from portal.subscriptions.finding import customer_matches
from portal.tickets.models import Ticket, TicketEntry, TicketPhoto
from portal.tickets.states import ALIVE, OURS
from portal.tickets.words import KINDS, LISTS
from portal.web.access import PERMISSIONS, permissions_of


@dataclass(frozen=True)
class Filters:
    """What the staff list is narrowed to; all of it stands in the URL."""

    which: str = "ours"
    kind: str = ""
    area_id: int = 0
    assignee_id: int = 0
    text: str = ""

    @property
    def any(self) -> bool:
        return bool(self.kind or self.area_id or self.assignee_id or self.text)


def read(args: Any, row_id: Any) -> Filters:
    """The filters of a URL; odd values are none."""
    which, kind = args.get("list", ""), args.get("kind", "")
    return Filters(
        which if which in LISTS else "ours",
        kind if kind in KINDS else "",
        args.get("area", 0, type=row_id),
        args.get("who", 0, type=row_id),
        args.get("q", "").strip()[:80],
    )


def of_customer(customer_id: int, limit: int = 30) -> list[Ticket]:
    """A customer's tickets: those that are not over first, then the newest."""
    mine = select(Ticket).where(Ticket.customer_id == customer_id)
    order = (Ticket.state == "closed", Ticket.id.desc())
    return list(db.session.scalars(mine.order_by(*order).limit(limit)))


def own(customer_id: int, ticket_id: int) -> Ticket | None:
    """A ticket of this customer."""
    mine = Ticket.id == ticket_id, Ticket.customer_id == customer_id
    return db.session.scalar(select(Ticket).where(*mine))


def entries(ticket_id: int, *, internal: bool) -> list[TicketEntry]:
    """What was said, the oldest first; without `internal` only what the customer may read."""
    found = select(TicketEntry).where(TicketEntry.ticket_id == ticket_id)
    if not internal:
        found = found.where(TicketEntry.internal.is_(False))
    photos = selectinload(TicketEntry.photos).joinedload(TicketPhoto.file)
    loaded = found.options(photos, selectinload(TicketEntry.staff))
    return list(db.session.scalars(loaded.order_by(TicketEntry.id)))


def listed(filters: Filters, staff_id: int) -> Select[Any]:
    """The staff list: what waits longest for our word first; what is over, the newest first."""
    found = (
        select(Ticket)
        .join(Ticket.customer)
        .options(contains_eager(Ticket.customer), selectinload(Ticket.assignee))
        .where(*_which(filters.which, staff_id))
    )
    if filters.kind:
        found = found.where(Ticket.kind == filters.kind)
    if filters.area_id:
        found = found.where(Customer.area_id == filters.area_id)
    if filters.assignee_id:
        found = found.where(Ticket.assignee_id == filters.assignee_id)
    if filters.text:
        number = Ticket.number.icontains(filters.text, autoescape=True)
        found = found.where(or_(number, customer_matches(filters.text)))
    if filters.which in {"closed", "all"}:
        return found.order_by(Ticket.id.desc())
    return found.order_by(Ticket.waiting_since.is_(None), Ticket.waiting_since, Ticket.id)


def _which(which: str, staff_id: int) -> tuple[ColumnElement[bool], ...]:
    match which:
        case "mine":
            return Ticket.assignee_id == staff_id, Ticket.state.in_(ALIVE)
        case "free":
            return Ticket.assignee_id.is_(None), Ticket.state.in_(ALIVE)
        case "waiting" | "closed":
            return (Ticket.state == which,)
        case "all":
            return ()
    return (Ticket.state.in_(OURS),)


def answer_by(ticket: Ticket) -> datetime | None:
    """Until when the ISP wants to have answered (UTC); None while it is not our turn."""
    if ticket.waiting_since is None:
        return None
    return ticket.waiting_since + _promised()


def is_late(ticket: Ticket) -> bool:
    """Whether the customer waits longer than the ISP wants."""
    until = answer_by(ticket)
    return until is not None and until <= now()


def _promised() -> timedelta:
    return timedelta(hours=settings.integer("tickets.answer_hours"))


def counts() -> tuple[int, int]:
    """(tickets that are our turn, of those the ones answered too late)."""
    late = and_(Ticket.waiting_since.is_not(None), Ticket.waiting_since <= now() - _promised())
    row = db.session.execute(
        select(func.count(Ticket.id), func.count(Ticket.id).filter(late)).where(
            Ticket.state.in_(OURS)
        )
    ).one()
    return row[0], row[1]


def helpers() -> list[Staff]:
    """Who can be given a ticket."""
    roles = [role for role in PERMISSIONS if "tickets" in permissions_of(role)]
    here = select(Staff).where(Staff.active, Staff.role.in_(roles))
    return list(db.session.scalars(here.order_by(Staff.name)))


def areas() -> list[Area]:
    """All areas, for a filter."""
    return list(db.session.scalars(select(Area).order_by(Area.name)))
