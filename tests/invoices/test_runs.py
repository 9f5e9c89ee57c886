"""A run that a person asked for: it outlives whatever happens between asking and done."""

import threading
from datetime import date, timedelta

import pytest
from flask import Flask

from jobs import schedule
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.invoices import billing, runs
from portal.invoices.events import InvoicesIssued
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.reactions import REACTIONS
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network.routers import WAIT, Beside
from tests.web.house import somebody

NOVEMBER, DECEMBER = Period.parse("2026-11"), Period.parse("2026-12")


@pytest.fixture(autouse=True)
def ten_lines(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "CHUNK", 4)
    owner = factories.customer()
    for _ in range(10):
        factories.subscription(owner)


def ask(period: Period) -> None:
    runs.request(period)
    db.session.commit()


def issued(period: Period) -> int:
    return sum(invoice.period == str(period) for invoice in factories.every(Invoice))


def wish() -> str | None:
    found: str | None = settings.fresh_internal(runs.REQUESTED)
    db.session.rollback()
    return found


def test_nothing_asked_nothing_done(app: Flask) -> None:
    assert runs.continue_requested() == 0


def test_asked_done_and_forgotten(app: Flask) -> None:
    ask(NOVEMBER)
    assert runs.progress(NOVEMBER) == runs.Progress("2026-11", 0, 10, True)
    db.session.rollback()
    assert runs.continue_requested() == 10
    assert (wish(), issued(NOVEMBER)) == (None, 10)
    assert runs.progress(NOVEMBER) == runs.Progress("2026-11", 10, 0, False)
    db.session.rollback()
    assert runs.continue_requested() == 0


def test_killed_in_the_middle_it_goes_on_where_it_was(app: Flask) -> None:
    ask(NOVEMBER)
    seen: list[int] = []

    def die(event: InvoicesIssued) -> None:
        seen.append(len(event.invoice_ids))
        if len(seen) == 2:
            raise SystemExit

    app.extensions["loket.reactions"] = {
        **REACTIONS,
        InvoicesIssued: [*REACTIONS[InvoicesIssued], die],
    }
    with pytest.raises(SystemExit):
        runs.continue_requested()
    db.session.rollback()
    assert (wish(), issued(NOVEMBER)) == ("2026-11", 4)
    assert runs.continue_requested() == 6
    assert sorted(invoice.number for invoice in factories.every(Invoice)) == [
        f"INV-202611-{number:05d}" for number in range(1, 11)
    ]


def test_a_second_wish_during_the_first_is_not_lost(app: Flask) -> None:
    ask(NOVEMBER)
    asked: list[bool] = []

    def change_of_mind(_: InvoicesIssued) -> None:
        if not asked:
            asked.append(True)
            runs.request(DECEMBER)

    app.extensions["loket.reactions"] = {
        **REACTIONS,
        InvoicesIssued: [*REACTIONS[InvoicesIssued], change_of_mind],
    }
    runs.continue_requested()
    assert wish() == "2026-12"
    runs.continue_requested()
    assert (wish(), issued(NOVEMBER), issued(DECEMBER)) == (None, 10, 10)


def test_two_workers_at_one_wish(app: Flask) -> None:
    ask(NOVEMBER)
    start = threading.Barrier(3)

    def go() -> int:
        start.wait(WAIT)
        return runs.continue_requested()

    assert sum(racer.join() for racer in [Beside(app, go) for _ in range(3)]) == 10
    assert (wish(), issued(NOVEMBER)) == (None, 10)


def messages() -> int:
    rows = factories.every(Message)
    return sum(row.kind == "invoice_notification" for row in rows)


def test_a_silent_run_tells_nobody_until_asked(app: Flask) -> None:
    """Then everybody once, however often one presses; who paid meanwhile is left alone."""
    runs.request(NOVEMBER, tell=False)
    db.session.commit()
    assert runs.continue_requested() == 10 and messages() == 0
    paid = factories.every(Invoice)[0]
    factories.payment(db.session.get_one(Customer, paid.customer_id), paid.total, [paid])
    desk = somebody(app, factories.staff())
    url = "/admin/invoices/run/notify?period=2026-11"
    assert "9 tagihan belum diberitahukan" in desk.page(url).text
    assert "Kirim notifikasi" in desk.page("/admin/invoices/run?period=2026-11").text
    assert desk.post(url).status_code == 303
    assert messages() == 9
    desk.post(url)
    assert messages() == 9
    assert "sudah dikirimi pesan" in desk.page(url).text
    assert desk.page("/admin/invoices/run/notify?period=x").status_code == 404


def test_invoices_of_another_system_are_not_told_of(app: Flask) -> None:
    """They were announced there; the import promises that no message goes out for them."""
    line = factories.every(Subscription)[0]
    old = factories.invoice(line, period="2026-11", due_on=date(2026, 11, 30))
    db.session.get_one(Invoice, old.id).number = "LAMA/77"
    db.session.commit()
    desk = somebody(app, factories.staff())
    url = "/admin/invoices/run/notify?period=2026-11"
    assert "belum diberitahukan" not in desk.page(url).text
    desk.post(url)
    assert messages() == 0


def test_the_next_run_speaks_again(app: Flask) -> None:
    runs.request(NOVEMBER, tell=False)
    db.session.commit()
    runs.continue_requested()
    ask(DECEMBER)
    runs.continue_requested()
    assert messages() == 10


def test_the_nightly_run_keeps_silent_with_a_silent_one(app: Flask) -> None:
    """Paused overnight, it is still nobody's business until a person says so."""
    runs.request(NOVEMBER, tell=False)
    runs.pause(NOVEMBER)
    db.session.commit()
    schedule.issue_invoices()
    told = {one.invoice_id for one in factories.every(Message)}
    november = {one.id for one in factories.every(Invoice) if one.period == "2026-11"}
    assert november and not told & november


def test_a_change_of_mind_is_heard_in_the_middle(
    app: Flask,
) -> None:
    """Asked for the same month again, aloud: what is still to come is told."""
    runs.request(NOVEMBER, tell=False)
    db.session.commit()
    asked: list[bool] = []

    def speak(_: InvoicesIssued) -> None:
        if not asked:
            asked.append(True)
            runs.request(NOVEMBER)

    app.extensions["loket.reactions"] = {
        **REACTIONS,
        InvoicesIssued: [*REACTIONS[InvoicesIssued], speak],
    }
    assert runs.continue_requested() == 10 and messages() == 6


def test_how_long_a_run_still_takes(app: Flask, clock: FixedClock) -> None:
    ask(NOVEMBER)
    seen = runs.progress(NOVEMBER)
    assert runs.seconds_left(seen) is None, "nothing is done yet"
    settings.set_internal(
        runs.LAST, {"period": "2026-11", "at": (wall() - timedelta(seconds=60)).isoformat()}
    )
    half = runs.Progress("2026-11", 5, 5, running=True)
    left = runs.seconds_left(half)
    assert left is not None and 59 <= left <= 61
    assert runs.seconds_left(runs.Progress("2026-12", 5, 5, running=True)) is None
    assert runs.seconds_left(runs.Progress("2026-11", 5, 5, running=True, paused=True)) is None
