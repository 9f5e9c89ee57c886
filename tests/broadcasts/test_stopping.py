"""Pause, resume and cancel of a broadcast: what waits is held, what comes back too."""

import threading

from flask import Flask
from sqlalchemy import update

from portal.broadcasts import expansion, service
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import sending
from portal.messaging import service as messaging
from portal.messaging.models import Message
from tests import factories
from tests.broadcasts.crowd import (
    broadcast,
    confirmed,
    crowd,
    customers_of,
    once_each,
    queued,
    tick,
)
from tests.messaging.conftest import deduping, provider
from tests.messaging.fakes import Provider

__all__ = ["deduping", "provider"]


def test_pausing_during_the_expansion_stops_it_and_resuming_goes_on(
    app: Flask, provider: Provider
) -> None:
    ids = crowd(1_100)
    broadcast_id = confirmed()

    def pause(name: str) -> None:
        if name == "broadcasts.committed" and not provider.arrived:
            service.pause(broadcast_id)
            db.session.commit()

    app.extensions["loket.checkpoint"] = pause
    tick()
    app.extensions["loket.checkpoint"] = lambda _name: None
    assert broadcast(broadcast_id).state == "paused"
    assert len(queued(broadcast_id)) == expansion.CHUNK
    tick()
    assert len(queued(broadcast_id)) == expansion.CHUNK
    assert sending.drain("bulk") == 0 and provider.arrived == []
    assert service.resume(broadcast_id)
    db.session.commit()
    tick()
    assert customers_of(broadcast_id) == once_each(ids)
    assert {row.lane for row in queued(broadcast_id)} == {"bulk"}


def test_a_message_that_came_back_during_the_pause_is_held_at_the_next_tick(app: Flask) -> None:
    crowd(3)
    broadcast_id = confirmed()
    tick()
    assert service.pause(broadcast_id)
    db.session.commit()
    back = queued(broadcast_id)[0].id
    db.session.execute(update(Message).where(Message.id == back).values(lane="bulk"))
    db.session.commit()
    tick()
    assert {row.lane for row in queued(broadcast_id)} == {messaging.HELD}


def test_a_long_pause_lets_nothing_expire(app: Flask, clock: FixedClock) -> None:
    crowd(2)
    broadcast_id = confirmed()
    tick()
    service.pause(broadcast_id)
    db.session.commit()
    for _day in range(6):
        clock.move(days=1)
        tick()
        sending.sweep()
    service.resume(broadcast_id)
    db.session.commit()
    tick()
    sending.sweep()
    assert {row.state for row in queued(broadcast_id)} == {"pending"}


def test_cancelling_takes_what_waits_and_what_comes_back(app: Flask) -> None:
    crowd(3)
    broadcast_id = confirmed()
    tick()
    away = queued(broadcast_id)[0].id
    db.session.execute(update(Message).where(Message.id == away).values(state="sending"))
    db.session.commit()
    assert service.cancel(broadcast_id, "Salah tulis") and not service.cancel(broadcast_id, "")
    db.session.commit()
    assert [row.state for row in queued(broadcast_id)] == ["sending", "cancelled", "cancelled"]
    tick()
    assert broadcast(broadcast_id).finished_at is None
    db.session.execute(update(Message).where(Message.id == away).values(state="pending"))
    db.session.commit()
    tick()
    assert {row.state for row in queued(broadcast_id)} == {"cancelled"}
    row = broadcast(broadcast_id)
    assert row.state == "cancelled" and row.finished_at is not None
    assert not service.pause(broadcast_id) and not service.resume(broadcast_id)
    (entry,) = [e for e in factories.every(AuditEntry) if e.action == "broadcast.cancel"]
    assert entry.reason == "Salah tulis" and entry.after == {"cancelled": 2}


def test_cancelled_before_it_was_queued_nothing_is_queued(app: Flask) -> None:
    crowd(3)
    broadcast_id = confirmed()
    service.cancel(broadcast_id, "")
    db.session.commit()
    tick()
    assert queued(broadcast_id) == []
    assert broadcast(broadcast_id).finished_at is not None


def test_two_workers_and_an_impatient_person_at_once(app: Flask) -> None:
    ids = crowd(2_200)
    broadcast_id = confirmed()
    faults: list[BaseException] = []

    def in_context(work) -> threading.Thread:  # type: ignore[no-untyped-def]
        def run() -> None:
            try:
                with app.app_context():
                    work()
                    db.session.remove()
            except BaseException as error:
                faults.append(error)

        return threading.Thread(target=run)

    def press() -> None:
        for _ in range(6):
            service.pause(broadcast_id)
            db.session.commit()
            service.resume(broadcast_id)
            db.session.commit()

    threads = [in_context(expansion.continue_all) for _ in range(2)] + [in_context(press)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not faults
    tick()
    assert customers_of(broadcast_id) == once_each(ids)
    row = broadcast(broadcast_id)
    assert (row.state, row.queued) == ("sending", 2_200)
    assert {message.lane for message in queued(broadcast_id)} == {"bulk"}
