"""Who gets a broadcast: one filter, one select, used for the count and for the sending.

The live count, the figures before confirming, the expansion into messages and the list of
those left out all come from `people()`, so they cannot disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, select, true

from portal.broadcasts import wording
from portal.core.money import parse_rupiah
from portal.customers.models import Customer
from portal.customers.service import PROSPECTS
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices.models import Invoice
from portal.invoices.queries import owed_amount
from portal.messaging.models import OptOut
from portal.subscriptions.models import Subscription

LINE_STATES = ("active", "isolated", "paused")
ARREARS = ("overdue", "owes")
LANGUAGES = ("id", "en")
BIGGEST_ID = 2**31 - 1
# Why somebody of the audience gets nothing; "" means that they do.
CLOSED, NO_NUMBER, REFUSED, SAME_NUMBER = "closed", "no_number", "refused", "same_number"
_SHORTEST, _LONGEST = 8, 16  # E.164 with its plus


@dataclass(frozen=True)
class Audience:
    """A filter; what is empty does not narrow. `owes` in rupiah, used when `arrears` is "owes".

    `through` is the newest customer at the time of confirming: who comes later is not meant.
    """

    areas: tuple[int, ...] = ()
    plans: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    routers: tuple[int, ...] = ()
    arrears: str = ""
    owes: int = 0
    language: str = ""
    through: int | None = None

    @classmethod
    def stored(cls, values: Mapping[str, Any]) -> "Audience":
        """From a broadcast's `audience`; what we do not know is left out."""
        return cls(
            areas=_ids(values.get("areas")),
            plans=_ids(values.get("plans")),
            states=tuple(s for s in LINE_STATES if s in _list(values.get("states"))),
            routers=_ids(values.get("routers")),
            arrears=_one_of(values.get("arrears"), ARREARS),
            owes=max(_number(values.get("owes")), 0),
            language=_one_of(values.get("language"), LANGUAGES),
            through=_number(values.get("through")) or None,
        )

    @classmethod
    def typed(cls, form: Any) -> "Audience":
        """From a form or an address; odd values are left out."""
        names = ("areas", "plans", "states", "routers")
        values: dict[str, Any] = {name: form.getlist(name) for name in names}
        values |= {name: form.get(name, "") for name in ("arrears", "language")}
        values["owes"] = _rupiah(form.get("owes", ""))
        return cls.stored(values)

    def json(self) -> dict[str, Any]:
        """For the `audience` column."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value
        }


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _ids(value: Any) -> tuple[int, ...]:
    numbers = {_number(item) for item in _list(value)}
    return tuple(sorted(number for number in numbers if 0 < number <= BIGGEST_ID))


def _number(value: Any) -> int:
    """At most 12 digits, in rupiah or an id; 0 for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else 0


def _rupiah(typed: str) -> int:
    """As people write it; 0 for what is no whole sum of rupiah."""
    try:
        return parse_rupiah(typed)
    except ValueError:
        return 0


def _one_of(value: Any, known: Sequence[str]) -> str:
    return value if isinstance(value, str) and value in known else ""


@dataclass(frozen=True)
class Counts:
    """Of the audience: how many customers, how many numbers, who gets nothing and why.

    `messages` is what would be queued: one for each distinct number and text.
    """

    customers: int
    reachable: int
    messages: int
    closed: int
    no_number: int
    refused: int

    @property
    def same_number(self) -> int:
        return self.reachable - self.messages

    @property
    def skipped(self) -> int:
        return self.customers - self.messages


def why_skipped() -> ColumnElement[str]:
    """For each customer: "" or why no message goes there. Only who could be reached refuses."""
    running = exists().where(
        Subscription.customer_id == Customer.id, Subscription.state.in_(LINE_STATES)
    )
    refused = exists().where(OptOut.customer_id == Customer.id, OptOut.kind == "broadcast")
    length = func.length(Customer.phone)
    dialable = and_(Customer.phone.like("+%"), length >= _SHORTEST, length <= _LONGEST)
    return case(
        (not_(and_(Customer.status == "active", running)), CLOSED),
        (not_(dialable), NO_NUMBER),
        (refused, REFUSED),
        else_="",
    )


def people(audience: Audience) -> Select[Any]:
    """id, number, name, phone, language, why: everybody whom the filter means."""
    why = why_skipped().label("why")
    columns = (Customer.number, Customer.name, Customer.phone, Customer.language)
    statement: Any = select(Customer.id, *columns, why)
    found: Select[Any] = statement.where(*_conditions(audience))
    return found


def _conditions(audience: Audience) -> list[ColumnElement[bool]]:
    # Who only ordered is no customer yet, so not even left out.
    found = [Customer.status.not_in(PROSPECTS), _line(audience), *_arrears(audience)]
    if audience.areas:
        found.append(Customer.area_id.in_(audience.areas))
    if audience.language:
        found.append(Customer.language == audience.language)
    if audience.through:
        found.append(Customer.id <= audience.through)
    return found


def _line(audience: Audience) -> ColumnElement[bool]:
    """Plan, state and router are asked of one and the same line, and an ended one is none."""
    if not (audience.plans or audience.states or audience.routers):
        return true()
    states = audience.states or LINE_STATES
    about = [Subscription.customer_id == Customer.id, Subscription.state.in_(states)]
    if audience.plans:
        about.append(Subscription.plan_id.in_(audience.plans))
    if audience.routers:
        about.append(Subscription.router_id.in_(audience.routers))
    return exists().where(*about)


def _arrears(audience: Audience) -> list[ColumnElement[bool]]:
    """Past the due date today, or owing at least so much in all, due or not."""
    if audience.arrears == "overdue":
        late = (Invoice.state == "open", Invoice.due_on < today())
        return [exists().where(Invoice.customer_id == Customer.id, *late)]
    if audience.arrears == "owes":
        owing = (
            select(Invoice.customer_id)
            .where(Invoice.state == "open")
            .group_by(Invoice.customer_id)
            .having(func.sum(owed_amount()) >= max(audience.owes, 1))
        )
        return [Customer.id.in_(owing)]
    return []


def count(audience: Audience, body: str = "") -> Counts:
    """The figures, in two queries whatever the size."""
    rows = people(audience).subquery()
    by_reason: dict[str, int] = {
        why: number
        for why, number in db.session.execute(select(rows.c.why, func.count()).group_by(rows.c.why))
    }
    # Two customers behind one number get two messages only when the texts differ.
    told_apart = [rows.c.phone, *(rows.c[name] for name in wording.columns(body))]
    distinct = select(*told_apart).where(rows.c.why == "").distinct().subquery()
    messages = db.session.scalar(select(func.count()).select_from(distinct)) or 0
    return Counts(
        customers=sum(by_reason.values()),
        reachable=by_reason.get("", 0),
        messages=messages,
        closed=by_reason.get(CLOSED, 0),
        no_number=by_reason.get(NO_NUMBER, 0),
        refused=by_reason.get(REFUSED, 0),
    )


def skipped(audience: Audience) -> Select[Any]:
    """Those of the audience who get nothing because of themselves, by customer number."""
    rows = people(audience).subquery()
    return select(rows).where(rows.c.why != "").order_by(rows.c.number)


def example(audience: Audience) -> Any:
    """Somebody who would get a message, for the preview; None when nobody would."""
    rows = people(audience).subquery()
    return db.session.execute(
        select(rows).where(rows.c.why == "").order_by(rows.c.id).limit(1)
    ).one_or_none()


def newest_customer() -> int:
    """The id up to which customers exist now."""
    return db.session.scalar(select(func.max(Customer.id))) or 0
