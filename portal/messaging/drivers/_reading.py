"""What several drivers share when they read answers and callbacks: nothing here raises.

Also the one place where a provider's words lose their phone numbers before they become a
`detail`, and where signatures are compared.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.infra.http import Reply

_LONG = re.compile(r"\d{9,}")
_JID = re.compile(r"(\d{6,15})(?::\d+)?@(?:s\.whatsapp\.net|c\.us)")
_AHEAD = timedelta(days=1)
LONGEST_WAIT = 3600


def as_dict(value: Any) -> dict[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty when it is none."""
    try:
        return as_dict(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def words(value: Any) -> str:
    """Text or a number as storable text; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    try:
        return str(value).replace("\0", "").encode("utf-8", "replace").decode()
    except ValueError:  # an integer of thousands of digits
        return ""


def moment(value: Any) -> datetime:
    """ISO 8601, or seconds or milliseconds since 1970; now when it is none, or in the future."""
    current = datetime.now(UTC)
    try:
        if isinstance(value, str) and not value.isdecimal():
            found = datetime.fromisoformat(value)
            found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        else:
            seconds = float(value)
            found = datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return current
    return found if found.year > 2014 and found < current + _AHEAD else current


def number_of(jid: Any) -> str:
    """E.164 of `628…@s.whatsapp.net` or `628…@c.us`; empty for groups and hidden numbers."""
    found = _JID.fullmatch(jid) if isinstance(jid, str) else None
    return f"+{found[1]}" if found else ""


def first_text(values: Mapping[str, Any], *names: str) -> str:
    """The first of these members that holds text or a number."""
    return next((found for name in names if (found := words(values.get(name)))), "")


def masked(said: str, limit: int = 300) -> str:
    """A provider's words with long numbers shortened: some repeat the recipient."""
    return _LONG.sub(lambda run: f"{run[0][:4]}••••{run[0][-3:]}", said)[:limit]


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
