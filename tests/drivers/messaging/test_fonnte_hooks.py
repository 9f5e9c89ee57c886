"""Fonnte's callbacks: the three shapes of a status, messages, word about the phone."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging.drivers.events import (
    DeliveryEvent,
    DeviceEvent,
    InboundMessage,
    UnknownEvent,
)
from portal.messaging.drivers.fonnte import Fonnte
from tests.drivers.messaging.anything import BODIES, JSON, keepable

DATA = Path(__file__).parents[2] / "data" / "fonnte"
NAMES = st.sampled_from(
    ["id", "stateid", "status", "State", "sender", "message", "device", "timestamp", "inboxid"]
)


def fonnte() -> Fonnte:
    """As the worker makes it: without configuration or connection."""
    return Fonnte({}, None)  # type: ignore[arg-type]


def hook(name: str) -> Any:
    (event,) = fonnte().parse_hook((DATA / name).read_bytes())
    return event


def test_the_first_status_brings_the_later_name() -> None:
    first = hook("hook_status_first.json")
    assert isinstance(first, DeliveryEvent)
    assert (first.provider_id, first.next_id, first.state) == (
        "80367170",
        "BAE5F1A2C3D4E5F6",
        "sent",
    )
    later = hook("hook_status_later.json")
    assert (later.provider_id, later.next_id, later.state) == ("BAE5F1A2C3D4E5F6", "", "delivered")
    own = hook("hook_status_own.json")
    assert (own.provider_id, own.next_id, own.state) == ("80367170", "", "failed")
    assert "Nomor tujuan" in own.reason


@pytest.mark.parametrize(
    ("status", "state", "expected"),
    [
        ("pending", "", "accepted"),
        ("processing", "", "accepted"),
        ("waiting", "", "accepted"),
        ("sent", "", "sent"),
        ("Sent", "Read", "read"),
        ("sent", "delivered", "delivered"),
        ("invalid", "delivered", "delivered"),
        ("expired", "", "failed"),
        ("url unreachable", "", "failed"),
        ("sent", "failed", "failed"),
    ],
)
def test_whatsapps_word_counts_more_than_fonntes(status: str, state: str, expected: str) -> None:
    body = f'{{"id":1,"stateid":"s","status":"{status}","state":"{state}"}}'.encode()
    (event,) = fonnte().parse_hook(body)
    assert isinstance(event, DeliveryEvent)
    assert event.state == expected
    assert bool(event.reason) == (expected == "failed")


def test_messages_and_word_about_the_phone() -> None:
    message = hook("hook_message.json")
    assert isinstance(message, InboundMessage)
    assert (message.provider_id, message.sender) == ("4711", "+6281234567890")
    assert (message.text, message.name, message.form) == ("berhenti", "Budi", "text")
    assert message.at == datetime(2025, 11, 21, 9, 20, tzinfo=UTC)
    assert hook("hook_device.json") == DeviceEvent(False, "logged out from phone")
    (back,) = fonnte().parse_hook(b'{"device":"628","status":"connect"}')
    assert back == DeviceEvent(True, "")


def test_what_is_said_in_a_group_opts_nobody_out() -> None:
    assert hook("hook_group.json") == UnknownEvent("pesan grup")


def test_a_message_without_an_id_has_the_same_one_each_time() -> None:
    bodies = [
        b'{"sender":"628123456789","message":"a"}',
        b'{"sender":"628123456789","message":"b"}',
    ]
    ids = [fonnte().parse_hook(body)[0].provider_id for body in (*bodies, bodies[0])]  # type: ignore[union-attr]
    assert ids[0] == ids[2] != ids[1]


def test_who_hides_the_number_keeps_a_name() -> None:
    (event,) = fonnte().parse_hook(b'{"sender":"184467440737@lid","message":"a"}')
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.user_id) == ("", "184467440737@lid")


def test_what_no_database_keeps_is_left_out() -> None:
    body = b'{"sender":"628123456789","message":"a\\u0000b\\ud800c","name":"\\u0000","inboxid":7}'
    (event,) = fonnte().parse_hook(body)
    assert isinstance(event, InboundMessage)
    assert (event.text, event.name) == ("ab?c", "")


@given(BODIES)
def test_any_bytes_are_read_without_a_sound(body: bytes) -> None:
    assert isinstance(fonnte().parse_hook(body), list)


@given(st.dictionaries(NAMES | st.text(), JSON, max_size=8))
def test_any_object_is_read_into_what_a_database_keeps(said: dict[str, Any]) -> None:
    for event in fonnte().parse_hook(json.dumps(said).encode()):
        assert keepable(event)
        if isinstance(event, DeliveryEvent):
            assert event.provider_id and event.state in {
                "accepted",
                "sent",
                "delivered",
                "read",
                "failed",
            }
