"""A block as a phone shows it: a bubble with a head, its words, buttons or a list under it. Pure.

The template prints every piece escaped. Words go through `bubble.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from portal.core.wablock import Block, Button, Interactive
from portal.messaging import bubble
from portal.messaging.bubble import Line
from portal.messaging.builder import choice_of

LONGEST = 8000
# A button's sign by its kind.
SIGNS = {"url": "world", "call": "phone", "copy": "copy"}


@dataclass(frozen=True)
class Head:
    """A header file. `picture`: where a browser finds it, for images of our own only."""

    kind: str
    name: str
    picture: str = ""


@dataclass(frozen=True)
class Press:
    """A button. `target`: where it leads; people see it when they press."""

    text: str
    sign: str = ""
    target: str = ""


@dataclass(frozen=True)
class Shown:
    """The parts of a message in the order a phone shows them."""

    lines: Sequence[Line]
    head: Head | None = None
    head_text: str = ""
    footer: str = ""
    buttons: Sequence[Press] = ()
    list_button: str = ""
    list_title: str = ""
    sections: Sequence[tuple[str, Sequence[tuple[str, str]]]] = field(default=())


Picture = Callable[[str], str]


def of(text: str, block: Block | None, picture: Picture = lambda url: "") -> Shown:
    """The message. `text` is what it says where there is no block; `picture` tells where a
    browser finds the image of an address, empty when it is not ours."""
    inner = block.interactive if block else None
    if block is None or inner is None:
        return Shown(bubble.lines(text[:LONGEST]))
    words = "\n\n".join(filter(None, (block.text, inner.text)))
    is_list = inner.type == "list" or bool(inner.sections)
    return Shown(
        lines=bubble.lines(words[:LONGEST]) if words else (),
        head=_head(inner, picture) if inner.header_media else None,
        head_text="" if inner.header_media else inner.header_text or "",
        footer=inner.footer or "",
        buttons=[press for button in inner.buttons if (press := _press(button))],
        list_button=(inner.button_text or inner.title or "Menu") if is_list else "",
        list_title=inner.title or "" if is_list else "",
        sections=[
            (section.title, [(row.title or row.id, row.description) for row in section.rows])
            for section in inner.sections
        ],
    )


def _head(inner: Interactive, picture: Picture) -> Head:
    url = inner.header_media or ""
    name = unquote(urlsplit(url).path.rpartition("/")[2]) if "://" in url else ""
    kind = inner.media_kind
    return Head(kind, name or url, picture(url) if kind == "image" else "")


def _press(button: Button) -> Press | None:
    choice = choice_of(button)
    if choice is None or not (choice.text or choice.id or choice.target):
        return None
    words = choice.text or choice.id or choice.target
    return Press(words, SIGNS.get(choice.kind, ""), choice.target)
