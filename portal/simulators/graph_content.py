"""What a request to Meta's messages edge says, judged as Meta would, and how a phone shows it."""

import re
from dataclasses import dataclass, field
from typing import Any

from portal.simulators import templates_meta
from portal.simulators.store import Doc, store

BAD_PARAMETER = re.compile(r"[\n\t]| {5,}")
NOT_MINE = {"type": "button", "label": "Saya tidak meminta kode", "id": "DID_NOT_REQUEST_CODE"}
FILES = ("image", "video", "document")


class Refused(Exception):
    """An error in Meta's shape."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Content:
    """A message as the phone shows it. `replies` are what its owner may press, `category` what
    Meta charges for."""

    text: str = ""
    template: str = ""
    params: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    replies: list[Doc] = field(default_factory=list)
    category: str = "service"


def read(data: Doc) -> Content:
    """The content of a request. Raises Refused."""
    kind = data.get("type", "text")
    if kind == "template":
        return _template(data.get("template") or {})
    if kind == "text":
        return Content(_sized((data.get("text") or {}).get("body"), 4096, "text.body"))
    if kind == "interactive":
        return _interactive(data.get("interactive") or {})
    if kind in FILES:
        inner = data.get(kind) or {}
        return Content(_sized(inner.get("caption") or " ", 1024, "caption"), media=[_file(inner)])
    raise Refused(131051, "Unsupported message type")


def _template(template: Doc) -> Content:
    name = str(template.get("name", ""))
    row = _approved(name, str((template.get("language") or {}).get("code")))
    parts = template.get("components") or []
    values = _values(_part(parts, "body"))
    if len(values) != templates_meta.count(row):
        raise Refused(132000, f"body: number of localizable_params ({len(values)}) does not match")
    if any(not value for value in values):
        raise Refused(131008, "Required parameter is missing")
    if any(BAD_PARAMETER.search(value) for value in values):
        raise Refused(132018, "Param text cannot have new-line/tab or more than 4 spaces")
    made = Content(templates_meta.fill(row, values), name, values)
    made.category = str(row["category"]).lower()
    if row["category"] == "AUTHENTICATION":
        if _values(_part(parts, "button")) != values:
            raise Refused(131008, "buttons: the copy button must carry the code")
        made.buttons, made.replies = ["Salin kode"], [NOT_MINE]
        return made
    for parameter in (_part(parts, "header") or {}).get("parameters") or []:
        if parameter.get("type") in FILES:
            made.media.append(_file(parameter.get(parameter["type"]) or {}))
    _template_buttons(row, parts, made)
    return made


def _template_buttons(row: Doc, parts: list[Doc], made: Content) -> None:
    carried = {
        str(part.get("index")): (part.get("parameters") or [{}])[0]
        for part in parts
        if part.get("type") == "button"
    }
    shown: Doc = next((part for part in row["components"] if part.get("type") == "BUTTONS"), {})
    for index, button in enumerate(shown.get("buttons") or []):
        label = str(button.get("text", ""))
        if str(button.get("type", "")).upper() == "QUICK_REPLY":
            payload = str(carried.get(str(index), {}).get("payload") or label)
            made.replies.append({"type": "button", "label": label, "id": payload})
        else:
            made.buttons.append(label)


def _approved(name: str, language: str) -> Doc:
    """The template, if Meta would send it now."""
    row = templates_meta.find(store(), name, language)
    status = row["status"] if row else ""
    if status == "PAUSED":
        raise Refused(132015, f"Template {name} is paused due to low quality")
    if status == "DISABLED":
        raise Refused(132016, f"Template {name} is disabled")
    if row is None or status != "APPROVED":
        raise Refused(132001, f"template name ({name}) does not exist in {language}", 404)
    return row


def _interactive(inner: Doc) -> Content:
    kind, action = inner.get("type"), inner.get("action") or {}
    longest = 4096 if kind == "list" else 1024
    made = Content(_sized((inner.get("body") or {}).get("text"), longest, "interactive.body.text"))
    header, footer = inner.get("header") or {}, inner.get("footer") or {}
    if header.get("type") == "text":
        made.text = f"*{_sized(header.get('text'), 60, 'header.text')}*\n{made.text}"
    elif header.get("type") in FILES:
        made.media.append(_file(header.get(header["type"]) or {}))
    if footer:
        made.text += f"\n\n_{_sized(footer.get('text'), 60, 'footer.text')}_"
    if kind == "button":
        made.replies = [_reply(button) for button in _counted(action.get("buttons"), 3, "buttons")]
    elif kind == "list":
        _sized(action.get("button"), 20, "action.button")
        sections = _counted(action.get("sections"), 10, "sections")
        rows = [row for section in sections for row in section.get("rows") or []]
        made.replies = [_row(row) for row in _counted(rows, 10, "rows")]
    elif kind == "cta_url":
        parameters = action.get("parameters") or {}
        label = _sized(parameters.get("display_text"), 20, "display_text")
        made.buttons = [f"{label}: {_sized(parameters.get('url'), 2000, 'url')}"]
    else:
        raise Refused(131009, f"interactive.type {kind} is not supported")
    if len({reply["id"] for reply in made.replies}) < len(made.replies):
        raise Refused(131009, "Button ids must be unique")
    return made


def _reply(button: Doc) -> Doc:
    inner = button.get("reply") or {}
    label = _sized(inner.get("title"), 20, "button title")
    return {"type": "button_reply", "label": label, "id": _sized(inner.get("id"), 256, "id")}


def _row(row: Doc) -> Doc:
    return {
        "type": "list_reply",
        "label": _sized(row.get("title"), 24, "row title"),
        "id": _sized(row.get("id"), 200, "row id"),
        "description": str(row.get("description") or ""),
    }


def _file(inner: Doc) -> str:
    """Where the phone finds a file."""
    if media_id := str(inner.get("id") or ""):
        if store().get("graph_media", media_id) is None:
            raise Refused(131053, f"Media {media_id} was not found")
        return f"/graph/media/{media_id}"
    link = str(inner.get("link") or "")
    if not link.startswith(("http://", "https://")):
        raise Refused(100, "id or link is required")
    return link


def _sized(value: Any, longest: int, name: str) -> str:
    text = value if isinstance(value, str) else ""
    if not text or len(text) > longest:
        raise Refused(100, f"{name} must have 1 to {longest} characters")
    return text


def _counted(value: Any, most: int, name: str) -> list[Doc]:
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise Refused(131009, f"{name}: between 1 and {most}")
    return value


def _part(parts: list[Doc], kind: str) -> Doc | None:
    return next((part for part in parts if part.get("type") == kind), None)


def _values(component: Doc | None) -> list[str]:
    return [str(item.get("text", "")) for item in (component or {}).get("parameters") or []]
