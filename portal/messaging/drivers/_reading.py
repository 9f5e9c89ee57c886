"""What several drivers share when they read: callbacks and answers of other people's servers.

Bodies are anything at all, so nothing here raises. Also the one place where a provider's words
lose their phone numbers before they become a `detail`.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.infra.http import Reply

_LONG = re.compile(r"\d{9,}")
_JID = re.compile(r"(\d{6,15})(?::\d+)?@(?:s\.whatsapp\.net|c\.us)")
LONGEST_WAIT = 3600


def as_dict(value: Any) -> dict[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """A string or a number as text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    try:
        return str(value)
    except ValueError:  # an integer of thousands of digits
        return ""


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty when it is none."""
    try:
        return as_dict(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def answer_object(reply: Reply) -> dict[str, Any]:
    """The JSON object of an answer; empty when it is none."""
    try:
        return as_dict(reply.json())
    except (ValueError, RecursionError):
        return {}


def moment(value: Any) -> datetime:
    """RFC 3339, or seconds or milliseconds since 1970; now when it is none of them."""
    try:
        if isinstance(value, str) and not value.isdecimal():
            at = datetime.fromisoformat(value)
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = float(value)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return datetime.now(UTC)


def number_of(jid: Any) -> str:
    """E.164 of `628…@s.whatsapp.net` or `628…@c.us`; empty for groups and hidden numbers."""
    found = _JID.fullmatch(jid) if isinstance(jid, str) else None
    return f"+{found[1]}" if found else ""


def masked(words: str, limit: int = 300) -> str:
    """A provider's words with long numbers shortened: some repeat the recipient."""
    return _LONG.sub(lambda run: f"{run[0][:4]}••••{run[0][-3:]}", words)[:limit]


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


def first_text(values: Mapping[str, Any], *names: str) -> str:
    """The first of these members that holds text."""
    return next((found for name in names if (found := text_of(values.get(name)))), "")
