"""What a setting is; which there are stands in `registry.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l

Value = str | int | bool | list[int] | list[str]

# As `date.weekday()` counts them.
WEEKDAYS: Sequence[tuple[str, Any]] = (
    ("0", _l("Senin")),
    ("1", _l("Selasa")),
    ("2", _l("Rabu")),
    ("3", _l("Kamis")),
    ("4", _l("Jumat")),
    ("5", _l("Sabtu")),
    ("6", _l("Minggu")),
)


@dataclass(frozen=True)
class SettingSpec:
    """One setting. `kind`: text, phone, int, days (list of ints), bool, time (HH:MM, local),
    dates (list of ISO dates), choices (list of the values of `options`), choice (one of them),
    ahead (what months paid ahead save, `core/ahead.py`).
    A text may be empty when it is `optional`, and have `maximum` letters when that is given."""

    key: str
    kind: str
    default: Value
    label: Any
    help: Any = ""
    minimum: int = 0
    maximum: int = 10**9
    group: str = "company"
    options: Sequence[tuple[str, Any]] = field(default=())
    optional: bool = False
