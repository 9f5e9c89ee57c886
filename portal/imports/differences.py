"""What another system says of its customers, beside what our books say of the same: before an
import it tells what would come, after it whether everything arrived. Reads only.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.core.money import format_rupiah
from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.invoices.models_terms import Charge
from portal.invoices.queries import owed_amount
from portal.network.models import Router
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from portal.web.sentences import N_

_MANY = 400
ENDED = "ended"
STATES = {"active": N_("aktif"), "isolated": N_("diisolir"), "paused": N_("cuti"),
          "closed": N_("ditutup")}  # fmt: skip


@dataclass
class Ours:
    """What we say of one customer number; rupiah."""

    name: str = ""
    phone: str = ""
    state: str = ""
    plan: str = ""
    price: int = 0
    owes: int = 0
    credit: int = 0


@dataclass
class Report:
    """`summary` is (label, theirs, ours, same); `lines` is a customer and one thing that differs:
    (number, name, what, theirs, ours)."""

    summary: list[tuple[str, str, str, bool]] = field(default_factory=list)
    lines: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    not_taken: list[tuple[str, int]] = field(default_factory=list)


def compared(said: Mapping[str, Any]) -> Report:
    """The report of a dump's own words (as the check kept them) against the books of now."""
    people: Sequence[Mapping[str, Any]] = said["people"]
    ours = books({one["number"] for one in people})
    report = Report(not_taken=sorted(said["not_taken"].items()))
    for person in people:
        mine = ours.get(person["number"])
        report.lines += [
            (person["number"], person["name"], what, theirs, here)
            for what, theirs, here in _person(person, mine)
        ]
    _only_here(report, {one["number"] for one in people})
    _summary(report, said, people, ours)
    return report


def _person(theirs: Mapping[str, Any], ours: Ours | None) -> Iterator[tuple[str, str, str]]:
    if ours is None:
        yield _("Tidak ada di sini"), theirs["state"], theirs["why"] or _("Belum diimpor.")
        return
    if theirs["why"]:
        yield _("Ada di sini, tidak diambil dari dump"), theirs["state"], theirs["why"]
        return
    if theirs["plan"].strip() != ours.plan:
        yield _("Paket"), theirs["plan"], ours.plan
    for label, name in (
        (_("Harga per bulan"), "price"), (_("Utang"), "owes"), (_("Saldo"), "credit"),
    ):  # fmt: skip
        if theirs[name] != getattr(ours, name):
            yield label, format_rupiah(theirs[name]), format_rupiah(getattr(ours, name))
    isolated = theirs["state"] in {"diisolir", "habis masa aktif"}
    if isolated != (ours.state == "isolated"):
        yield _("Akses"), theirs["state"], str(_(STATES.get(ours.state, ours.state)))


def _only_here(report: Report, numbers: Collection[str]) -> None:
    statement = select(Customer.number, Customer.name).where(Customer.status == "active")
    for number, name in db.session.execute(statement.order_by(Customer.number)):
        if number not in numbers:
            report.lines.append((number, name, _("Hanya ada di sini"), "", _("aktif")))


def _summary(
    report: Report,
    said: Mapping[str, Any],
    people: Sequence[Mapping[str, Any]],
    ours: Mapping[str, Ours],
) -> None:
    taken = [one for one in people if not one["why"]]
    states = Counter(one["state"] for one in people)
    add = report.summary.append
    add((_("Pelanggan"), str(len(people)), str(len(ours)), len(people) == len(ours)))
    for state, count in sorted(states.items()):
        here = sum(one["number"] in ours for one in people if one["state"] == state)
        add((_("Pelanggan: %(state)s", state=state), str(count), str(here), count == here))
    for label, name in (
        (_("Jumlah harga per bulan, yang diambil"), "price"),
        (_("Utang, yang diambil"), "owes"),
        (_("Saldo, yang diambil"), "credit"),
    ):
        there = sum(one[name] for one in taken)
        here = sum(getattr(ours[one["number"]], name) for one in taken if one["number"] in ours)
        add((label, format_rupiah(there), format_rupiah(here), there == here))
    owing = sum(one["owes"] for one in people if one["why"])
    add((_("Utang, yang tidak diambil"), format_rupiah(owing), format_rupiah(0), owing == 0))
    _named(add, _("Paket"), {one["name"] for one in said["plans"]}, Plan.name)
    _named(add, _("Router"), set(said["routers"]), Router.name)
    for month, amount in sorted(said["received"].items(), reverse=True)[:3]:
        add((_("Uang masuk %(month)s (hanya sebagai pembanding)", month=month),
             format_rupiah(amount), "", True))  # fmt: skip


def _named(add: Any, label: str, theirs: set[str], column: Any) -> None:
    here = set(db.session.scalars(select(column)))
    missing = sorted(name for name in theirs if name.strip() not in here)
    words = f"{len(theirs) - len(missing)}"
    if missing:
        words += " " + _("(tidak ada: %(names)s)", names=", ".join(missing[:10]))
    add((label, str(len(theirs)), words, not missing))


def books(numbers: Collection[str]) -> dict[str, Ours]:
    """What our books say of these customer numbers."""
    found: dict[str, Ours] = {}
    ordered = sorted(numbers)
    for start in range(0, len(ordered), _MANY):
        found.update(_some(ordered[start : start + _MANY]))
    return found


def _some(numbers: Sequence[str]) -> dict[str, Ours]:
    found: dict[str, Ours] = {}
    ids: dict[int, str] = {}
    for person in db.session.scalars(select(Customer).where(Customer.number.in_(numbers))):
        found[person.number] = Ours(person.name, person.phone, person.status)
        ids[person.id] = person.number
    lines = db.session.scalars(
        select(Subscription).where(Subscription.customer_id.in_(ids), Subscription.state != ENDED)
    ).all()
    for line in lines:
        one = found[ids[line.customer_id]]
        one.price += line.price
        one.plan = line.plan.name
        one.state = line.state
    for customer_id, owed in db.session.execute(
        select(Invoice.customer_id, func.sum(owed_amount()))
        .where(Invoice.customer_id.in_(ids), Invoice.state == "open")
        .group_by(Invoice.customer_id)
    ):
        found[ids[customer_id]].owes = int(owed)
    for customer_id, amount in db.session.execute(
        select(Subscription.customer_id, func.sum(-Charge.amount))
        .join(Charge, Charge.subscription_id == Subscription.id)
        .where(
            Subscription.customer_id.in_(ids), Charge.amount < 0,
            Charge.invoice_id.is_(None), Charge.cancelled_at.is_(None),
        )
        .group_by(Subscription.customer_id)
    ):  # fmt: skip
        found[ids[customer_id]].credit = int(amount)
    return found
