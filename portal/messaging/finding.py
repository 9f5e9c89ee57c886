"""The log's filter as SQL: newest first, one page by its neighbours' ids, never by counting.

Made for a million rows: ids grow with time, so a range of days is a range of ids; what a
person types is looked up where it has an index; no page is reached by skipping others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.timekeeping import zone
from portal.messaging.models import Message, NoticeRecipient
from portal.subscriptions.finding import customer_matches, phone_digits

PER_PAGE = 25
FEW = 200
"""Up to so many customers are looked up one by one; of more, most messages fit anyway."""
COMMON = 2000
MARGIN = timedelta(days=1)
"""How far ids and times may disagree: transactions overlap, and a demo clock moves."""
LARGEST_ID = 2**31 - 1

# What the filter offers -> the states behind it.
STATUSES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "waiting": (_l("Antre"), ("pending", "leased", "sending")),
    "accepted": (_l("Diterima penyedia"), ("accepted",)),
    "sent": (_l("Terkirim"), ("sent",)),
    "delivered": (_l("Sampai"), ("delivered",)),
    "read": (_l("Dibaca"), ("read",)),
    "manual": (_l("Dikirim manual"), ("manual",)),
    "failed": (_l("Gagal"), ("failed",)),
    "unknown": (_l("Perlu dicek"), ("unknown",)),
    "expired": (_l("Kedaluwarsa"), ("expired",)),
    "cancelled": (_l("Dibatalkan"), ("cancelled",)),
}


@dataclass(frozen=True)
class Filter:
    """What the log is narrowed to; empty means everything. Days are local, both included."""

    text: str = ""
    status: str = ""
    kind: str = ""
    driver: str = ""
    channel_id: int | None = None
    customer_id: int | None = None
    since: date | None = None
    until: date | None = None
    batch: str = ""

    def query(self, **more: Any) -> str:
        """The filter as it stands in an address."""
        named = {
            "q": self.text,
            "status": self.status,
            "kind": self.kind,
            "driver": self.driver,
            "channel": self.channel_id,
            "customer": self.customer_id,
            "since": self.since,
            "until": self.until,
            "batch": self.batch,
            **more,
        }
        return urlencode({name: value for name, value in named.items() if value})


@dataclass(frozen=True)
class LogPage:
    """Rows of (message, customer's name, number). `older` and `newer` are the ids to continue
    below or above; None when there is nothing there."""

    rows: Sequence[Any]
    older: int | None
    newer: int | None


def read_filter(args: Mapping[str, str]) -> Filter:
    """The filter in an address; what cannot be read is left out."""
    return Filter(
        text=args.get("q", "").replace("\0", "").strip()[:80],
        status=args.get("status", ""),
        kind=args.get("kind", ""),
        driver=args.get("driver", ""),
        channel_id=number(args.get("channel", "")),
        customer_id=number(args.get("customer", "")),
        since=_day(args.get("since", "")),
        until=_day(args.get("until", "")),
        batch=args.get("batch", "")[:40],
    )


def number(typed: str) -> int | None:
    """A row's id, or None for anything that cannot be one."""
    plain = typed.isascii() and typed.isdigit() and len(typed) <= 10
    return int(typed) if plain and 0 < int(typed) <= LARGEST_ID else None


def _day(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2999 else None


def filtered(wanted: Filter) -> Select[Any]:
    """Messages with their customer (name, number), the newest first."""
    statement: Any = (
        select(Message, Customer.name, Customer.number)
        .outerjoin(Customer, Customer.id == Message.customer_id)
        .order_by(Message.id.desc())
    )
    found: Select[Any] = statement.where(*conditions(wanted))
    return found


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """The filter without the join, for counting and changing."""
    plain = {
        Message.kind: wanted.kind,
        Message.driver: wanted.driver,
        Message.batch: wanted.batch,
        Message.channel_id: wanted.channel_id,
        Message.customer_id: wanted.customer_id,
    }
    found: list[ColumnElement[bool]] = [
        column == value for column, value in plain.items() if value not in ("", None)
    ]
    if wanted.status in STATUSES:
        states = STATUSES[wanted.status][1]
        found.append(_walking(states) if _common(states) else in_states(states))
    if wanted.since:
        start = _midnight(wanted.since)
        found += [Message.id >= first_id(start - MARGIN), Message.created_at >= start]
    if wanted.until:
        end = _midnight(wanted.until + timedelta(days=1))
        found += [Message.id < first_id(end + MARGIN), Message.created_at < end]
    if wanted.text:
        found.append(_speaks_of(wanted.text))
    return found


def in_states(states: Sequence[str]) -> ColumnElement[bool]:
    """With the states written out, so that the planner sees which partial index serves."""
    return Message.state.in_(bindparam(None, states, expanding=True, literal_execute=True))


def _common(states: Sequence[str]) -> bool:
    """Whether so many messages are in these states that the newest are near the top. SQLite
    knows no such numbers and would sort all of them; PostgreSQL decides by itself."""
    if is_postgres():
        return False
    few: Any = select(Message.id).where(in_states(states)).limit(COMMON).subquery()
    return db.session.scalar(select(func.count()).select_from(few)) == COMMON


def _walking(states: Sequence[str]) -> ColumnElement[bool]:
    """The same without the index of states: SQLite takes none for a column with a plus."""
    bare: ColumnElement[str] = literal_column("+message.state")
    return bare.in_(bindparam(None, states, expanding=True, literal_execute=True))


def one_page(wanted: Filter, before: int | None = None, after: int | None = None) -> LogPage:
    """The newest page, or the one below `before`, or the one above `after` (ids)."""
    statement = filtered(wanted)
    if after is not None and before is None:
        upward = statement.order_by(None).order_by(Message.id).where(Message.id > after)
        found = list(db.session.execute(upward.limit(PER_PAGE + 1)).all())
        rows = found[:PER_PAGE][::-1]
        older = rows[-1][0].id if rows else None
        return LogPage(rows, older, rows[0][0].id if len(found) > PER_PAGE else None)
    if before is not None:
        statement = statement.where(Message.id < before)
    found = list(db.session.execute(statement.limit(PER_PAGE + 1)).all())
    rows = found[:PER_PAGE]
    older = rows[-1][0].id if len(found) > PER_PAGE else None
    return LogPage(rows, older, rows[0][0].id if rows and before is not None else None)


def _midnight(day: date) -> datetime:
    """The local day's beginning, in UTC."""
    return datetime.combine(day, time(), zone()).astimezone(UTC)


def first_id(at: datetime) -> int:
    """The lowest id of about that time, by halving: some twenty look-ups by primary key."""
    low, high = 0, (db.session.scalar(select(func.max(Message.id))) or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = db.session.execute(
            select(Message.id, Message.created_at)
            .where(Message.id >= middle)
            .order_by(Message.id)
            .limit(1)
        ).one_or_none()
        if row is None or row.created_at >= at:
            high = middle
        else:
            low = row.id + 1
    return low


def _speaks_of(text: str) -> ColumnElement[bool]:
    """By customer's name, number or phone, by staff or group, by provider's id, key or our id."""
    people = _customers(text)
    direct = [
        select(Message.id).where(Message.provider_id == text),
        select(Message.id).where(Message.dedupe_key == text),
    ]
    told = select(NoticeRecipient.recipient).where(
        NoticeRecipient.name.icontains(text, autoescape=True)
    )
    direct.append(select(Message.id).where(Message.recipient.in_(told)))
    if (message_id := number(text.lstrip("#"))) is not None:
        direct.append(select(Message.id).where(Message.id == message_id))
    digits = phone_digits(text)
    if len(digits) >= 4:
        direct.append(select(Message.id).where(_begins(f"+62{digits}")))
    ids = db.session.scalars(people.limit(FEW + 1)).all()
    if len(ids) > FEW:
        return or_(Message.customer_id.in_(people), Message.id.in_(union_all(*direct)))
    if ids:
        direct.append(select(Message.id).where(Message.customer_id.in_(ids)))
    return Message.id.in_(union_all(*direct))


def _customers(text: str) -> Select[Any]:
    return select(Customer.id).where(customer_matches(text))


def _begins(start: str) -> ColumnElement[bool]:
    """An index range on both engines: a pattern on PostgreSQL, a comparison on SQLite."""
    if is_postgres():
        return Message.recipient.like(f"{start}%")
    return (Message.recipient >= start) & (Message.recipient < f"{start}:")
