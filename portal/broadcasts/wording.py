"""The text of a broadcast: which places it may hold, what is wrong with it, one copy filled."""

import re
from typing import Any, Protocol

from flask_babel import gettext as _

from portal.messaging import block_preview, channels, text_checks, texts
from portal.messaging.block_preview import Preview
from portal.messaging.block_view import Shown

PLACES = {"name": "name", "customer_number": "number"}
"""Place in the text -> column of the customer it is filled from."""
TITLE_LIMIT = 80
BODY_LIMIT = 4000
_PLACE = re.compile(r"\[\[([^\[\]]*)\]\]")
_ROOM = {"name": 120, "customer_number": 40}


class Person(Protocol):
    """What of a customer a text may hold."""

    @property
    def name(self) -> str: ...
    @property
    def number(self) -> str: ...


def places(body: str) -> list[str]:
    """The known places of a text, in order, each once."""
    return [name for name in dict.fromkeys(_PLACE.findall(body)) if name in PLACES]


def columns(body: str) -> list[str]:
    """The customer's columns that make one copy differ from another."""
    return [PLACES[name] for name in places(body)]


def fill(body: str, person: Person) -> str:
    """The text for one customer: one pass, values made harmless, never read again."""
    if "[[" not in body:
        return body
    return texts.substitute(body, _values(person))


def params(body: str, person: Person) -> dict[str, str]:
    """What a message of this broadcast keeps. A block stays unfilled until it was read, so that
    no name can add a button to it."""
    if texts.may_hold_block(body):
        used = places(body)
        return {
            "text": body,
            **{name: value for name, value in _values(person).items() if name in used},
        }
    return {"text": fill(body, person)}


def _values(person: Person) -> dict[str, str]:
    return {
        "name": texts.harmless(person.name),
        "customer_number": texts.harmless(person.number),
    }


def errors(title: str, body: str) -> dict[str, str]:
    """What is wrong with a draft, field by field, in sentences."""
    found: dict[str, str] = {}
    if not 1 <= len(title) <= TITLE_LIMIT:
        found["title"] = _("Judul wajib diisi, paling banyak %(limit)s huruf.", limit=TITLE_LIMIT)
    unknown = [
        name for name in _PLACE.findall(body) if name not in PLACES and not text_checks.is_tag(name)
    ]
    odd = next(text_checks.wrong_block(body), "") if text_checks.holds_tag(body) else ""
    limit = text_limit()
    if not body:
        found["body"] = _("Isi pesan wajib diisi.")
    elif unknown:
        found["body"] = _(
            "Isian [[%(name)s]] tidak dikenal. Yang dapat dipakai: [[name]] dan "
            "[[customer_number]].",
            name=unknown[0][:40],
        )
    elif odd:
        found["body"] = odd
    elif longest(body) > limit:
        found["body"] = _("Terlalu panjang: paling banyak %(limit)s huruf.", limit=limit)
    return found


def longest(body: str) -> int:
    """How long the text may become with the longest name in it."""
    return len(_PLACE.sub(lambda match: "x" * _ROOM.get(match[1], 0), body))


def text_limit() -> int:
    """What every channel in force carries, in characters."""
    limits = [channel.driver().text_limit for channel in channels.in_order() if not channel.problem]
    return min([BODY_LIMIT, *limits])


def preview(body: str, person: Person | None, language: str = "id") -> str:
    """The whole message as its reader sees it; the owner may have put words around it."""
    stand_in: Any = person or Example()
    return composed(body, stand_in, language).text


def composed(body: str, person: Person, language: str = "id") -> texts.Composed:
    """The same with the block behind it."""
    return texts.compose("broadcast", language, params(body, person))


def look(body: str, person: Person | None, language: str = "id") -> Preview:
    """How it looks on its reader's phone, and what each channel makes of it."""
    return block_preview.of("broadcast", composed(body, person or Example(), language))


def unfilled(body: str) -> Shown:
    """How it looks with its places as they were written."""
    return block_preview.bubble(texts.compose("broadcast", "id", {}, body=body))


class Example:
    """Somebody for a preview when nobody is there."""

    name = "Budi Santoso"
    number = "PLG-0042"
