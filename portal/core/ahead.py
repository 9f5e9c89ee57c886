"""What paying months ahead saves: the owner's rules, read from one line of text. Pure.

`3 = 5 %; 12 = 1 bulan gratis` reads: from 3 months on 5 % less, from 12 months on one month
free instead. The rule with the most months that are reached holds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST_MONTHS = 12
SAID = "bulan di muka"
"""How the words of a saving end on an invoice; what it saved is found by them."""
_RULE = re.compile(
    r"(?P<months>\d{1,2})(?:\s*bulan)?\s*[=:]\s*"
    r"(?:(?P<whole>\d{1,3})(?:[.,](?P<cents>\d{1,2}))?\s*(?:%|persen)|(?P<free>\d{1,2})\s*bulan(?:\s*gratis)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Saving:
    """From so many months on: basis points off every invoice, or months that cost nothing."""

    months: int
    discount_bp: int = 0
    free_months: int = 0

    def words(self) -> str:
        """As the rule is written."""
        return f"{self.months} = {self.size()}"

    def size(self) -> str:
        """`5 %`, `7,5 %`, `1 bulan gratis`."""
        if self.free_months:
            return f"{self.free_months} bulan gratis"
        whole, rest = divmod(self.discount_bp, 100)
        return f"{whole}{f',{rest:02d}'.rstrip('0').rstrip(',')} %"


NOTHING = Saving(0)


class BadRule(ValueError):
    """A rule that cannot be read; `rule` is what was typed, `why` the key of a sentence."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{why}: {rule}")
        self.rule, self.why = rule, why


def parse(text: str) -> list[Saving]:
    """The rules, by months. Raises BadRule: form, range, twice."""
    found: dict[int, Saving] = {}
    for typed in filter(None, (part.strip() for part in re.split(r"[;\n]", text))):
        rule = _read(typed)
        if rule.months in found:
            raise BadRule(typed, "twice")
        found[rule.months] = rule
    return [found[months] for months in sorted(found)]


def _read(typed: str) -> Saving:
    match = _RULE.fullmatch(typed)
    if match is None:
        raise BadRule(typed, "form")
    months, free = int(match["months"]), int(match["free"] or 0)
    points = int(match["whole"] or 0) * 100 + int((match["cents"] or "").ljust(2, "0"))
    if not 1 <= months <= MOST_MONTHS or not (0 < points <= 10_000 or 0 < free < months):
        raise BadRule(typed, "range")
    return Saving(months, points, free)


def written(rules: Sequence[Saving]) -> str:
    """The rules as one line again."""
    return "; ".join(rule.words() for rule in rules)


def best(rules: Sequence[Saving], months: int) -> Saving:
    """The rule that holds for so many months; NOTHING when none does."""
    return max((one for one in rules if one.months <= months), key=_months, default=NOTHING)


def _months(rule: Saving) -> int:
    return rule.months
