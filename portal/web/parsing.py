"""Reading what people type into forms: dates and percentages; rupiah is in `core/money.py`.

Each raises ValueError with a sentence in Indonesian.
"""

import re
from datetime import date

from portal.web.sentences import N_

_PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*%?")


def parse_day(text: str) -> date:
    """A date as the browser's date field sends it."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(N_("Pilih tanggal, misalnya 2026-12-25.")) from None


def parse_percent(text: str) -> int:
    """`12`, `12,5` or `12.5 %` as basis points (1250)."""
    match = _PERCENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(N_("Isi persen, misalnya 10 atau 12,5."))
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
