"""The filter of the customers list: read from an address, written back into one, said in words,
and as SQL. The list, the count, the export and bulk actions all use this one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, exists, func, select

from portal.counter import queries as counter
from portal.customers.models import Area, Customer
from portal.customers.service import PROSPECTS
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices.models import Invoice
from portal.network.models import Router
from portal.plans.models import Plan
from portal.subscriptions.finding import customer_matches
from portal.subscriptions.models import Subscription
from portal.web.setup import BIGGEST_ID

# What is asked of a line, then what is asked of the customer.
LINE_STATES: dict[str, Any] = {
    "active": _l("Aktif"),
    "isolated": _l("Diisolir"),
    "paused": _l("Cuti"),
    "ended": _l("Berhenti"),
}
STATES: dict[str, Any] = {
    "current": _l("Pelanggan aktif"),
    **LINE_STATES,
    "closed": _l("Ditutup"),
    "prospect": _l("Calon, belum dipasang"),
}
OWES: dict[str, Any] = {
    "overdue": _l("Lewat jatuh tempo"),
    "owing": _l("Ada tagihan terbuka"),
    "none": _l("Tidak ada tagihan terbuka"),
}
SORTS: dict[str, Any] = {
    "": _l("Nomor pelanggan"),
    "name": _l("Nama"),
    "newest": _l("Terbaru"),
    "owed": _l("Tunggakan terbesar"),
}


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to, and its order; empty means everything."""

    text: str = ""
    state: str = ""
    owes: str = ""
    area: int = 0
    plan: int = 0
    router: int = 0
    sort: str = ""

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return replace(self, sort="") != Filter()

    def fields(self, **more: Any) -> list[tuple[str, Any]]:
        """What is not empty, under the names of the form."""
        named = {
            "q": self.text,
            "state": self.state,
            "owes": self.owes,
            "area": self.area,
            "plan": self.plan,
            "router": self.router,
            "sort": self.sort,
            **more,
        }
        return [(name, value) for name, value in named.items() if value]

    def query(self, **more: Any) -> str:
        """The filter as it stands in an address."""
        return urlencode(self.fields(**more))


def read(args: Mapping[str, str]) -> Filter:
    """The filter in an address or form; what cannot be read is left out."""
    state, owes = args.get("state", ""), args.get("owes", "")
    if state == "arrears":  # in addresses that were kept
        state, owes = "", "overdue"
    return Filter(
        text=args.get("q", "").strip()[:80],
        state=state if state in STATES else "",
        owes=owes if owes in OWES else "",
        area=_id(args.get("area", "")),
        plan=_id(args.get("plan", "")),
        router=_id(args.get("router", "")),
        sort=args.get("sort", "") if args.get("sort", "") in SORTS else "",
    )


def stored(query: str) -> Filter:
    """From what `query()` wrote."""
    return read(dict(parse_qsl(query)))


def _id(typed: str) -> int:
    plain = typed.isascii() and typed.isdigit() and len(typed) <= 10
    return int(typed) if plain and int(typed) <= BIGGEST_ID else 0


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """On `customer`: the filter, and whom the logged-in person may see at all."""
    # Who only ordered is no customer yet; those are a list of their own.
    ordered = Customer.status.in_(PROSPECTS)
    found: list[Any] = [ordered if wanted.state == "prospect" else ~ordered, *counter.seen()]
    if wanted.text:
        found.append(customer_matches(wanted.text))
    if wanted.area:
        found.append(Customer.area_id == wanted.area)
    if wanted.state in {"closed", "current"}:
        found.append(Customer.status == ("closed" if wanted.state == "closed" else "active"))
    found += [*_line(wanted), *_owing(wanted.owes)]
    return found


def _line(wanted: Filter) -> list[Any]:
    """State, plan and router are asked of one and the same line."""
    about: list[Any] = []
    if wanted.state in LINE_STATES:
        about.append(Subscription.state == wanted.state)
    if wanted.plan:
        about.append(Subscription.plan_id == wanted.plan)
    if wanted.router:
        about.append(Subscription.router_id == wanted.router)
    if not about:
        return []
    if wanted.state not in {"ended", "closed"}:  # who was closed has ended lines only
        about.append(Subscription.state != "ended")
    return [exists().where(Subscription.customer_id == Customer.id, *about)]


def _owing(owes: str) -> list[Any]:
    if not owes:
        return []
    about = [Invoice.customer_id == Customer.id, Invoice.state == "open"]
    if owes == "overdue":
        about.append(Invoice.due_on < today())
    found = exists().where(*about)
    return [~found if owes == "none" else found]


def count(wanted: Filter) -> int:
    """Exactly how many customers it means."""
    statement = select(func.count()).select_from(Customer).where(*conditions(wanted))
    return int(db.session.scalar(statement) or 0)


def choices() -> dict[str, Any]:
    """What the form offers; a collector's areas are their own."""
    areas = select(Area.id, Area.name).order_by(Area.name)
    if counter.is_collector():
        from flask_login import current_user

        areas = areas.where(Area.collector_id == current_user.id)
    return {
        "states": STATES,
        "owes": OWES,
        "sorts": SORTS,
        "areas": db.session.execute(areas).all(),
        "plans": db.session.execute(select(Plan.id, Plan.name).order_by(Plan.name)).all(),
        "routers": db.session.execute(select(Router.id, Router.name).order_by(Router.name)).all(),
    }


def in_words(wanted: Filter) -> list[str]:
    """The filter as short sentences, for confirming and for the audit log."""
    said = []
    if wanted.text:
        said.append(_("cocok dengan “%(text)s”", text=wanted.text))
    if wanted.state:
        said.append(str(STATES[wanted.state]))
    if wanted.owes:
        said.append(str(OWES[wanted.owes]))
    named: tuple[tuple[Any, int], ...] = (
        (Area, wanted.area),
        (Plan, wanted.plan),
        (Router, wanted.router),
    )
    for model, row_id in named:
        if row_id:
            name = db.session.scalar(select(model.name).where(model.id == row_id))
            said.append(name or f"#{row_id}")
    return said
