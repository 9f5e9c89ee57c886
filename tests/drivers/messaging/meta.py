"""What the tests of the Meta driver share: its configuration, answers and recorded callbacks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.infra.http import Http
from portal.messaging.drivers.events import HookEvent
from portal.messaging.drivers.meta_cloud import MetaCloud
from tests.contracts.messaging import Sample

DATA = Path(__file__).parents[2] / "data" / "meta"
CONFIG = {
    "access_token": "EAAx-very-secret-token",
    "phone_number_id": "123456789012345",
    "waba_id": "987654321098765",
    "app_secret": "the-app-secret",
    "verify_token": "the-verify-token",
}
NUMBER = "https://graph.facebook.com/v25.0/123456789012345"
MESSAGES, MEDIA = f"{NUMBER}/messages", f"{NUMBER}/media"
SENT = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "+6281234567890", "wa_id": "6281234567890"}],
    "messages": [{"id": "wamid.HBgM", "message_status": "accepted"}],
}


def meta(**config: str) -> MetaCloud:
    return MetaCloud({**CONFIG, **config}, Http())


def error(code: int, status: int, details: Any = "see details") -> Sample:
    """An answer in Meta's envelope."""
    body = {
        "error": {
            "message": f"(#{code}) something",
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": details},
            "fbtrace_id": "Az8",
        }
    }
    return Sample(status, json.dumps(body))


def recorded(name: str) -> list[HookEvent]:
    """The events of a recorded callback, read as the worker does: without configuration."""
    return MetaCloud({}, None).parse_hook((DATA / name).read_bytes())  # type: ignore[arg-type]


def told(field: str, value: Any) -> list[HookEvent]:
    """The events of one change."""
    body = {"entry": [{"id": "1", "changes": [{"field": field, "value": value}]}]}
    return MetaCloud({}, None).parse_hook(json.dumps(body).encode())  # type: ignore[arg-type]


def nothing_null(value: Any) -> bool:
    """Whether a request holds neither null nor an empty text."""
    if isinstance(value, Mapping):
        return all(nothing_null(inner) for inner in value.values())
    if isinstance(value, list):
        return all(nothing_null(inner) for inner in value)
    return value is not None and value != ""
