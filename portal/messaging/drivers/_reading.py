"""What drivers share when they read answers and callbacks that anybody could have sent.

Nothing here raises, whatever the bytes are. Ids and numbers come out in a form every database
keeps, times as UTC and never far from now. Also the one place where a provider's words lose
numbers and codes before they are kept, and where signatures are compared.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.infra.http import Reply

_ID = re.compile(r"[\x21-\x7e]{1,200}")
_LONG, _CODE = re.compile(r"\d{9,}"), re.compile(r"\d{5,8}")
_TOKEN = re.compile(r"\bEAA\w+")
_OLDEST = datetime(1970, 1, 1, tzinfo=UTC)  # a zero is no time
_AHEAD = timedelta(days=1)
_TRUE = frozenset({"true", "1", "yes"})
LONGEST_WAIT = 3600


def as_dict(value: Any) -> dict[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def parsed(body: bytes) -> Any:
    """The JSON of a body; None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty when it is none."""
    return as_dict(parsed(body))


def lowered(value: Any) -> dict[str, Any]:
    """An object with its keys in lower case; empty for anything else."""
    return {str(k).lower(): v for k, v in value.items()} if isinstance(value, dict) else {}


def words(value: Any, longest: int = 4096) -> str:
    """Text or a number as storable text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    try:
        text = str(value)
    except ValueError:  # an integer of thousands of digits
        return ""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:longest]


def first_text(values: Mapping[str, Any], *names: str) -> str:
    """The first of these members that holds text or a number."""
    return next((found for name in names if (found := words(values.get(name)))), "")


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


def number_of(jid: Any) -> str:
    """E.164 of `628…@s.whatsapp.net` or `628…@c.us`; empty for groups and hidden numbers."""
    return e164(jid) if isinstance(jid, str) and "@" in jid else ""


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


def redacted(said: str, limit: int = 300) -> str:
    """A provider's words as they may be kept: long numbers shortened, since some repeat the
    recipient; what could be a login code gone, and Meta's tokens ("Malformed access token EAA…").
    """
    clean = _TOKEN.sub("EAA••••", said.replace("\0", "").encode("utf-8", "replace").decode())
    shorter = _LONG.sub(lambda run: f"{run[0][:4]}••••{run[0][-3:]}", clean)
    return _CODE.sub("•••••", shorter)[:limit]


def wait_of(reply: Reply, default: int = 60) -> int:
    """Seconds to wait by `Retry-After`, an hour at most."""
    said = reply.headers.get("Retry-After", "").strip()
    return min(int(said), LONGEST_WAIT) if said.isdecimal() and len(said) < 9 else default


def signed_hex(
    secret: str, body: bytes, given: str, algorithm: str = "sha256", prefix: str = ""
) -> bool:
    """Whether `given` is the hex HMAC of the body; compared in constant time."""
    made = hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()
    return same(made, given.strip().lower().removeprefix(prefix))


def same(one: str, other: str) -> bool:
    """Equality that takes as long for a near miss as for a far one."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
