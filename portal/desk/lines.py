"""The list of all lines: filtered by the address, one page by its neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select

from portal.counter import queries as counter
from portal.customers.models import Customer
from portal.desk.filtering import LINE_STATES, Filter, read
from portal.extensions import db
from portal.network.models import NetworkAccess
from portal.subscriptions.finding import customer_matches
from portal.subscriptions.models import Subscription

PER_PAGE = 50


@dataclass(frozen=True)
class LinesPage:
    """Rows of (line, customer, access or None), and the ids to go on after or before."""

    rows: Sequence[Any]
    total: int
    after: int = 0
    before: int = 0


def read_filter(args: Mapping[str, str]) -> Filter:
    """As the customers list reads its own; states of lines only."""
    wanted = read(args)
    state = wanted.state if wanted.state in LINE_STATES else ""
    return Filter(wanted.text, state, "", wanted.area, wanted.plan, wanted.router)


def one_page(wanted: Filter, after: int = 0, before: int = 0) -> LinesPage:
    """By id: the first page, or the one after or before this line."""
    statement = _statement(wanted)
    backwards = bool(before and not after)
    if after:
        statement = statement.where(Subscription.id > after)
    elif before:
        statement = statement.where(Subscription.id < before)
    order = Subscription.id.desc() if backwards else Subscription.id
    found = list(db.session.execute(statement.order_by(order).limit(PER_PAGE + 1)).unique())
    more, rows = len(found) > PER_PAGE, found[:PER_PAGE]
    if backwards:
        rows.reverse()
    first, last = (rows[0][0].id, rows[-1][0].id) if rows else (0, 0)
    has_next = more if not backwards else True
    has_previous = more if backwards else bool(after)
    total = db.session.scalar(
        select(func.count()).select_from(
            _statement(wanted).with_only_columns(Subscription.id).order_by(None).subquery()
        )
    )
    return LinesPage(rows, int(total or 0), last if has_next else 0, first if has_previous else 0)


def _statement(wanted: Filter) -> Select[Any]:
    statement: Any = (
        select(Subscription, Customer, NetworkAccess)
        .join(Customer, Customer.id == Subscription.customer_id)
        .outerjoin(NetworkAccess, NetworkAccess.subscription_id == Subscription.id)
        .where(*counter.seen())
    )
    if wanted.text:
        login = Subscription.login.icontains(wanted.text, autoescape=True)
        statement = statement.where(or_(login, customer_matches(wanted.text)))
    if wanted.state:
        statement = statement.where(Subscription.state == wanted.state)
    if wanted.area:
        statement = statement.where(Customer.area_id == wanted.area)
    if wanted.plan:
        statement = statement.where(Subscription.plan_id == wanted.plan)
    if wanted.router:
        statement = statement.where(Subscription.router_id == wanted.router)
    found: Select[Any] = statement
    return found
