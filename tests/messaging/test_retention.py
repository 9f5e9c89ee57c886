"""Forgetting: words of old messages go, rows and keys stay, and nothing is told twice."""

from flask import Flask

from jobs import schedule
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.messaging import resending, retention, sending, service
from portal.messaging.models import Message, MessageAttempt
from portal.settings import service as settings
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.rows import CONFIRMATION, PHONE, message, queued
from tests.visitor import Visitor

LOG = "/admin/messages"


def forget() -> None:
    schedule.forget_old_words()
    db.session.rollback()


def test_old_words_go_and_the_row_and_its_key_stay(provider: Provider, clock: FixedClock) -> None:
    old = queued(key="old", body="kata-kata")
    sending.deliver(old)
    clock.move(days=91)
    new = queued(key="new")
    sending.deliver(new)
    forget()

    row = message(old)
    assert (row.params, row.body, row.state) == ({}, None, "accepted")
    assert row.dedupe_key == "payment_confirmation:old"
    assert message(new).params
    kept = {a.message_id: bool(a.payload and a.answer) for a in factories.every(MessageAttempt)}
    assert kept == {old: False, new: True}
    again = service.queue("payment_confirmation", PHONE, row.dedupe_key, CONFIRMATION)
    assert again is None, "the same event is not told a second time"


def test_one_that_still_waits_keeps_its_words_until_it_ended(app: Flask, clock: FixedClock) -> None:
    waiting = queued(key="waiting")
    gone = queued(key="gone")
    db.session.get_one(Message, gone).state = "failed"
    db.session.commit()
    clock.move(days=91)
    forget()
    assert message(waiting).params
    assert not message(gone).params

    db.session.get_one(Message, waiting).state = "cancelled"
    db.session.commit()
    forget()
    assert not message(waiting).params


def test_in_chunks_and_as_the_owner_chose(app: Flask, clock: FixedClock) -> None:
    ids = [queued(key=str(number)) for number in range(5)]
    for message_id in ids:
        db.session.get_one(Message, message_id).state = "delivered"
    settings.change("messages.retention_days", 7)
    db.session.commit()
    clock.move(days=6)
    forget()
    assert message(ids[0]).params
    clock.move(days=2)
    assert retention.clear_old() == 5
    db.session.commit()
    assert retention.clear_old() == 0
    db.session.commit()
    assert [message(message_id).params for message_id in ids] == [{}] * 5


def test_a_forgotten_message_still_has_a_page_and_is_not_sent_again(
    desk: Visitor, clock: FixedClock
) -> None:
    message_id = queued()
    db.session.get_one(Message, message_id).state = "failed"
    db.session.commit()
    clock.move(days=100)
    forget()
    page = desk.get(f"{LOG}/{message_id}")
    assert page.status_code == 200
    assert f"{LOG}/{message_id}/resend" not in page.text
    assert "sudah dihapus" in resending.refusal(message(message_id))
    db.session.rollback()
    desk.page(LOG)
    desk.post(f"{LOG}/resend-many")
    assert len(factories.every(Message)) == 1


def test_it_runs_every_day() -> None:
    (entry,) = [e for e in schedule.ENTRIES if e.run is schedule.forget_old_words]
    assert entry.daily
