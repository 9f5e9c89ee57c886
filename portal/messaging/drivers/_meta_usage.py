"""How much of Meta's call budget is used up, as its answers say in their headers.

`X-Business-Use-Case-Usage` (by account) and `X-App-Usage` (by app) hold percentages, not counts;
a header that is missing or unreadable says nothing.
https://developers.facebook.com/docs/graph-api/overview/rate-limiting (November 2026)
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

HEADERS = ("X-Business-Use-Case-Usage", "X-App-Usage")
PERCENTAGES = ("call_count", "total_cputime", "total_time")
NEARLY = 95
LONGEST = 24 * 3600
"""Seconds a channel rests at most because of such a header."""


def regain_seconds(headers: Mapping[str, str]) -> int:
    """Seconds until calls are taken again; 0 when no header says so. Meta counts in minutes."""
    minutes = [_number(usage.get("estimated_time_to_regain_access")) for usage in _usages(headers)]
    return int(min(max(minutes, default=0) * 60, LONGEST))


def note(headers: Mapping[str, str]) -> str:
    """A sentence when the budget is nearly used up; else empty."""
    most = max(
        (_number(usage.get(name)) for usage in _usages(headers) for name in PERCENTAGES), default=0
    )
    return f"Jatah panggilan Meta terpakai {int(most)}%." if most >= NEARLY else ""


def _usages(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for name in HEADERS:
        try:
            said = json.loads(headers.get(name) or "null")
        except (ValueError, RecursionError):
            continue
        if not isinstance(said, dict):
            continue
        yield said
        for listed in said.values():
            if isinstance(listed, list):
                yield from (one for one in listed if isinstance(one, dict))


def _number(value: Any) -> float:
    """Not negative, not absurd."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return min(max(value, 0), 10**6) if value == value else 0
