"""Messages a person sends: never called sent, gone when there is no reason any more."""

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Capability, Health
from portal.extensions import db
from portal.messaging import by_hand, channel_config, recovery, sending, testing
from portal.messaging.drivers.base import MessageDriver, OutgoingMessage, Receipt
from portal.messaging.models import Message
from portal.messaging.registry import REGISTRY
from portal.messaging.service import MessageError
from tests import factories
from tests.messaging.rows import PHONE, attempts, message, queued


@pytest.fixture
def paper(app: Flask) -> Iterator[None]:
    """A channel whose messages a person sends."""

    class Paper(MessageDriver):
        kind, label = "paper", "Kertas"
        capabilities = frozenset({Capability.TEXT})
        by_hand = True

        def payload(self, message: OutgoingMessage) -> object:
            return {"to": message.to}

        def send(self, message: OutgoingMessage) -> Receipt:
            return Receipt(None, state="manual")

        def check(self) -> Health:
            return Health(True, "siap", {})

        def link(self, message: OutgoingMessage) -> str:
            return f"https://wa.example/{message.to.lstrip('+')}?text={len(message.text)}"

    REGISTRY.all["paper"] = Paper
    try:
        channel_config.choose("paper")
        db.session.commit()
        yield
    finally:
        REGISTRY.all.pop("paper")


def test_it_waits_for_a_person_and_is_never_called_sent(app: Flask, paper: None) -> None:
    message_id = queued()
    sending.drain("messages")

    row = message(message_id)
    assert (row.state, row.accepted_at, row.sent_at) == ("manual", None, None)
    assert [tried.outcome for tried in attempts(message_id)] == ["accepted"]
    [todo] = by_hand.waiting()
    assert todo.link == f"https://wa.example/6281234567890?text={len(todo.text)}"
    assert "165.000" in todo.text
    sending.drain("messages")
    assert by_hand.count() == 1


def test_ticking_off_and_taking_it_back(app: Flask, paper: None, clock: FixedClock) -> None:
    message_id = queued()
    sending.drain("messages")

    by_hand.done(message_id, "Siti")
    db.session.commit()
    row = message(message_id)
    assert (row.state, row.handled_by, row.handled_at) == ("manual", "Siti", clock.wall())
    assert by_hand.waiting() == []
    with pytest.raises(MessageError):
        by_hand.done(message_id, "Budi")

    by_hand.undo(message_id)
    db.session.commit()
    assert by_hand.count() == 1
    with pytest.raises(MessageError):
        by_hand.undo(message_id)


def test_what_is_dropped_is_cancelled_with_its_reason(app: Flask, paper: None) -> None:
    message_id = queued()
    sending.drain("messages")
    by_hand.drop(message_id, "sudah ditelepon")
    db.session.commit()
    row = message(message_id)
    assert (row.state, row.reason) == ("cancelled", "sudah ditelepon")
    with pytest.raises(MessageError):
        by_hand.done(message_id, "Siti")


def test_paid_meanwhile_is_shown_and_swept(app: Flask, paper: None) -> None:
    bill = factories.invoice(factories.subscription())
    db.session.commit()
    message_id = queued("overdue_notice", invoice_id=bill.id, customer_id=bill.customer_id)
    sending.drain("messages")
    assert [todo.obsolete for todo in by_hand.waiting()] == [""]

    db.session.get_one(type(bill), bill.id).state = "paid"
    db.session.commit()
    assert [todo.obsolete for todo in by_hand.waiting()] == ["Sudah lunas."]
    recovery.run()
    assert (message(message_id).state, message(message_id).reason) == ("cancelled", "Sudah lunas.")


def test_stale_ones_end(app: Flask, paper: None, clock: FixedClock) -> None:
    message_id = queued("overdue_notice", params={"name": "B", "amount": 1, "customer_number": "1"})
    sending.drain("messages")
    clock.move(days=3)
    recovery.run()
    assert message(message_id).state == "expired"


def test_a_code_never_goes_to_a_list(app: Flask, paper: None) -> None:
    message_id = queued("access_opened", params={"name": "Budi", "cs_phone": "+62811"})
    sending.drain("interactive")
    row: Message = message(message_id)
    assert row.state == "pending"
    assert "manual" in row.reason


def test_trying_the_channel_out_says_where_the_message_is(app: Flask, paper: None) -> None:
    result = testing.send_test(PHONE, "payment_confirmation", "n1")
    assert result.ok
    assert "kirim manual" in result.sentence
    assert by_hand.count() == 1
