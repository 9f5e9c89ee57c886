"""What a row would do to the books: pure comparison with a snapshot of them.

The check uses it for a whole file, the writing for one piece at a time; the two agree because
it is the same function.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import select

from portal.customers.models import Area, Customer
from portal.customers.service import PROSPECTS
from portal.extensions import db
from portal.imports.columns import LABELS
from portal.imports.rows import CustomerRow
from portal.invoices.models import OTHER_SYSTEM, Invoice
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription

PREFIX = OTHER_SYSTEM
CLOSED = "Pelanggan ini sudah ditutup. Buka kembali dahulu, atau pakai nomor lain."
_MANY = 400
T = TypeVar("T")


@dataclass
class Known:
    """What the books hold of the rows at hand: fields as they are stored."""

    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: dict[str, tuple[int | None, int]] = field(default_factory=dict)
    areas: dict[str, int] = field(default_factory=dict)
    invoices: set[str] = field(default_factory=set)
    phones: dict[str, set[str]] = field(default_factory=dict)
    logins: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Verdict:
    """`customer` and `line`: new, changed or same. `refused` is why nothing is done.

    `changes` are (label, old, new) of what there is already, as people read it.
    """

    customer: str = "same"
    line: str = "same"
    refused: tuple[str, str, str] | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    invoices: int = 0

    @property
    def what(self) -> str:
        """new, changed, same or bad."""
        if self.refused:
            return "bad"
        if self.customer == "new":
            return "new"
        moved = self.customer == "changed" or self.line != "same" or self.invoices
        return "changed" if moved else "same"


def read_known(rows: Sequence[CustomerRow]) -> Known:
    """The books as far as these rows are concerned; reads only."""
    found = Known(
        plans={name: (key, price) for name, key, price in db.session.execute(
            select(Plan.name, Plan.id, Plan.price))},
        areas={name: key for name, key in db.session.execute(select(Area.name, Area.id))},
    )  # fmt: skip
    for chunk in _chunks({row.number for row in rows}):
        for person in db.session.scalars(select(Customer).where(Customer.number.in_(chunk))):
            found.customers[person.number] = _person(person)
    statement = select(Subscription, Customer.number).join(
        Customer, Customer.id == Subscription.customer_id
    )
    for chunk in _chunks({row.login for row in rows}):
        for line, number in db.session.execute(statement.where(Subscription.login.in_(chunk))):
            found.lines[line.login] = _line(line, number)
    old = {PREFIX + one.number for row in rows if row.extra for one in row.extra.invoices}
    for chunk in _chunks(old):
        found.invoices |= set(
            db.session.scalars(select(Invoice.number).where(Invoice.number.in_(chunk)))
        )
    return found


def read_phones(known: Known, rows: Sequence[CustomerRow]) -> None:
    """Also whose numbers these are; for warnings only."""
    for chunk in _chunks({row.phone for row in rows}):
        statement = select(Customer.phone, Customer.number).where(
            Customer.phone.in_(chunk), Customer.status == "active"
        )
        for phone, number in db.session.execute(statement):
            known.phones.setdefault(phone, set()).add(number)


def read_logins(known: Known, numbers: Collection[str]) -> None:
    """Also which lines these customers have."""
    statement = select(Subscription, Customer.number).join(
        Customer, Customer.id == Subscription.customer_id
    )
    for chunk in _chunks(set(numbers)):
        wanted = statement.where(Customer.number.in_(chunk), Subscription.state != "ended")
        for line, number in db.session.execute(wanted):
            known.logins.setdefault(number, []).append(line.login)
            known.lines.setdefault(line.login, _line(line, number))


def completed(row: CustomerRow, said: Collection[str], known: Known) -> CustomerRow:
    """The row with what the file does not say (`said`: our columns that are filled) as it is.

    Without this a file that has no address column would empty the addresses, and one without
    logins would give everybody a second line.
    """
    person, logins = known.customers.get(row.number), known.logins.get(row.number, [])
    if person is None:
        return row
    kept: dict[str, Any] = {name: person[name] for name in ("address", "area") if name not in said}
    if row.phone_alt is None and row.phone == person["phone"]:
        kept["phone_alt"] = person["phone_alt"]
    if "login" not in said and len(logins) == 1:
        kept["login"] = logins[0]
    line = known.lines.get(kept.get("login", row.login))
    if line is not None and "billing_day" not in said:
        kept["billing_day"] = line["billing_day"]
    return replace(row, **kept)


def _chunks(values: Collection[T]) -> Iterator[list[T]]:
    ordered = list(values)
    for start in range(0, len(ordered), _MANY):
        yield ordered[start : start + _MANY]


def _person(person: Customer) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "phone": person.phone,
        "phone_alt": person.phone_alt,
        "address": person.address,
        "area": person.area.name if person.area else "",
        "status": person.status,
    }


def _line(line: Subscription, number: str) -> dict[str, Any]:
    return {
        "id": line.id,
        "number": number,
        "plan": line.plan.name,
        "price": line.price,
        "billing_day": line.billing_day,
    }


def judge(row: CustomerRow, known: Known) -> Verdict:
    """What this row would do; `known` learns it, so that the next row sees it."""
    line, person = known.lines.get(row.login), known.customers.get(row.number)
    if line is not None and line["number"] != row.number:
        sentence = f"Login layanan ini sudah dipakai pelanggan {line['number']}."
        return Verdict(refused=("login", row.login, sentence))
    if person is not None and person["status"] in PROSPECTS:
        sentence = "Nomor ini milik calon pelanggan. Selesaikan pesanannya di Pesanan."
        return Verdict(refused=("number", row.number, sentence))
    if person is not None and person["status"] != "active":
        return Verdict(refused=("number", row.number, CLOSED))
    verdict = Verdict()
    wanted = {
        "name": row.name, "phone": row.phone, "phone_alt": row.phone_alt,
        "address": row.address, "area": row.area.strip(),
    }  # fmt: skip
    verdict.customer = _compare(person, wanted, verdict)
    service = {"plan": row.plan.strip(), "price": row.price, "billing_day": row.billing_day}
    verdict.line = _compare(line, service, verdict)
    known.customers[row.number] = {"id": None, "status": "active", **(person or {}), **wanted}
    known.lines[row.login] = {"id": None, **(line or {}), "number": row.number, **service}
    known.plans.setdefault(row.plan.strip(), (None, row.price))
    if row.extra:
        fresh = {PREFIX + one.number for one in row.extra.invoices} - known.invoices
        verdict.invoices = len(fresh)
        known.invoices |= fresh
    return verdict


def _compare(old: dict[str, Any] | None, new: dict[str, Any], verdict: Verdict) -> str:
    if old is None:
        return "new"
    changed = [name for name, value in new.items() if old[name] != value]
    for name in changed:
        label = LABELS["phone" if name == "phone_alt" else name]
        verdict.changes.append((label, _shown(old[name]), _shown(new[name])))
    return "changed" if changed else "same"


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
