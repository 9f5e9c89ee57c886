"""WatZap's callbacks: messages only, whatever the bytes are."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portal.messaging.drivers.events import InboundMessage, UnknownEvent
from portal.messaging.drivers.watzap import Watzap
from tests.drivers.messaging.anything import BODIES, JSON, keepable

DATA = Path(__file__).parents[2] / "data" / "watzap"


def hook(body: bytes) -> Any:
    (event,) = Watzap({}, None).parse_hook(body)  # type: ignore[arg-type]
    return event


def test_callbacks() -> None:
    message = hook((DATA / "hook_message.json").read_bytes())
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.text, message.name) == ("+6281234567890", "berhenti", "Budi")
    assert message.at == datetime(2025, 11, 21, 9, 20, tzinfo=UTC)
    assert hook((DATA / "hook_group.json").read_bytes()) == UnknownEvent("pesan grup")
    own = {"type": "incoming_chat", "data": {"chat_id": "628@c.us", "is_from_me": True}}
    assert hook(json.dumps(own).encode()) == UnknownEvent("pesan keluar")
    assert hook(b'{"type":"device_update"}') == UnknownEvent("device_update")


@given(BODIES | st.dictionaries(st.sampled_from(["type", "data"]), JSON).map(json.dumps))
def test_any_callback_is_read_without_a_sound(body: Any) -> None:
    raw = body.encode() if isinstance(body, str) else body
    assert all(keepable(event) for event in Watzap({}, None).parse_hook(raw))  # type: ignore[arg-type]


@given(st.dictionaries(st.sampled_from(["chat_id", "message_id", "timestamp", "name"]), JSON))
def test_any_message_is_read(data: dict[str, Any]) -> None:
    assert keepable(hook(json.dumps({"type": "incoming_chat", "data": data}).encode()))
