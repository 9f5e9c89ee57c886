"""Reports against random books: a naive second implementation agrees to the rupiah, every cell
is the sum of the rows it leads to, and the ledger has no gap on any day."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.extensions import db
from portal.health.invariants import INVARIANTS, violations
from portal.infra.timekeeping import today
from portal.invoices.models import Allocation, Invoice
from portal.invoices.queries import owed_amount
from portal.payments.models import Credit, Payment
from portal.reports import ledger
from portal.reports.catalog import REPORTS
from portal.reports.measures import MEASURES, figure, listing
from portal.reports.scope import Scope
from portal.reports.tables import Table
from tests.payments import books as sound
from tests.reports import naive
from tests.reports.random_books import Life, rows_there_are

START = datetime(2026, 5, 31, 17, 5, tzinfo=UTC)  # 1 June, five past midnight there
# Another life on each engine; what differs between the engines is not arithmetic.
SEEDS = [1 if os.environ.get("TEST_DATABASE_URL") else 0]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture(params=SEEDS)
def lived(request: Any, app: Flask, clock: FixedClock) -> Iterator[naive.Books]:
    """Four months of something; read into Python."""
    life = Life(clock, request.param)
    life.live(4)
    sound.balanced()
    with app.test_request_context():
        yield naive.Books()
        db.session.rollback()


def ranges() -> list[tuple[date, date]]:
    """Months, several of them, and odd days."""
    june = Period.parse("2026-06")
    months = [(one.first_day, one.last_day) for one in (june, june.next(), june.plus(3))]
    odd = [(date(2026, 6, 7), date(2026, 6, 7)), (date(2026, 6, 20), date(2026, 8, 13))]
    return [*months, *odd, (june.first_day, june.plus(5).last_day)]


def scopes() -> Iterator[Scope]:
    for since, until in ranges():
        plain = Scope(since, until)
        yield plain
    yield plain.with_(basis="due")
    whole = Scope(*ranges()[-1])
    for area, staff in product(("", "1", "-"), ("", "1", "-")):
        yield whole.with_(area=area, staff=staff)
    yield whole.with_(source="cash", method="-")
    yield whole.with_(source="pakasir", method="qris")
    for bucket in ("0", "7", "30", "31", "60", "91"):
        yield whole.with_(bucket=bucket)


def test_lives_are_full(lived: naive.Books) -> None:
    assert rows_there_are()["payments"] >= 10
    assert lived.tables["credit_note"] and lived.tables["credit"]


def test_every_number_is_what_walking_all_rows_finds(lived: naive.Books) -> None:
    wrong = []
    for scope in scopes():
        for name in MEASURES:
            rows = naive.of(lived, name, scope)
            expected = (sum(row.amount for row in rows), len(rows))
            found = figure(name, scope)
            listed = [row.amount for row in db.session.execute(listing(name, scope))]
            if not (found.amount, found.count) == expected == (sum(listed), len(listed)):
                wrong.append((name, scope.args(), found, expected, sum(listed)))
    assert wrong == []


def test_every_cell_is_the_sum_of_the_rows_it_leads_to(lived: naive.Books) -> None:
    cells = 0
    for (name, report), (since, until) in product(REPORTS.items(), ranges()):
        basis = "received" if name == "tax" else ""
        for scope in (Scope(since, until, basis=basis), Scope(since, until, area="-")):
            table = report.build(scope)
            for line in (*table.lines, *table.foot):
                for cell in line.cells:
                    if not cell.measure:
                        continue
                    assert cell.scope is not None
                    rows = naive.of(lived, cell.measure, cell.scope)
                    amount = sum(row.amount for row in rows)
                    expected = len(rows) if cell.kind == "count" else amount
                    assert cell.value == expected, (name, scope.args(), line.label, cell)
                    cells += 1
            _adds_up(name, table)
    assert cells > 800


def _adds_up(name: str, table: Table) -> None:
    """The total is the sum of its lines, column by column."""
    if not table.foot:
        return
    for number, column in enumerate(table.columns):
        if column.kind != "share":
            parts = sum(line.cells[number].value or 0 for line in table.lines)
            assert table.foot[0].cells[number].value == parts, (name, column.name)


def test_the_books_agree_on_every_day(lived: naive.Books) -> None:
    last = today()
    begin = date(2026, 5, 30)
    for day in naive.days_between(begin, last):
        # A gap on any day is a gap of the range that ends there.
        assert ledger.gaps(Scope(begin, day)) == [0, 0], day


def test_what_is_owed_today_is_what_the_invoices_say(lived: naive.Books) -> None:
    now_owed = db.session.scalars(select(owed_amount()).where(Invoice.state == "open")).all()
    found = figure("receivable", Scope(today(), today()))
    assert (found.amount, found.count) == (sum(now_owed), len(now_owed))


def test_shares_are_of_the_numbers_beside_them(lived: naive.Books) -> None:
    scope = Scope(*ranges()[-1])
    table = REPORTS["collection"].build(scope)
    for line in (*table.lines, table.foot[0]):
        values = {
            column.name: cell.value for column, cell in zip(table.columns, line.cells, strict=True)
        }
        claim, paid = values["claim"] or 0, values["collected"] or 0
        # Paid, given up and still owed are all there is.
        assert claim == paid - (values["given_up"] or 0) + (values["owed"] or 0)
        if claim:
            assert values["rate"] == (paid * 20_000 + claim) // (2 * claim)
    methods = REPORTS["methods"].build(scope)
    shares = [line.cells[2].value or 0 for line in methods.lines]
    assert abs(sum(shares) - 10_000) <= len(shares)


@pytest.mark.parametrize("harm", ["allocation", "credit", "payment", "unpaid"])
def test_harm_to_the_books_opens_a_gap(app: Flask, clock: FixedClock, harm: str) -> None:
    Life(clock, 1).live(3)
    with app.test_request_context():
        scope = Scope(date(2026, 6, 1), today())
        assert ledger.gaps(scope) == [0, 0]
        if harm == "allocation":
            one = db.session.scalars(select(Allocation.id).limit(1)).one()
            db.session.execute(delete(Allocation).where(Allocation.id == one))
        elif harm == "credit":
            one = db.session.scalars(select(Credit.id).limit(1)).one()
            db.session.execute(
                update(Credit).where(Credit.id == one).values(amount=Credit.amount + 1)
            )
        elif harm == "payment":
            one = db.session.scalars(select(Payment.id).limit(1)).one()
            db.session.execute(
                update(Payment).where(Payment.id == one).values(amount=Payment.amount + 1)
            )
        else:
            one = db.session.scalars(select(Invoice.id).where(Invoice.state == "open")).first()
            stamp = clock.now() - timedelta(days=200)
            db.session.execute(
                update(Invoice).where(Invoice.id == one).values(state="paid", paid_at=stamp)
            )
        assert ledger.gaps(scope) != [0, 0]
        # `flask doctor` sees it too.
        assert violations(next(rule for rule in INVARIANTS if rule.name == "I22"))
        db.session.rollback()
