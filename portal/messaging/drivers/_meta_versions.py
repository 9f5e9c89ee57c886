"""How long each Graph version lives: a call with an expired one is answered by another version,
whose shapes nobody here has tried.

https://developers.facebook.com/docs/graph-api/changelog/versions (November 2026)
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

DEFAULT = "v25.0"
NEWEST = "v26.0"
# version -> its last day; None while Meta has not named one.
EXPIRES: Mapping[str, date | None] = {
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
SOON = timedelta(days=183)
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")


def warning(version: str, day: date | None = None) -> str:
    """What to do about a version that ends within six months or has ended; empty for one that
    lives on. `day` is today."""
    day = day or datetime.now(UTC).date()
    found = re.fullmatch(r"v(\d{1,3})\.0", version)
    if found and int(found[1]) < 20:
        return f"Versi Graph {version} sudah berakhir. Ganti ke {DEFAULT}."
    last = EXPIRES.get(version)
    if last is None:
        return ""
    said = f"{last.day} {_MONTHS[last.month]} {last.year}"
    if last < day:
        return f"Versi Graph {version} sudah berakhir {said}. Ganti ke {DEFAULT}."
    if last - day <= SOON:
        return f"Versi Graph {version} berakhir {said}. Ganti ke {DEFAULT}."
    return ""


def expired(version: str, day: date | None = None) -> bool:
    """Whether Meta no longer serves it."""
    return "sudah berakhir" in warning(version, day)
