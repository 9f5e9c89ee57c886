"""Reading callbacks that anybody could have sent: nothing here raises, whatever the bytes are.

Ids and numbers come out in a form every database keeps; times come out as UTC and never far
from now.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_ID = re.compile(r"[\x21-\x7e]{1,200}")
_OLDEST = datetime(1970, 1, 1, tzinfo=UTC)  # a zero is no time
_AHEAD = timedelta(days=1)
_TRUE = frozenset({"true", "1", "yes"})


def parsed(body: bytes) -> Any:
    """The JSON of a body; None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def lowered(value: Any) -> dict[str, Any]:
    """An object with its keys in lower case; empty for anything else."""
    return {str(k).lower(): v for k, v in value.items()} if isinstance(value, dict) else {}


def words(value: Any, longest: int = 4096) -> str:
    """Text or a number as storable text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()[:longest]


def ident(value: Any) -> str:
    """An id of the service; empty when it cannot be one."""
    text = words(value, 201).strip()
    return text if _ID.fullmatch(text) else ""


def yes(value: Any) -> bool:
    """Whether a flag is set, however it is written."""
    return value is True or words(value).strip().lower() in _TRUE


def e164(value: Any) -> str:
    """`+628…` from `628…`, `08…` or `628…@c.us`; empty for what hides the number."""
    text = words(value, 60).strip()
    number, at, server = text.partition("@")
    if at and server not in {"c.us", "s.whatsapp.net"}:
        return ""
    number = number.partition(":")[0].lstrip("+")
    if not (number.isascii() and number.isdigit()):
        return ""
    number = "62" + number[1:] if number.startswith("0") else number
    return f"+{number}" if 8 <= len(number) <= 15 else ""


def is_group(value: Any) -> bool:
    """Whether an address is a group's."""
    return words(value, 60).strip().endswith("@g.us")


def moment(value: Any) -> datetime:
    """Seconds or milliseconds since 1970, or ISO 8601; now when it is none of them or absurd."""
    current = datetime.now(UTC)
    found = _from_number(value) if isinstance(value, int | float) else _from_text(words(value, 60))
    return found if found and _OLDEST < found < current + _AHEAD else current


def _from_text(text: str) -> datetime | None:
    if text.isascii() and text.isdigit():
        return _from_number(int(text))
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _from_number(value: int | float) -> datetime | None:
    try:
        return datetime.fromtimestamp(value / 1000 if value > 10**11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def fingerprint(body: bytes) -> str:
    """An id for a message the service gave none: the same callback has the same one."""
    return "sha256:" + hashlib.sha256(body).hexdigest()[:40]


def name_of(said: Mapping[str, Any], *keys: str) -> str:
    """What to count an unknown event under: one of its own words, or the names of its keys."""
    for key in keys:
        if found := re.sub(r"[^a-z0-9_. -]", "", words(said.get(key), 60).lower()).strip():
            return found[:40]
    return "tidak dikenal"
