"""Queueing: once per key, in the lane of its kind, never cut keys; resending and cancelling."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import resending, service
from portal.messaging.kinds import KINDS
from portal.messaging.models import Message
from portal.messaging.service import MessageError, NewMessage
from tests import factories
from tests.messaging.rows import CONFIRMATION, PHONE, message, queued


def test_a_key_is_queued_once(app: Flask) -> None:
    first = service.queue("payment_confirmation", PHONE, "payment_confirmation:1", CONFIRMATION)
    again = service.queue("payment_confirmation", PHONE, "payment_confirmation:1", CONFIRMATION)
    db.session.commit()

    assert first is not None
    assert again is None
    assert len(factories.every(Message)) == 1


def test_a_chunk_is_queued_once_even_when_it_holds_and_repeats_known_keys(app: Flask) -> None:
    def chunk(numbers: range) -> list[NewMessage]:
        return [
            NewMessage("invoice_notification", PHONE, f"invoice_notification:{n}", {"name": f"{n}"})
            for n in numbers
        ]

    first = service.queue_many(chunk(range(700)))
    second = service.queue_many(chunk(range(500, 900)) + chunk(range(890, 895)))
    db.session.commit()

    assert len(first) == 700
    assert len(second) == 200
    rows = factories.every(Message)
    assert {row.dedupe_key: row.params["name"] for row in rows} == {
        f"invoice_notification:{n}": str(n) for n in range(900)
    }


def test_nothing_is_queued_when_the_transaction_is_rolled_back(app: Flask) -> None:
    service.queue("payment_confirmation", PHONE, "payment_confirmation:1", CONFIRMATION)
    db.session.rollback()

    assert factories.every(Message) == []


@pytest.mark.parametrize(
    ("kind", "lane"),
    [
        ("otp_code", "interactive"),
        ("access_opened", "interactive"),
        ("broadcast", "bulk"),
        ("invoice_notification", "messages"),
        ("isolation_notice", "messages"),
    ],
)
def test_lanes(kind: str, lane: str) -> None:
    assert KINDS[kind].lane == lane


def test_a_key_too_long_is_refused_not_cut(app: Flask) -> None:
    with pytest.raises(ValueError, match="cut off"):
        service.queue("broadcast", PHONE, "broadcast:" + "x" * 200, {"text": "halo"})


def test_resending_makes_a_new_row_that_points_back(app: Flask) -> None:
    old = queued()
    db.session.get_one(Message, old).state = "failed"
    db.session.commit()

    new = resending.resend(old)
    db.session.commit()

    copy = message(new)
    assert (copy.parent_id, copy.state, copy.params) == (old, "pending", CONFIRMATION)
    assert copy.dedupe_key.startswith("payment_confirmation:")
    assert message(old).state == "failed"
    actions = db.session.scalars(select(AuditEntry.action)).all()
    assert "message.resend" in actions


@pytest.mark.parametrize("state", ["pending", "leased", "sending", "accepted"])
def test_what_is_on_its_way_is_not_resent(app: Flask, state: str) -> None:
    old = queued()
    db.session.get_one(Message, old).state = state
    db.session.commit()

    with pytest.raises(MessageError):
        resending.resend(old)


def test_only_a_waiting_message_can_be_cancelled(app: Flask) -> None:
    waiting, gone = queued(key="1"), queued(key="2")
    db.session.get_one(Message, gone).state = "sending"
    db.session.commit()

    assert service.cancel(waiting, "salah kirim")
    assert not service.cancel(gone, "salah kirim")
    db.session.commit()

    assert (message(waiting).state, message(waiting).reason) == ("cancelled", "salah kirim")
    assert message(gone).state == "sending"
