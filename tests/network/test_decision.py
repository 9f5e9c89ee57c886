"""The isolation decision: pure, so tested as a table."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from portal.network.calendar import Calendar
from portal.network.decision import Debt, Facts, Paid, Rule, decide
from portal.network.words import sentence

RULE = Rule(enabled=True, grace_days=7, minimum_amount=1)
DUE = date(2026, 11, 1)  # a Sunday
DEBT = Debt(DUE, 150_000)
LATE = Facts([DEBT])
FIRST = DUE + timedelta(days=8)  # Monday 9 November, the first day past grace


def at(day: date, hour: int = 10) -> datetime:
    return datetime.combine(day, time(hour))


def after(days: int, hour: int = 10) -> datetime:
    return at(DUE + timedelta(days=days), hour)


def on(offset: int, rule: Rule = RULE, remaining: int = 150_000) -> str:
    return decide(Facts([Debt(DUE, remaining)]), rule, after(offset)).action


def test_grace_ends_after_its_last_day() -> None:
    assert [on(day) for day in (0, 1, 7, 8, 30)] == ["keep", "keep", "keep", "isolate", "isolate"]


def test_no_debt_keeps_and_says_so() -> None:
    decision = decide(Facts([]), RULE, at(DUE))
    assert (decision.action, decision.next_on, decision.code) == ("keep", None, "clear")
    assert "Tidak ada tagihan" in sentence(decision)


def test_switched_off_keeps() -> None:
    assert on(30, replace(RULE, enabled=False)) == "keep"


def test_small_debt_keeps_and_names_the_limit_and_the_day_it_is_no_longer_small() -> None:
    rule = replace(RULE, minimum_amount=10_000)
    small = Debt(DUE, 9_000)
    decision = decide(Facts([small]), rule, after(30))
    assert (decision.action, decision.next_on) == ("keep", None)
    assert "Rp10.000" in sentence(decision)
    more = Debt(DUE + timedelta(days=30), 1_000)
    decision = decide(Facts([small, more]), rule, after(30))
    assert (decision.code, decision.next_on) == ("small", DUE + timedelta(days=38))


def test_the_reason_names_amount_and_date() -> None:
    decision = decide(LATE, RULE, after(8))
    assert sentence(decision).startswith("Tunggakan Rp150.000, jatuh tempo 1 Nov 2026")


MONDAY = Calendar(closed_weekdays=frozenset({0}))
TOLERANT = replace(RULE, tolerance_days=5, tolerance_bp=5_000)
HALF = Paid(FIRST, 150_000, DUE)


@pytest.mark.parametrize(
    ("facts", "rule", "when", "action", "code", "next_on", "words"),
    [
        # Promise: up to and including its day.
        ({"promised_until": FIRST}, {}, after(8), "keep", "promise", DUE + timedelta(days=9),
         "janji bayar s/d 9 Nov 2026. Akan diisolir 10 Nov 2026"),
        ({"promised_until": FIRST}, {}, after(9), "isolate", "due", None, "Tunggakan"),
        ({"promised_until": FIRST, "isolated": True}, {}, after(8), "keep", "promise",
         DUE + timedelta(days=9), "janji bayar"),
        # Opened by staff: the same.
        ({"held_until": FIRST}, {}, after(8), "keep", "held", DUE + timedelta(days=9), "petugas"),
        ({"held_until": FIRST}, {}, after(9), "isolate", "due", None, "Tunggakan"),
        # Both: the longer one ends it.
        ({"held_until": FIRST, "promised_until": DUE + timedelta(days=12)}, {}, after(8), "keep",
         "held", DUE + timedelta(days=13), "14 Nov"),
        # By hand: only a person opens it.
        ({"by_hand": "rusak", "debts": []}, {}, after(8), "keep", "by_hand", None, "rusak"),
        # A recent payment of half, up to five days after it.
        ({"paid": [HALF]}, TOLERANT, after(13), "keep", "paid", DUE + timedelta(days=14),
         "baru membayar Rp150.000, s/d 14 Nov 2026"),
        ({"paid": [HALF]}, TOLERANT, after(14), "isolate", "due", None, ""),
        ({"paid": [replace(HALF, amount=149_999)]}, TOLERANT, after(8), "isolate", "due", None, ""),
        ({"paid": [HALF], "isolated": True}, TOLERANT, after(8), "isolate", "due", None, ""),
        ({"paid": [HALF]}, {}, after(8), "isolate", "due", None, ""),
        # What was paid for an invoice that is not late yet is no part of the arrears.
        ({"paid": [replace(HALF, due_on=FIRST)]}, TOLERANT, after(8), "isolate", "due", None, ""),
        # Rapel: one month late is within two; the cap is stronger than the agreement.
        ({"rapel_months": 2}, {}, after(40), "keep", "rapel", None, "sampai 2 bulan, 1 bulan"),
        ({"rapel_months": 2, "debts": [DEBT, Debt(DUE, 1, months=2)]}, {}, after(8), "isolate",
         "due", None, ""),
        ({"rapel_months": 2}, {"rapel_cap": 0}, after(8), "isolate", "due", None, ""),
        ({"rapel_months": 1, "debts": [DEBT, Debt(DUE + timedelta(days=30), 1)]}, {}, after(20),
         "keep", "rapel", DUE + timedelta(days=38), "Akan diisolir 9 Des 2026"),
        # Days and hours: the first open one; a wall that stands stays.
        ({}, {"calendar": MONDAY}, after(8), "keep", "due", DUE + timedelta(days=9),
         "Akan diisolir 10 Nov 2026 (di luar hari dan jam isolir): tunggakan Rp150.000"),
        ({"isolated": True}, {"calendar": MONDAY}, after(8), "isolate", "due", None, ""),
        ({}, {"calendar": MONDAY}, after(1), "keep", "grace", DUE + timedelta(days=9), "10 Nov"),
        ({}, {"calendar": Calendar(holidays=frozenset({FIRST}))}, after(8), "keep", "due",
         DUE + timedelta(days=9), ""),
        ({}, {"calendar": Calendar(opens=time(9), closes=time(15))}, after(8, 8), "keep", "due",
         FIRST, ""),
        ({}, {"calendar": Calendar(opens=time(9), closes=time(15))}, after(8, 9), "isolate", "due",
         None, ""),
        ({}, {"calendar": Calendar(opens=time(9), closes=time(15))}, after(8, 15), "keep", "due",
         DUE + timedelta(days=9), ""),
        ({}, {"calendar": Calendar(closed_weekdays=frozenset(range(7)))}, after(8), "keep", "due",
         None, "Tidak ada hari isolir"),
        # A promise that ends before a closed day.
        ({"promised_until": DUE + timedelta(days=7)}, {"calendar": MONDAY}, after(7), "keep",
         "grace", DUE + timedelta(days=9), ""),
        # The warning: not before it left, then its hours.
        ({}, {"warn_hours": 24}, after(8, 0), "keep", "due", DUE + timedelta(days=9),
         "peringatan dikirim lebih dahulu"),
        ({"warned_for": DUE}, {"warn_hours": 24}, after(30), "keep", "due",
         DUE + timedelta(days=31), ""),
        ({"warned_for": DUE, "warned_at": after(8)}, {"warn_hours": 24}, after(9, 9), "keep", "due",
         DUE + timedelta(days=9), ""),
        ({"warned_for": DUE, "warned_at": after(8)}, {"warn_hours": 24}, after(9, 10), "isolate",
         "due", None, ""),
        ({"warned_for": DUE - timedelta(days=30), "warned_at": after(0)}, {"warn_hours": 24},
         after(8), "keep", "due", DUE + timedelta(days=9), ""),
    ],
)  # fmt: skip
def test_each_knob(
    facts: dict[str, Any],
    rule: Any,
    when: datetime,
    action: str,
    code: str,
    next_on: date | None,
    words: str,
) -> None:
    rule = rule if isinstance(rule, Rule) else replace(RULE, **rule)
    decision = decide(replace(LATE, **facts), rule, when)
    assert (decision.action, decision.code, decision.next_on) == (action, code, next_on)
    assert words in sentence(decision)


def test_the_warning_is_asked_for_in_time_so_that_the_day_does_not_move() -> None:
    rule = replace(RULE, warn_hours=24)
    planned = decide(LATE, rule, after(2))
    assert (planned.warn_for, planned.next_on) == (None, FIRST)
    asked = decide(LATE, rule, after(7, 0))
    assert (asked.warn_for, asked.next_on) == (DUE, FIRST)
    warned = replace(LATE, warned_for=DUE, warned_at=after(7, 0))
    assert decide(warned, rule, after(7, 5)).warn_for is None
    assert decide(warned, rule, after(8, 0)).action == "isolate"


def test_nobody_is_warned_of_an_invoice_that_is_not_due_yet() -> None:
    rule = replace(RULE, grace_days=0, warn_hours=72)
    assert decide(LATE, rule, after(0)).warn_for is None
    decision = decide(LATE, rule, after(1, 0))
    assert (decision.warn_for, decision.next_on) == (DUE, DUE + timedelta(days=4))
    assert decide(LATE, rule, after(0)).next_on == DUE + timedelta(days=4)


def test_a_promise_silences_the_warning_until_it_ends() -> None:
    rule = replace(RULE, warn_hours=24)
    facts = replace(LATE, promised_until=DUE + timedelta(days=20))
    assert decide(facts, rule, after(10)).warn_for is None
    assert decide(facts, rule, after(20)).warn_for == DUE


def test_paying_the_invoice_of_the_warning_asks_for_a_new_one() -> None:
    rule = replace(RULE, warn_hours=24)
    younger = Debt(DUE + timedelta(days=1), 1)
    facts = Facts([DEBT, younger], warned_for=DUE, warned_at=after(8))
    assert decide(facts, rule, after(12)).action == "isolate"
    rest = decide(replace(facts, debts=[younger]), rule, after(12))
    assert (rest.action, rest.warn_for) == ("keep", younger.due_on)
