"""Delivery statuses from Meta: any order, any batch, before or after our own record."""

import json
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra import inbox
from portal.messaging import sending, word
from portal.messaging.drivers.base import OutgoingMessage, Receipt
from portal.messaging.models import Message
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.rows import attempts, message, queued

AT = {"sent": 1000, "delivered": 1010, "read": 1020, "failed": 1005}


def status(
    state: str, key: str = "", wamid: str = "wamid.1", at: int | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": wamid,
        "status": state,
        "timestamp": str(AT[state] if at is None else at),
        "recipient_id": "6281234567890",
    }
    if key:
        found["biz_opaque_callback_data"] = key
    if state == "failed":
        found["errors"] = [{"code": 131026, "title": "Undeliverable"}]
    return found


def callback(*batches: list[dict[str, Any]]) -> int:
    """Each batch is a change of an entry of its own."""
    body = {
        "object": "whatsapp_business_account",
        "entry": [
            {"id": "1", "changes": [{"field": "messages", "value": {"statuses": batch}}]}
            for batch in batches
        ],
    }
    hook_id = inbox.store("whatsapp.meta", json.dumps(body).encode(), {})
    db.session.commit()
    return hook_id


def process(hook_id: int) -> str:
    hook = db.session.get_one(inbox.InboundHook, hook_id)
    word.process_many([hook])
    db.session.commit()
    return hook.outcome


def accepted(key: str = "1", wamid: str = "wamid.1") -> int:
    message_id = queued(key=key)
    row = db.session.get_one(Message, message_id)
    row.state, row.provider_id = "accepted", wamid
    db.session.commit()
    return message_id


def snapshot(message_id: int) -> tuple[object, ...]:
    row = message(message_id)
    return (row.state, row.provider_id, row.sent_at, row.delivered_at, row.read_at, row.reason)


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read"])))
def test_every_order_ends_read_with_all_times(app: Flask, order: tuple[str, ...]) -> None:
    message_id = accepted()
    for state in order:
        process(callback([status(state)]))

    row = message(message_id)
    assert row.state == "read"
    assert row.sent_at and row.delivered_at and row.read_at
    assert row.sent_at < row.delivered_at < row.read_at


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(
    events=st.lists(
        st.tuples(st.sampled_from(sorted(AT)), st.integers(1000, 1003)), min_size=1, max_size=5
    ),
    random=st.randoms(use_true_random=False),
)
def test_any_permutation_of_callbacks_ends_in_the_same_row(
    app: Flask, events: list[tuple[str, int]], random: Any
) -> None:
    def end(order: list[tuple[str, int]]) -> tuple[object, ...]:
        db.session.execute(delete(Message))
        db.session.commit()
        message_id = accepted()
        for state, at in order:
            process(callback([status(state, at=at)]))
        return snapshot(message_id)

    shuffled = list(events)
    random.shuffle(shuffled)
    assert end(events) == end(shuffled) == end(events + shuffled)


def test_all_entries_changes_and_statuses_are_read(app: Flask) -> None:
    ids = [accepted(str(number), f"wamid.{number}") for number in range(5)]
    outcome = process(
        callback(
            [status("sent", wamid="wamid.0"), status("delivered", wamid="wamid.1")],
            [status("read", wamid="wamid.2")],
            [status("failed", wamid="wamid.3")],
        )
    )

    assert [message(one).state for one in ids] == [
        "sent",
        "delivered",
        "read",
        "failed",
        "accepted",
    ]
    assert "131026" in message(ids[3]).reason
    assert "tidak terdaftar" in message(ids[3]).reason
    assert outcome.startswith("4 status, 0")


def test_a_failure_after_delivery_is_not_believed(app: Flask) -> None:
    message_id = accepted()
    process(callback([status("delivered")]))
    process(callback([status("failed")]))
    assert message(message_id).state == "delivered"


def test_an_unknown_outcome_is_settled_by_our_own_key(app: Flask) -> None:
    message_id = queued(key="77")
    db.session.get_one(Message, message_id).state = "unknown"
    db.session.commit()

    process(callback([status("sent", key="payment_confirmation:77", wamid="wamid.new")]))

    row = message(message_id)
    assert (row.state, row.provider_id) == ("sent", "wamid.new")


def test_a_status_faster_than_our_own_record_is_kept(app: Flask, provider: Provider) -> None:
    message_id = queued(key="5")

    def answer(outgoing: OutgoingMessage) -> Receipt:
        with app.app_context():
            process(callback([status("delivered", key=outgoing.key, wamid="wamid.5")]))
        return Receipt("wamid.5", "{}", 200)

    provider.always = answer
    sending.deliver(message_id)

    row, (attempt,) = message(message_id), attempts(message_id)
    assert (row.state, row.provider_id, row.lease_token) == ("delivered", "wamid.5", None)
    assert attempt.outcome == "accepted"


def test_a_retry_is_dropped_when_a_status_proves_the_first_one(provider: Provider) -> None:
    message_id = queued(key="6")
    row = db.session.get_one(Message, message_id)
    row.state = "pending"
    db.session.commit()
    process(callback([status("sent", key="payment_confirmation:6")]))

    assert not sending.deliver(message_id)
    assert provider.arrived == []
    assert message(message_id).state == "sent"


def test_an_unknown_id_is_waited_for_and_holds_up_nobody_else(
    app: Flask, clock: FixedClock
) -> None:
    known = accepted("1", "wamid.1")
    hook_id = callback([status("sent", wamid="wamid.foreign"), status("read", wamid="wamid.1")])

    assert process(hook_id) == "1 status belum dikenal"
    assert factories.fresh(inbox.InboundHook, hook_id).state == "received"
    assert message(known).state == "read"

    clock.move(minutes=6)
    assert process(hook_id) == "2 status, 1 tidak dikenal"


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[]", b"{}", b'{"entry": 3}', b'{"entry": [{"changes": [{"value": 1}]}]}'],
)
def test_odd_bodies_are_no_crash(app: Flask, body: bytes) -> None:
    hook_id = inbox.store("whatsapp.meta", body, {})
    db.session.commit()
    assert process(hook_id) == "0 status, 0 tidak dikenal"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
@given(
    junk=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["entry", "changes", "value", "statuses", "id", "status", "timestamp"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_can_be_parsed(app: Flask, junk: Any) -> None:
    from portal.messaging.registry import REGISTRY

    REGISTRY.get("meta")({}, None).parse_hook(json.dumps(junk).encode())  # type: ignore[arg-type]
