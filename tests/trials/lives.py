"""`python -m tests.trials.lives`: random customers through the product's nights, and on paper.

The same lives twice: real rows, the timetable's own nightly work, payments; and a ledger beside
it that counts day by day (`tests/invoices/naive.py` for an invoice; here when one is issued and
due, which tax rate held, who is late and what that costs). Every invoice must be the same in both,
line by line, to the rupiah and to the day.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random

from flask import Flask
from sqlalchemy import select, update

from jobs.schedule import change_lines, issue_invoices
from portal import create_app
from portal.config import Settings
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.invoices.models import Invoice, InvoiceLine
from portal.invoices.models_terms import SubscriptionDiscount, TaxRate
from portal.plans.models import Plan
from portal.settings import service as settings
from tests import factories
from tests.conftest import environment, migrate
from tests.invoices import naive
from tests.invoices.naive import Person

DAY = timedelta(days=1)
BEGIN = date(2027, 1, 1)
DUE_DAYS, LATE_DAYS, LATE_BP = 5, 6, 250
TAXES = (
    (date(2026, 1, 1), 1100, 1, 1),
    (date(2027, 3, 17), 1200, 11, 12),
    (date(2027, 8, 2), 0, 1, 1),
)
"""(from this day on, basis points, numerator, denominator)."""


@dataclass
class Bill:
    """An invoice on paper. `pays_on` and `pays` are decided when it is written."""

    period: tuple[int, int]
    lines: list[int]
    issued_on: date
    due_on: date
    late_in_it: int
    pays_on: date | None = None
    pays: int = 0
    paid: int = 0
    fee_asked: bool = False

    @property
    def owed(self) -> int:
        return sum(self.lines) - self.paid


@dataclass
class Life:
    """A customer on paper, and the rows that are he."""

    person: Person
    line_id: int = 0
    customer_id: int = 0
    bills: list[Bill] = field(default_factory=list)


def tax_on(day: date) -> tuple[int, int, int]:
    """The rate that held: the last that had begun."""
    rate, top, bottom = [(r, t, b) for since, r, t, b in TAXES if since <= day][-1]
    return rate, top, bottom


def clamped(year: int, month: int, wanted: int) -> date:
    """That day of the month, or its last."""
    first_of_next = date(*naive.later(year, month, 1), 1)
    return date(year, month, min(wanted, (first_of_next - DAY).day))


def somebody(dice: Random) -> Person:
    """A way of paying, a start, a price, perhaps discounts that end."""
    start = BEGIN + timedelta(days=dice.randint(-300, 90))
    person = Person(
        dice.choice(("calendar", "prepaid", "postpaid")),
        dice.choice((1, 1, 1, 3)),
        dice.randint(1, 31),
        start,
        [(date.min, dice.randint(50_000, 900_000))],
    )
    until = dice.choice((None, BEGIN + timedelta(days=dice.randint(0, 300))))
    if dice.random() < 0.4:
        person.percents = [(dice.randint(100, 9_000), until)]
    if dice.random() < 0.3:
        person.amounts = [(dice.randint(1_000, 90_000), until)]
    return person


def on_paper(life: Life, day: date, rule: str, dice: Random) -> None:
    """One night of a life: fees of those who are late, then the invoices whose day has come."""
    person = life.person
    for bill in life.bills:
        if not bill.fee_asked and bill.owed > 0 and day >= bill.due_on + LATE_DAYS * DAY:
            bill.fee_asked = True
            base = min(bill.owed, sum(bill.lines) - bill.late_in_it)
            fee = naive.rounded(Fraction(max(base, 0) * LATE_BP, 10_000))
            person.late += [fee] if fee else []
    before = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    for year, month in (before, (day.year, day.month)):
        _issue(life, year, month, day, rule, dice)


def _issue(life: Life, year: int, month: int, day: date, rule: str, dice: Random) -> None:
    person = life.person
    if any(bill.period == (year, month) for bill in life.bills):
        return
    comes = clamped(year, month, person.issue_day)
    cycle = naive.cycle_of(person, year, month)
    if cycle is None:
        return
    if person.way == "prepaid" and person.start < cycle[1]:
        comes = max(comes, person.start)
    # The first night catches up the month before; what came before the start is not billed.
    if comes > day or comes < person.start:
        return
    lines = naive.invoice(person, year, month, day, rule, tax_on(day))
    if lines is None:
        return
    due_on = max(clamped(year, month, person.issue_day), day) + DUE_DAYS * DAY
    bill = Bill((year, month), lines, day, due_on, sum(person.late))
    person.late = []
    total = sum(lines)
    when = dice.choice((0, 3, 12, 12, 30, None))
    if when is not None and total > 1:
        bill.pays_on = day + when * DAY
        bill.pays = dice.choice((total, total, total // 2))
    life.bills.append(bill)


def furnish(people: Sequence[Person], rule: str) -> list[Life]:
    """The rows of these people, and the owner's rules."""
    said = {
        "billing.proration": rule,
        "billing.due_days": DUE_DAYS,
        "billing.late_fee": "percent",
        "billing.late_fee_bp": LATE_BP,
        "billing.late_fee_days": LATE_DAYS,
        "isolation.enabled": False,
    }
    for key, value in said.items():
        settings.change(key, value)
    for since, rate, top, bottom in TAXES:
        db.session.add(
            TaxRate(
                valid_from=since, rate_bp=rate, numerator=top, denominator=bottom, created_at=now()
            )
        )
    db.session.commit()
    return [_rows(person) for person in people]


def _rows(person: Person) -> Life:
    plan = factories.plan(f"{person.way} {person.months}", 100_000)
    terms = update(Plan).where(Plan.id == plan.id)
    db.session.execute(terms.values(billing=person.way, cycle_months=person.months))
    db.session.commit()
    line = factories.subscription(
        tariff=factories.fresh(Plan, plan.id),
        billing_day=person.issue_day,
        price=person.prices[0][1],
        started_on=person.start,
    )
    for kind, found in (("percent", person.percents), ("amount", person.amounts)):
        for value, until in found:
            db.session.add(
                SubscriptionDiscount(
                    subscription_id=line.id, kind=kind, value=value, until_on=until,
                    reason="", created_at=now(),
                )
            )  # fmt: skip
    db.session.commit()
    return Life(person, line.id, line.customer_id)


def live(clock: FixedClock, lives: Sequence[Life], nights: int, rule: str, dice: Random) -> None:
    """So many nights and days, in both worlds."""
    for number in range(nights):
        day = BEGIN + number * DAY
        clock.at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        change_lines()
        issue_invoices()
        for life in lives:
            on_paper(life, day, rule, dice)
            for bill in life.bills:
                if bill.pays_on == day and bill.pays:
                    bill.paid += bill.pays
                    _pay(life, bill)


def _pay(life: Life, bill: Bill) -> None:
    period = f"{bill.period[0]:04d}-{bill.period[1]:02d}"
    found = select(Invoice).where(Invoice.subscription_id == life.line_id, Invoice.period == period)
    invoice = db.session.scalars(found).one()
    from portal.customers.models import Customer

    factories.payment(db.session.get_one(Customer, life.customer_id), bill.pays, [invoice])


def compare(lives: Sequence[Life]) -> tuple[int, int, list[str]]:
    """Invoices, rupiah, and whatever differs."""
    count = rupiah = 0
    wrong = []
    for life in lives:
        wanted = [
            (f"{b.period[0]:04d}-{b.period[1]:02d}", b.issued_on, b.due_on, b.lines)
            for b in life.bills
        ]
        found = []
        mine = select(Invoice).where(Invoice.subscription_id == life.line_id).order_by(Invoice.id)
        for one in db.session.scalars(mine).all():
            lines = select(InvoiceLine.amount).where(InvoiceLine.invoice_id == one.id)
            amounts = list(db.session.scalars(lines.order_by(InvoiceLine.position)))
            found.append((one.period, one.issued_on, one.due_on, amounts))
            count, rupiah = count + 1, rupiah + one.total
        wrong += [
            f"{life.person}\n   product {p}\n   paper   {w}"
            for p, w in zip(
                [*found, *[None] * len(wanted)], [*wanted, *[None] * len(found)], strict=False
            )
            if p != w
        ][:1]
    db.session.rollback()
    return count, rupiah, wrong


def trial(
    app: Flask, clock: FixedClock, people: int, nights: int, seed: int, rule: str
) -> tuple[int, int, list[str]]:
    """The lives of so many people, compared."""
    dice = Random(seed)
    clock.at = datetime(BEGIN.year, BEGIN.month, BEGIN.day, 1, tzinfo=UTC)
    with app.app_context():
        lives = furnish([somebody(dice) for _ in range(people)], rule)
        live(clock, lives, nights, rule, dice)
        return compare(lives)


def main() -> int:
    """Run and judge; SQLite in memory of a temporary folder."""
    import tempfile

    parser = argparse.ArgumentParser(prog="tests.trials.lives")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--nights", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", default="actual", choices=("none", "actual", "thirty"))
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/lives.db"
        migrate(url)
        clock = FixedClock(datetime(2027, 1, 1, tzinfo=UTC))
        app = create_app(Settings.from_env(environment(url, LOG_LEVEL="CRITICAL")), clock)
        count, rupiah, wrong = trial(app, clock, asked.people, asked.nights, asked.seed, asked.rule)
    print(*wrong[:5], sep="\n")
    print(f"{asked.people} people, {asked.nights} nights, {count} invoices, {rupiah} rupiah, "
          f"{len(wrong)} lives differ; {time.monotonic() - began:.0f} s")  # fmt: skip
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
