"""The fuse: too many at once wait for a person, and what that person says."""

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now, today
from portal.messaging.models import Message, NoticeRecipient
from portal.network import fuse, isolation
from portal.network.models_isolation import IsolationStop
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network.routers import Beside


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 10_000), st.integers(1, 50))
def test_what_passes_is_within_the_share_or_too_few_to_ask(
    customers: int, base: int, limit_bp: int, least: int
) -> None:
    lines = customers + 1
    if not fuse.too_many(customers, lines, base, limit_bp, least):
        assert lines < least or customers <= base * limit_bp / 10_000
    else:
        assert lines >= least and customers > base * limit_bp / 10_000
    assert not fuse.too_many(base, lines, base, 10_000, least), "100 % never stops"


@pytest.fixture
def isp(app: Flask) -> None:
    """Four of twenty customers are late; the fuse asks above 10 % and from two lines on."""
    settings.change("isolation.fuse_bp", 1000)
    settings.change("isolation.fuse_lines", 2)
    db.session.add(
        NoticeRecipient(name="Kas", recipient="+628120000", topics=["isolation"], created_at=now())
    )
    db.session.commit()
    for number in range(20):
        line = factories.subscription()
        if number < 4:
            factories.invoice(line, due_on=today() - timedelta(days=30))


def walled() -> int:
    return [line.state for line in factories.every(Subscription)].count("isolated")


def told() -> list[str]:
    return [row.params["text"] for row in factories.every(Message) if row.kind == "staff_notice"]


def stop() -> IsolationStop:
    return factories.every(IsolationStop)[-1]


def answer(word: str) -> bool:
    changed = fuse.resolve(stop().id, word, "sudah dicek")
    db.session.commit()
    return changed


def late_too(number: int) -> None:
    for found in factories.every(Subscription)[-number:]:
        line = factories.fresh(Subscription, found.id)
        factories.invoice(line, due_on=today() - timedelta(days=30))


def test_it_stops_before_the_first_and_tells_once(isp: None) -> None:
    for _ in range(3):
        isolation.run()
    assert walled() == 0
    assert len(factories.every(IsolationStop)) == 1
    assert (stop().state, len(stop().lines), stop().customers, stop().base) == ("waiting", 4, 4, 20)
    (text,) = told()
    assert "4 langganan (4 dari 20 pelanggan aktif)" in text


def test_confirmed_it_goes_on_with_that_list(isp: None) -> None:
    isolation.run()
    assert answer("confirmed")
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "isolation.confirmed")
    ).one()
    assert (entry.reason, entry.after["lines"]) == ("sudah dicek", stop().lines)
    isolation.run()
    assert walled() == 4
    late_too(3)
    isolation.run()
    assert (walled(), stop().state) == (4, "waiting"), "three more were not on the list"


def test_what_was_paid_meanwhile_stays_open(isp: None) -> None:
    isolation.run()
    assert answer("confirmed")
    bill = factories.every(isolation.Invoice)[0]
    factories.payment(factories.fresh(isolation.Customer, bill.customer_id), bill.total, [bill])
    isolation.run()
    assert walled() == 3


def test_cancelled_it_is_asked_again_tomorrow(isp: None, clock: FixedClock) -> None:
    isolation.run()
    assert answer("cancelled")
    isolation.run()
    assert (walled(), len(factories.every(IsolationStop))) == (0, 1)
    clock.move(days=1)
    isolation.run()
    assert (walled(), stop().state, len(factories.every(IsolationStop))) == (0, "waiting", 2)


def test_yesterdays_answer_is_too_late(isp: None, clock: FixedClock) -> None:
    isolation.run()
    clock.move(days=1)
    assert not answer("confirmed")
    isolation.run()
    first, second = factories.every(IsolationStop)
    assert (first.state, second.state, walled()) == ("expired", "waiting", 0)
    assert len(told()) == 2


def test_an_answer_counts_once_and_needs_a_reason(isp: None) -> None:
    isolation.run()
    with pytest.raises(ValueError, match="alasan"):
        fuse.resolve(stop().id, "confirmed", " ")
    with pytest.raises(ValueError, match="answer"):
        fuse.resolve(stop().id, "maybe", "x")
    assert [answer("cancelled"), answer("confirmed")] == [True, False]


def test_many_small_runs_of_a_day_count_together(app: Flask) -> None:
    settings.change("isolation.fuse_bp", 1000)
    settings.change("isolation.fuse_lines", 2)
    db.session.commit()
    lines = [factories.subscription() for _ in range(20)]
    seen = []
    for line in lines[:4]:
        factories.invoice(line, due_on=today() - timedelta(days=30))
        isolation.run()
        seen.append(walled())
    assert seen == [1, 2, 2, 2]
    assert stop().state == "waiting"


def test_opening_never_waits_for_the_fuse(isp: None) -> None:
    settings.change("isolation.fuse_bp", 10_000)
    db.session.commit()
    isolation.run()
    assert walled() == 4
    settings.change("isolation.fuse_bp", 1)
    settings.change("isolation.grace_days", 60)
    db.session.commit()
    isolation.run()
    assert walled() == 0


def test_several_lines_of_one_customer_are_one_customer(app: Flask) -> None:
    settings.change("isolation.fuse_bp", 5000)
    settings.change("isolation.fuse_lines", 1)
    db.session.commit()
    owner = factories.customer()
    factories.customer()
    for _ in range(3):
        line = factories.subscription(owner)
        factories.invoice(line, due_on=today() - timedelta(days=30))
    isolation.run()
    assert walled() == 3


@pytest.mark.services
def test_runs_at_once_make_one_stop(app: Flask, isp: None) -> None:
    racers = [Beside(app, isolation.run) for _ in range(4)]
    for racer in racers:
        racer.join()
    assert (walled(), len(factories.every(IsolationStop)), len(told())) == (0, 1, 1)
