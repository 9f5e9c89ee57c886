"""A message text that is JSON: whether it is a payload, and how it reads as a block."""

import json
import math
from collections.abc import Mapping
from typing import Any

from portal.core.wablock.model import TEMPLATE_KINDS, Block, Button, Interactive, Row, Section

_DEEPEST = 100
_PAYLOAD_NAMES = (
    "action",
    "to",
    "text",
    "body",
    "message",
    "interactive",
    "requestPhoneNumber",
    "contacts",
    "thread_id",
    "session_id",
    "threadId",
    "sessionId",
)
_CONTACT_NAMES = ("phone", "number", "handle", "to", "id")
_READ_NAMES = frozenset(
    {
        "text",
        "interactive",
        "to",
        "session_id",
        "sessionId",
        "thread_id",
        "threadId",
        "requestPhoneNumber",
        "request_phone_number",
        "allowEmptyText",
        "allow_empty_text",
    }
)


class NotJson(ValueError):
    """The text only begins like JSON."""


def read_json(text: str) -> Block | None:
    """The block of a JSON payload or of a list of contacts; None for any other JSON.

    Raises NotJson.
    """
    data = _decoded(text)
    if isinstance(data, dict):
        known = any(name in data for name in _PAYLOAD_NAMES)
        return from_payload(data) if known else None
    return from_payload({"contacts": data}) if _contacts(data) else None


def _decoded(text: str) -> Any:
    try:
        data = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        # Half a surrogate pair is no text: neither the database nor a gateway takes it.
        json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise NotJson from None
    if _depth(data) > _DEEPEST:
        raise NotJson
    return data


def _refuse(word: str) -> Any:
    raise NotJson(word)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotJson
    return number


def _depth(data: Any) -> int:
    deepest, waiting = 0, [(data, 1)]
    while waiting:
        value, level = waiting.pop()
        deepest = max(deepest, level)
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            waiting += [(item, level + 1) for item in inner]
    return deepest


def _contacts(data: Any) -> bool:
    for item in data:
        if not isinstance(item, dict):
            return False
        if any(item.get(name) is not None for name in _CONTACT_NAMES):
            return True
    return False


def from_payload(given: Mapping[str, Any]) -> Block:
    """How a payload reads; `given` stays what is sent."""
    interactive = given.get("interactive")
    empty = _first(given, "allowEmptyText", "allow_empty_text")
    return Block(
        text=_word(given.get("text")),
        interactive=_interactive(interactive) if isinstance(interactive, dict) else None,
        to=_word(given.get("to")),
        session_id=_word(_first(given, "session_id", "sessionId")),
        thread_id=_word(_first(given, "thread_id", "threadId")),
        request_phone_number=bool(_first(given, "requestPhoneNumber", "request_phone_number")),
        allow_empty_text=None if empty is None else bool(empty),
        extra={name: value for name, value in given.items() if name not in _READ_NAMES},
        given=given,
    )


def _interactive(data: Mapping[str, Any]) -> Interactive:
    media = data.get("headerMedia")
    header = data.get("headerType")
    return Interactive(
        type=(_word(data.get("type")) or "").strip().lower(),
        text=_word(_first(data, "text", "body")),
        title=_word(data.get("title")),
        button_text=_word(data.get("buttonText")),
        footer=_word(data.get("footer")),
        header_type=header if isinstance(header, int) and not isinstance(header, bool) else None,
        header_text=_word(data.get("headerText")),
        header_media=_word(media.get("url") if isinstance(media, dict) else media),
        buttons=tuple(_button(item) for item in _objects(data.get("buttons"))),
        sections=tuple(
            Section(_text(item, "title"), tuple(_row(row) for row in _objects(item.get("rows"))))
            for item in _objects(data.get("sections"))
        ),
    )


def _button(item: Mapping[str, Any]) -> Button:
    kind = _text(item, "type").strip().lower()
    text = _text(item, "text", "title")
    if "buttonParamsJson" in item:
        params = item["buttonParamsJson"]
        words = params if isinstance(params, str) else json.dumps(params, ensure_ascii=False)
        return Button("flow", text, id=_text(item, "name"), params=words)
    return Button(
        kind if kind in TEMPLATE_KINDS else "reply",
        text,
        id=_text(item, "id"),
        url=_text(item, "url"),
        phone=_text(item, "phoneNumber"),
        code=_text(item, "copyCode"),
    )


def _row(item: Mapping[str, Any]) -> Row:
    return Row(_text(item, "id"), _text(item, "title"), _text(item, "description"))


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(item: Mapping[str, Any], *names: str) -> str:
    return _word(_first(item, *names)) or ""


def _first(item: Mapping[str, Any], *names: str) -> Any:
    return next((item[name] for name in names if item.get(name) is not None), None)


def _word(value: Any) -> str | None:
    """A string, or a number as one."""
    if isinstance(value, str):
        return value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else None
