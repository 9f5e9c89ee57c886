"""What the campaign found, each in its smallest form."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent, Retryable
from portal.extensions import db
from portal.infra import inbox, locks
from portal.infra.schedule import ScheduleRun
from portal.infra.timekeeping import wall
from portal.invoices.models import Invoice
from portal.messaging import channels, meters, receipts, sending
from portal.messaging.drivers.base import DeliveryEvent, OutgoingMessage, Receipt
from portal.messaging.models import Message
from tests import factories
from tests.messaging.fakes import Deduping, Killed, Provider
from tests.messaging.rows import attempts, message, queued

LOST = Retryable("putus", outcome_unknown=True)


def swept(at: FixedClock) -> None:
    """The scheduler's last sweep ended at this moment."""
    row = db.session.get(ScheduleRun, "sweep_messages") or ScheduleRun(name="sweep_messages")
    row.started_at = row.finished_at = at.wall()
    db.session.add(row)
    db.session.commit()


def taken_then(deduping: Deduping, later: Exception) -> None:
    """The provider takes the first, its answer is lost; then it refuses everything."""

    def first(outgoing: OutgoingMessage) -> Receipt:
        deduping.keep(outgoing)
        raise LOST

    def refuse(_outgoing: OutgoingMessage) -> Receipt:
        raise later

    deduping.answers = [first]
    deduping.always = refuse


def test_what_may_have_arrived_is_not_called_failed_when_the_tries_run_out(
    deduping: Deduping, clock: FixedClock
) -> None:
    taken_then(deduping, Retryable("sibuk"))
    message_id = queued()
    for _ in range(8):
        sending.drain("messages")
        clock.move(minutes=5)

    assert deduping.keys() == ["payment_confirmation:1"]
    assert message(message_id).state == "unknown"


def test_what_may_have_arrived_is_not_called_failed_when_it_is_refused_later(
    deduping: Deduping, clock: FixedClock
) -> None:
    taken_then(deduping, Permanent("bukan nomor WhatsApp"))
    message_id = queued()
    for _ in range(3):
        sending.drain("messages")
        clock.move(minutes=5)

    assert message(message_id).state == "unknown"


def test_what_may_have_arrived_does_not_expire_as_never_sent(
    deduping: Deduping, clock: FixedClock
) -> None:
    taken_then(deduping, Retryable("sibuk"))
    message_id = queued("payment_reminder", expires_at=clock.wall() + timedelta(minutes=2))
    sending.drain("messages")
    assert message(message_id).state == "pending"
    clock.move(minutes=3)
    sending.sweep()

    assert message(message_id).state == "unknown"


def test_what_may_have_arrived_is_not_called_cancelled_when_its_reason_is_gone(
    deduping: Deduping, clock: FixedClock
) -> None:
    bill = factories.invoice()
    taken_then(deduping, Retryable("sibuk"))
    message_id = queued("overdue_notice", invoice_id=bill.id)
    sending.drain("messages")
    db.session.get_one(Invoice, bill.id).state = "paid"
    db.session.commit()
    clock.move(minutes=5)
    sending.drain("messages")

    row = message(message_id)
    assert row.state == "unknown"
    assert row.reason.startswith("Sudah lunas.")
    assert deduping.keys() == ["overdue_notice:1"]


def test_silence_proves_nothing_while_a_callback_waits_to_be_read(
    app: Flask, provider: Provider, clock: FixedClock
) -> None:
    """The status that would have told lies in the inbox: nobody has had time for it."""

    def lost(outgoing: OutgoingMessage) -> Receipt:
        provider.keep(outgoing)
        raise LOST

    provider.answers = [lost]
    first = queued(key="first")
    sending.deliver(first)
    clock.move(seconds=5)
    later = queued(key="later")
    sending.deliver(later)
    inbox.store("whatsapp.recorder", b"holds the word about the first", {})
    read = inbox.store("whatsapp.recorder", b"was about the later one", {})
    hook = db.session.get_one(inbox.InboundHook, read)
    inbox.finish(hook, "processed", "1 status")
    db.session.get_one(Message, later).state = "sent"
    db.session.commit()

    clock.move(minutes=20)
    sending.sweep()
    sending.drain("messages")

    assert provider.keys().count("payment_confirmation:first") == 1


def test_a_pause_that_a_clock_set_back_made_long_ends(
    provider: Provider, clock: FixedClock
) -> None:
    clock.move(hours=3)
    channel = channels.active()
    assert channel is not None
    meters.pause(channel, "rate", "Menunggu sebentar.", 2)
    swept(clock)
    clock.move(hours=-3)
    message_id = queued()
    sending.sweep()
    clock.move(seconds=30)
    sending.sweep()
    sending.drain("messages")

    assert message(message_id).state == "accepted"


def test_a_callback_taken_before_the_clock_went_back_is_processed_soon(
    app: Flask, clock: FixedClock
) -> None:
    clock.move(hours=3)
    hook_id = inbox.store("whatsapp.meta", json.dumps({}).encode(), {})
    db.session.commit()
    assert inbox.claim(hook_id) is not None  # and then its worker dies
    db.session.commit()
    swept(clock)
    clock.move(hours=-3)
    sending.sweep()
    clock.move(minutes=3)

    assert inbox.due() == [hook_id]


def test_a_scheduler_that_died_before_the_clock_went_back_is_succeeded(
    app: Flask, clock: FixedClock
) -> None:
    clock.move(hours=3)
    assert locks.lead("scheduler", "dead", wall(), 30)
    clock.move(hours=-3)
    clock.move(minutes=2)

    assert locks.lead("scheduler", "alive", wall(), 30)


def test_an_attempt_is_closed_when_a_status_told_what_its_dead_worker_could_not(
    provider: Provider, clock: FixedClock
) -> None:
    """Else the log shows a try that is under way for ever."""

    def die(outgoing: OutgoingMessage) -> Receipt:
        provider.keep(outgoing)
        raise Killed

    provider.answers = [die]
    message_id = queued()
    try:
        sending.deliver(message_id)
    except Killed:
        db.session.rollback()
    receipts.apply([DeliveryEvent("id-1", "payment_confirmation:1", "delivered", clock.wall())])
    db.session.commit()
    clock.move(minutes=5)
    sending.sweep()

    (attempt,) = attempts(message_id)
    assert message(message_id).state == "delivered"
    assert attempt.outcome != "started"


def test_a_sweep_and_a_callback_do_not_lock_each_other_out(
    app: Flask, provider: Provider, clock: FixedClock, server_url: str
) -> None:
    """A callback locks its messages by id; the sweep must not keep one while it wants an older."""
    if not server_url:
        pytest.skip("PostgreSQL only; SQLite has one writer")
    old, stuck = _one_to_repeat_and_one_to_settle(provider, clock)

    def sweep() -> None:
        with app.app_context():
            sending.sweep()

    with db.engine.connect() as callback, ThreadPoolExecutor(1) as threads:
        lock = text("SELECT id FROM message WHERE id = :id FOR UPDATE")
        callback.execute(lock, {"id": old})
        swept_up = threads.submit(sweep)
        time.sleep(1)
        callback.execute(lock, {"id": stuck})
        callback.rollback()
        swept_up.result(timeout=20)


def _one_to_repeat_and_one_to_settle(provider: Provider, clock: FixedClock) -> tuple[int, int]:
    def lost(_outgoing: OutgoingMessage) -> Receipt:
        raise LOST

    def die(_outgoing: OutgoingMessage) -> Receipt:
        raise Killed

    provider.answers = [lost]
    old, later = queued(key="old"), queued(key="later")
    sending.deliver(old)
    clock.move(seconds=5)
    sending.deliver(later)
    db.session.get_one(Message, later).state = "sent"
    hook = db.session.get_one(
        inbox.InboundHook, inbox.store("whatsapp.recorder", b"about the later one", {})
    )
    inbox.finish(hook, "processed", "1 status")
    db.session.commit()
    clock.move(minutes=15)
    stuck = queued(key="stuck")
    provider.answers = [die]
    with pytest.raises(Killed):
        sending.deliver(stuck)
    db.session.rollback()
    clock.move(minutes=3)
    return old, stuck
