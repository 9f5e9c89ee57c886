"""Who is walled off, and why: one pure function for the nightly run, the dry run, the
dashboard and the customer's own page.

Rule 7 of `docs/domain.md`. It says its reason in words and when it will change its mind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from portal.core.money import format_rupiah

MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")


@dataclass(frozen=True)
class Debt:
    """An unpaid invoice: when it fell or falls due and what is left of it, in rupiah."""

    due_on: date
    remaining: int


@dataclass(frozen=True)
class Rule:
    """The owner's knobs. `grace_days` after the due date; `minimum_amount` in rupiah."""

    enabled: bool
    grace_days: int
    minimum_amount: int


@dataclass(frozen=True)
class Decision:
    """`isolate` or `keep`; `next_on` is the day a kept line would be walled off."""

    action: Literal["isolate", "keep"]
    reason: str
    next_on: date | None = None


def short_date(day: date) -> str:
    """`12 Nov 2026` without a locale, since the reason is stored."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def decide(debts: Sequence[Debt], rule: Rule, today: date) -> Decision:
    """Decide for one subscription from its open invoices.

    An invoice counts once today is past its due date plus the grace days.
    """
    owing = sorted((debt for debt in debts if debt.remaining > 0), key=lambda debt: debt.due_on)
    if not owing:
        return Decision("keep", "Tidak ada tagihan terbuka.")
    if not rule.enabled:
        return Decision("keep", "Isolir otomatis dimatikan.")
    grace = timedelta(days=rule.grace_days)
    late = [debt for debt in owing if today > debt.due_on + grace]
    amount = sum(debt.remaining for debt in late)
    if late and amount >= rule.minimum_amount:
        return Decision(
            "isolate",
            f"Tunggakan {format_rupiah(amount)}, jatuh tempo {short_date(late[0].due_on)}, "
            f"masa tenggang {rule.grace_days} hari sudah lewat.",
        )
    if late:
        return Decision(
            "keep",
            f"Tunggakan {format_rupiah(amount)} masih di bawah batas "
            f"{format_rupiah(rule.minimum_amount)}.",
        )
    next_on = owing[0].due_on + grace + timedelta(days=1)
    return Decision(
        "keep",
        f"Akan diisolir {short_date(next_on)} bila tagihan yang jatuh tempo "
        f"{short_date(owing[0].due_on)} belum dibayar.",
        next_on,
    )
