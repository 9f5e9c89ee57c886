"""What a `[[wa]]` block holds. Pure data; every string is as a person wrote it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

HEADER_KINDS = {1: "text", 2: "image", 3: "video", 4: "document"}
TYPES = ("buttons", "list", "template", "native_flow")
SPACE = " \t\n\r\0\x0b"
"""What is trimmed. A no-break space is not: people use it to indent."""
TEMPLATE_KINDS = ("quick", "url", "call", "copy")

Words = Callable[[str], str]


@dataclass(frozen=True)
class Button:
    """`kind`: reply (of a buttons message); quick, url, call, copy (of a template message); flow
    (native_flow: `id` is its name, `params` its JSON); other (of no known kind: it is never sent
    as a button, `text` keeps what was written)."""

    kind: str
    text: str
    id: str = ""
    url: str = ""
    phone: str = ""
    code: str = ""
    params: str = ""

    def mapped(self, fn: Words) -> "Button":
        """With `fn` applied to every string but the kind."""
        values = {f.name: fn(getattr(self, f.name)) for f in fields(self) if f.name != "kind"}
        return replace(self, **values)


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

    def mapped(self, fn: Words) -> "Section":
        """With `fn` applied to every string."""
        rows = tuple(Row(fn(r.id), fn(r.title), fn(r.description)) for r in self.rows)
        return Section(fn(self.title), rows)


@dataclass(frozen=True)
class Interactive:
    """What makes a message more than text. `type`: one of TYPES, or empty (as JSON it may be
    any word). Optional strings are None where the block does not name them. `header_type` is a
    key of HEADER_KINDS, if the author knew them."""

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

    @property
    def media_kind(self) -> str:
        """image, video or document: what the header file is."""
        kind = HEADER_KINDS.get(self.header_type or 0, "image")
        return "image" if kind == "text" else kind

    def mapped(self, fn: Words) -> "Interactive":
        """With `fn` applied to every string but the type."""
        return replace(
            self,
            text=_maybe(fn, self.text),
            title=_maybe(fn, self.title),
            button_text=_maybe(fn, self.button_text),
            footer=_maybe(fn, self.footer),
            header_text=_maybe(fn, self.header_text),
            header_media=_maybe(fn, self.header_media),
            buttons=tuple(button.mapped(fn) for button in self.buttons),
            sections=tuple(section.mapped(fn) for section in self.sections),
        )


@dataclass(frozen=True)
class Block:
    """A whole message. `text` are the words outside the interactive part.

    A message written as JSON keeps it in `given`, which is then what counts; the other fields
    are how it reads, `extra` what they do not cover (message, contacts, queue…).
    """

    text: str | None = None
    interactive: Interactive | None = None
    to: str | None = None
    session_id: str | None = None
    thread_id: str | None = None
    request_phone_number: bool = False
    allow_empty_text: bool | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] | None = None

    def mapped(self, fn: Words) -> "Block":
        """With `fn` applied to every string a person reads or sends: places are filled in the
        finished block, so that no value can bring keys, buttons or lines of its own."""
        return replace(
            self,
            text=_maybe(fn, self.text),
            interactive=self.interactive and self.interactive.mapped(fn),
            to=_maybe(fn, self.to),
            session_id=_maybe(fn, self.session_id),
            thread_id=_maybe(fn, self.thread_id),
            extra=_deep(fn, self.extra),
            given=_deep(fn, self.given),
        )


def _maybe(fn: Words, value: str | None) -> str | None:
    return None if value is None else fn(value)


def _deep(fn: Words, value: Any) -> Any:
    """The same JSON value with `fn` applied to its strings, not to its names."""
    if isinstance(value, str):
        return fn(value)
    if isinstance(value, Mapping):
        return {name: _deep(fn, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_deep(fn, inner) for inner in value]
    return value
