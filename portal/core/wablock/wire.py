"""The JSON of a PHPNuxBill gateway's POST, cleaned up as its senders do.

Where nothing usable is left of the interactive part, its words go out as text instead of being
lost with it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from portal.core.wablock.model import SPACE, Block, Button, Interactive
from portal.core.wablock.words import interactive_words, says

_RENAMED = {
    "threadId": "thread_id",
    "sessionId": "session_id",
    "autoRetry": "auto_retry",
    "messageSendAs": "message_send_as",
    "request_phone_number": "requestPhoneNumber",
    "allow_empty_text": "allowEmptyText",
    "idempotencyKey": "idempotency_key",
}
_PHONE = re.compile(r"\+?[0-9\s().-]+", re.ASCII)
_WEB = re.compile(r"https?://", re.IGNORECASE)
COUNTRY_CODE = "62"


def payload(block: Block) -> dict[str, Any]:
    """What would be posted, before recipient and idempotency key are added."""
    data = dict(_written(block) if block.given is None else block.given)
    for old, new in _RENAMED.items():
        value = data.pop(old, None)
        if value is not None and data.get(new) is None:
            data[new] = value
    action = data.get("action")
    data["action"] = str(action).strip(SPACE).lower() if action is not None else "send"
    data["action"] = data["action"] or "send"
    if isinstance(data.get("to"), str):
        data["to"] = number(data["to"])
    if isinstance(data.get("contacts"), list):
        data["contacts"] = [_contact(contact) for contact in data["contacts"]]
    interactive = data.get("interactive")
    if isinstance(interactive, dict | list):
        cleaned = _clean(interactive) if isinstance(interactive, dict) else None
        data["interactive"] = cleaned
        if cleaned is None:
            del data["interactive"]
            _rescue(data, block.interactive)
    return data


def number(text: str) -> str:
    """A phone number as digits, a leading 0 as the country code; other ids untouched."""
    text = text.strip(SPACE)
    digits = re.sub(r"[^0-9]", "", text)
    if not digits or _PHONE.fullmatch(text) is None:
        return text
    return COUNTRY_CODE + digits[1:] if digits.startswith("0") else digits


def _contact(contact: Any) -> Any:
    if not isinstance(contact, dict):
        return contact
    return {
        name: number(value) if name in {"phone", "number"} and isinstance(value, str) else value
        for name, value in contact.items()
    }


def _written(block: Block) -> dict[str, Any]:
    """The payload of a block that was not given as JSON."""
    data: dict[str, Any] = {
        "action": "send",
        "text": block.text,
        "to": block.to or None,
        "session_id": block.session_id,
        "thread_id": block.thread_id,
        "requestPhoneNumber": True if block.request_phone_number else None,
        "allowEmptyText": block.allow_empty_text,
        "interactive": block.interactive and _interactive(block.interactive),
        **block.extra,
    }
    return {name: value for name, value in data.items() if value is not None}


def _interactive(interactive: Interactive) -> dict[str, Any]:
    media = interactive.header_media
    buttons = [_button(button) for button in interactive.buttons if button.kind != "other"]
    sections = [
        {"title": section.title, "rows": [_row(row) for row in section.rows]}
        for section in interactive.sections
    ]
    data: dict[str, Any] = {
        "type": interactive.type or None,
        "text": interactive.text,
        "title": interactive.title,
        "buttonText": interactive.button_text,
        "footer": interactive.footer,
        "headerType": interactive.header_type,
        "headerText": interactive.header_text,
        "headerMedia": None if media is None else {"type": interactive.media_kind, "url": media},
        "buttons": buttons or None,
        "sections": sections or None,
    }
    return {name: value for name, value in data.items() if value is not None}


def _row(row: Any) -> dict[str, str]:
    data = {"id": row.id, "title": row.title}
    return {**data, "description": row.description} if row.description else data


def _button(button: Button) -> dict[str, Any]:
    own: dict[str, dict[str, Any]] = {
        "reply": {"id": button.id, "text": button.text},
        "quick": {"type": "quick", "id": button.id, "text": button.text},
        "url": {"type": "url", "text": button.text, "url": button.url},
        "call": {"type": "call", "text": button.text, "phoneNumber": button.phone},
        "copy": {"type": "copy", "text": button.text, "copyCode": button.code},
        "flow": {"name": button.id, "buttonParamsJson": button.params},
    }
    return own[button.kind]


def _clean(interactive: Mapping[str, Any]) -> dict[str, Any] | None:
    """Without buttons and rows nobody could use; None when nothing is left to press."""
    data = dict(interactive)
    kind = ""
    if data.get("type") is not None:
        kind = data["type"] = _string(data["type"]).lower()
    if isinstance(data.get("buttons"), list):
        clean = _clean_flow if kind == "native_flow" else _clean_button
        found = [clean(button) for button in data["buttons"] if isinstance(button, dict)]
        data["buttons"] = [button for button in found if button is not None]
    if kind == "list" and isinstance(data.get("sections"), list):
        data["sections"] = _clean_sections(data["sections"])
    return data if data.get("sections" if kind == "list" else "buttons") else None


def _clean_flow(button: Mapping[str, Any]) -> dict[str, Any] | None:
    name, params = _string(button.get("name")), button.get("buttonParamsJson")
    if isinstance(params, dict | list):
        params = json.dumps(params, ensure_ascii=False, separators=(",", ":")) if params else ""
    words = _string(params)
    return {"name": name, "buttonParamsJson": words} if name and words else None


def _clean_button(button: Mapping[str, Any]) -> dict[str, Any] | None:
    data = dict(button)
    kind = _string(data.get("type")).lower()
    if kind:
        data["type"] = kind
    if kind == "url":
        data["url"] = _string(data.get("url"))
        return data if _WEB.match(data["url"]) else None
    if kind == "call":
        data["phoneNumber"] = _string(data.get("phoneNumber"))
        return data if data["phoneNumber"] else None
    said = data.get("text")
    text, own_id = _string(data.get("title") if said is None else said), _string(data.get("id"))
    if not text and not own_id:
        return None
    if not text or not said:
        data["text"] = text or own_id
    return data


def _clean_sections(sections: list[Any]) -> list[dict[str, Any]]:
    cleaned = []
    for section in sections:
        if not isinstance(section, dict) or not isinstance(section.get("rows"), list):
            continue
        found = [_clean_row(row) for row in section["rows"] if isinstance(row, dict)]
        if rows := [row for row in found if row is not None]:
            cleaned.append({**section, "rows": rows})
    return cleaned


def _clean_row(row: Mapping[str, Any]) -> dict[str, Any] | None:
    own_id, title = _string(row.get("id")), _string(row.get("title"))
    if not own_id and not title:
        return None
    data: dict[str, Any] = {"id": own_id or title, "title": title or own_id}
    if row.get("description"):
        data["description"] = row["description"]
    return data


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None or isinstance(value, dict | list) else str(value).strip(SPACE)


def _rescue(data: dict[str, Any], interactive: Interactive | None) -> None:
    """Put the words of a lost interactive part where they are read."""
    place = "text"
    if not data.get("text") and isinstance(data.get("body"), str) and data["body"]:
        place = "body"
    said = data.get(place) or ""
    for words in interactive_words(interactive) if interactive else ():
        own = words.strip(SPACE)
        if own and isinstance(said, str) and not says(said, own):
            said = f"{said.rstrip(SPACE)}\n\n{own}" if said else words
    if said:
        data[place] = said
