"""What a `[[wa]]` block holds. Pure data; every string is as a person wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEADER_KINDS = {1: "text", 2: "image", 3: "video", 4: "document"}


@dataclass(frozen=True)
class Button:
    """`kind`: reply (of a buttons message), or quick, url, call, copy (of a template message)."""

    kind: str
    text: str
    id: str = ""
    url: str = ""
    phone: str = ""
    code: str = ""


@dataclass(frozen=True)
class Row:
    """One line to choose in a list."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Section:
    """Rows under a heading."""

    title: str
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Interactive:
    """What makes a message more than text. `type`: buttons, list, template, native_flow, or
    empty. Optional strings are None where the block does not name them. `header_type` is a
    key of HEADER_KINDS."""

    type: str = ""
    text: str | None = None
    title: str | None = None
    button_text: str | None = None
    footer: str | None = None
    header_type: int | None = None
    header_text: str | None = None
    header_media: str | None = None
    buttons: tuple[Button, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Block:
    """A whole message. `text` are the words outside the interactive part; `extra` are further
    top-level fields of a payload that was given as JSON (message, contacts, queue…)."""

    text: str | None = None
    interactive: Interactive | None = None
    to: str | None = None
    session_id: str | None = None
    thread_id: str | None = None
    request_phone_number: bool = False
    allow_empty_text: bool | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
