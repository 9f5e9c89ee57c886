"""Who is walled off: the stored decision, and payments that land while it is taken."""

import random
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import now, today
from portal.invoices import billing
from portal.invoices.events import InvoicesClosed, InvoicesIssued
from portal.invoices.models import Invoice
from portal.network import isolation, reconcile
from portal.network.models import NetworkAccess
from portal.payments import service as payments
from portal.reactions import REACTIONS
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network import routers
from tests.network.routers import WAIT, Beside, Board

ROUNDS = 25


@pytest.fixture
def board() -> Iterator[Board]:
    with routers.in_process() as made:
        yield made


@pytest.fixture
def late(app: Flask, board: Board) -> Invoice:
    """An invoice past its grace, of a line behind a router."""
    line = factories.subscription(login="budi.1")
    routers.behind(line, "board")
    return factories.invoice(line, period="2026-10", due_on=today() - timedelta(days=30))


def line_of(invoice: Invoice) -> Subscription:
    return factories.fresh(Subscription, invoice.subscription_id)


def access_of(invoice: Invoice) -> NetworkAccess:
    return factories.fresh(NetworkAccess, invoice.subscription_id)


def payer_of(invoice: Invoice) -> Customer:
    return factories.fresh(Customer, invoice.customer_id)


def accesses() -> list[int]:
    found = list(db.session.scalars(select(NetworkAccess.subscription_id)))
    db.session.rollback()
    return found


def pay(invoice: Invoice) -> None:
    payments.record_payment(
        customer_id=invoice.customer_id,
        amount=invoice.total,
        source="cash",
        method="tunai",
        paid_at=now(),
        invoice_ids=[invoice.id],
    )
    db.session.commit()


def settle(invoice: Invoice) -> str:
    decision = isolation.settle_line(invoice.subscription_id)
    db.session.commit()
    return decision.action


def work_off_routers() -> None:
    for _ in range(3):
        reconcile.heal()
        db.session.commit()
        for subscription_id in reconcile.due():
            reconcile.apply_access(subscription_id)


def test_late_is_walled_off_once_with_its_reason(late: Invoice) -> None:
    assert [settle(late), settle(late)] == ["isolate", "isolate"]
    assert line_of(late).state == "isolated"
    row = access_of(late)
    assert (row.decision, row.episode) == ("isolate", 1)
    assert "masa tenggang" in row.reason and row.next_at is not None
    moved = select(func.count()).where(audit.AuditEntry.action == "subscription.isolated")
    assert db.session.scalar(moved) == 1
    db.session.rollback()


def test_the_payment_opens_in_its_own_transaction(late: Invoice, board: Board) -> None:
    settle(late)
    work_off_routers()
    assert board.states == {"budi.1": "isolated"}
    pay(late)
    assert line_of(late).state == "active", "at once, not at night"
    work_off_routers()
    assert board.states == {"budi.1": "open"}
    assert access_of(late).reason == "Tidak ada tagihan terbuka."


def test_a_part_payment_does_not_open(late: Invoice) -> None:
    settle(late)
    factories.payment(payer_of(late), late.total - 1, [late])
    assert line_of(late).state == "isolated"


def test_paying_one_of_two_late_ones_does_not_open(late: Invoice) -> None:
    other = factories.invoice(line_of(late), period="2026-09", due_on=today() - timedelta(days=60))
    settle(late)
    pay(other)
    assert line_of(late).state == "isolated"
    pay(late)
    assert line_of(late).state == "active"


def test_walled_off_by_hand_stays_so_whatever_is_paid(late: Invoice) -> None:
    assert isolation.isolate_by_hand(late.subscription_id, "merusak alat")
    db.session.commit()
    pay(late)
    isolation.run()
    assert line_of(late).state == "isolated"
    assert access_of(late).reason == "merusak alat"


def test_opened_by_hand_stays_open_up_to_its_day(late: Invoice, clock: FixedClock) -> None:
    settle(late)
    assert isolation.restore_by_hand(late.subscription_id, "janji bayar", days=2)
    db.session.commit()
    seen = []
    for _ in range(4):
        isolation.run()
        seen.append(line_of(late).state)
        clock.move(days=1)
    assert seen == ["active", "active", "active", "isolated"]


@pytest.mark.parametrize("state", ["paused", "ended"])
def test_a_paused_or_ended_line_is_left_alone(late: Invoice, state: str) -> None:
    db.session.get_one(Subscription, late.subscription_id).state = state
    db.session.commit()
    settle(late)
    assert isolation.run() == []
    assert line_of(late).state == state


def test_a_rule_that_was_eased_opens_in_the_nightly_run(late: Invoice) -> None:
    settle(late)
    settings.change("isolation.grace_days", 60, "system:test")
    db.session.commit()
    isolation.run()
    assert line_of(late).state == "active"


def test_a_dry_run_says_it_and_changes_nothing(late: Invoice) -> None:
    (outcome,) = isolation.run(dry_run=True)
    assert (outcome.decision, outcome.login) == ("isolate", "budi.1")
    assert line_of(late).state == "active"
    assert accesses() == []


def test_a_run_that_dies_loses_one_line_at_most(app: Flask, board: Board) -> None:
    owing = []
    for _ in range(4):
        line = factories.subscription()
        factories.invoice(line, due_on=today() - timedelta(days=30))
        owing.append(line.id)
    found = isolation.candidates()
    for subscription_id in found[:2]:
        isolation.settle_line(subscription_id)
        db.session.commit()
    isolation.settle_line(found[2])
    db.session.rollback()  # killed here
    assert [row.state for row in factories.every(Subscription)].count("isolated") == 2
    isolation.run()
    assert {row.state for row in factories.every(Subscription)} == {"isolated"}


def test_a_payment_that_lands_while_the_isolation_runs_wins(app: Flask, board: Board) -> None:
    """F21: the run, the payment and the routers at once, many times: the line ends up open."""
    dice = random.Random(21)
    for turn in range(ROUNDS):
        line = factories.subscription(login=f"f21.{turn}")
        routers.behind(line, "board")
        bill = factories.invoice(line, due_on=today() - timedelta(days=30))
        start = threading.Barrier(4)
        pauses = [dice.choice((0, 0, 0.002, 0.01)) for _ in range(4)]

        def at_once(work, pause):  # type: ignore[no-untyped-def]
            def go() -> None:
                start.wait(WAIT)  # noqa: B023
                time.sleep(pause)
                work()

            return Beside(app, go)

        racers = [
            at_once(lambda: isolation.run(), pauses[0]),
            at_once(lambda: pay(bill), pauses[1]),  # noqa: B023
            at_once(work_off_routers, pauses[2]),
            at_once(work_off_routers, pauses[3]),
        ]
        for racer in racers:
            racer.join()
        work_off_routers()
        assert line_of(bill).state == "active"
        assert board.states.get(line.login, "open") == "open"
        row = access_of(bill)
        assert (row.actual, row.next_at) == ("open", None)


@pytest.mark.services
def test_a_payment_and_an_invoice_run_do_not_lock_each_other_out(
    app: Flask, server_url: str, late: Invoice
) -> None:
    """The run refers to the line and wants the customer's credit; the payment holds the
    customer and wants the line."""
    if not server_url:
        pytest.skip("SQLite has one writer at a time")
    payer = payer_of(late)
    factories.invoice(line_of(late), period="2026-08", due_on=today(), total=1)
    factories.payment(payer, 1000 + 1 + late.total)  # everything, and some credit
    second = factories.invoice(line_of(late), period="2026-09", due_on=today() - timedelta(days=50))
    issued, holding = threading.Event(), threading.Event()

    def after_the_rows(_: InvoicesIssued) -> None:
        issued.set()
        assert holding.wait(WAIT)

    def before_the_line(_: InvoicesClosed) -> None:
        if threading.current_thread() is paying.thread:
            holding.set()
            time.sleep(0.3)  # the run asks for the customer meanwhile

    app.extensions["loket.reactions"] = {
        **REACTIONS,
        InvoicesIssued: [after_the_rows, *REACTIONS[InvoicesIssued]],
        InvoicesClosed: [before_the_line, *REACTIONS[InvoicesClosed]],
    }

    def run() -> int:

        count = billing.issue_chunk(Period.parse("2026-11"), only_due=False)
        db.session.commit()
        return count

    def pay_second() -> None:
        assert issued.wait(WAIT)
        pay(second)

    running = Beside(app, run)
    paying = Beside(app, pay_second)
    paying.join()
    assert running.join() == 1
    assert factories.fresh(Invoice, second.id).state == "paid"
