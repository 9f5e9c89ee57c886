"""The isolation decision: pure, so tested as a table and by properties."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.network.calendar import Calendar
from portal.network.decision import Debt, Decision, Facts, Paid, Rule, decide

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
    assert "Tidak ada tagihan" in decision.reason


def test_switched_off_keeps() -> None:
    assert on(30, replace(RULE, enabled=False)) == "keep"


def test_small_debt_keeps_and_names_the_limit_and_the_day_it_is_no_longer_small() -> None:
    rule = replace(RULE, minimum_amount=10_000)
    small = Debt(DUE, 9_000)
    decision = decide(Facts([small]), rule, after(30))
    assert (decision.action, decision.next_on) == ("keep", None)
    assert "Rp10.000" in decision.reason
    more = Debt(DUE + timedelta(days=30), 1_000)
    decision = decide(Facts([small, more]), rule, after(30))
    assert (decision.code, decision.next_on) == ("small", DUE + timedelta(days=38))


def test_the_reason_names_amount_and_date() -> None:
    decision = decide(LATE, RULE, after(8))
    assert decision.reason.startswith("Tunggakan Rp150.000, jatuh tempo 1 Nov 2026")


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
    assert words in decision.reason


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


DAYS = st.dates(date(2026, 10, 1), date(2026, 12, 10))
debts = st.lists(
    st.builds(Debt, DAYS, st.integers(0, 300_000), st.integers(1, 3)), min_size=1, max_size=4
)
calendars = st.builds(
    Calendar,
    st.frozensets(st.integers(0, 6), max_size=6),
    st.frozensets(DAYS, max_size=3),
    st.sampled_from([time(0), time(9), time(20)]),
    st.sampled_from([time(0), time(15), time(5)]),
)
plain_rules = st.builds(Rule, st.booleans(), st.integers(0, 20), st.integers(1, 300_000))
rules = st.builds(
    Rule,
    st.just(True),
    st.integers(0, 20),
    st.integers(1, 300_000),
    st.integers(0, 10),
    st.integers(1, 10_000),
    st.integers(0, 4),
    st.sampled_from([0, 5, 24, 72]),
    calendars,
)
moments = st.builds(datetime.combine, DAYS, st.builds(time, st.integers(0, 23)))
facts = st.builds(
    Facts,
    debts,
    st.lists(st.builds(Paid, DAYS, st.integers(-50_000, 300_000), DAYS), max_size=3),
    st.integers(0, 4),
    st.none() | DAYS,
    st.none() | DAYS,
    st.just(""),
    st.none() | DAYS,
    st.none() | moments,
    st.booleans(),
)


@given(debts, plain_rules, moments)
def test_without_other_knobs_isolates_exactly_when_enough_is_late(
    owing: list[Debt], rule: Rule, when: datetime
) -> None:
    late = sum(
        debt.remaining
        for debt in owing
        if when.date() > debt.due_on + timedelta(days=rule.grace_days)
    )
    decision = decide(Facts(owing), rule, when)
    assert (decision.action == "isolate") == (rule.enabled and late >= rule.minimum_amount)
    assert decision.reason
    assert decision.next_on is None or decision.next_on > when.date()


@given(facts, rules, moments)
def test_nobody_is_isolated_without_an_unpaid_invoice_past_grace(
    known: Facts, rule: Rule, when: datetime
) -> None:
    decision = decide(known, rule, when)
    late = [
        debt
        for debt in known.debts
        if debt.remaining > 0 and when.date() > debt.due_on + timedelta(days=rule.grace_days)
    ]
    if decision.action == "isolate":
        assert late and sum(debt.remaining for debt in late) >= rule.minimum_amount
        assert known.isolated or rule.calendar.opening(when) == when
        assert not known.promised_until or when.date() > known.promised_until
        assert sum(debt.months for debt in late) > min(known.rapel_months, rule.rapel_cap)
        if rule.warn_hours and not known.isolated:
            assert known.warned_at is not None
            assert when - known.warned_at >= timedelta(hours=rule.warn_hours)


@given(facts, rules, moments)
def test_paying_everything_always_opens(known: Facts, rule: Rule, when: datetime) -> None:
    paid = [replace(debt, remaining=0) for debt in known.debts]
    decision = decide(replace(known, debts=paid), rule, when)
    assert (decision.action, decision.code) == ("keep", "clear")


@given(facts, rules, moments, st.integers(1, 300_000), st.integers(0, 3))
def test_paying_more_never_isolates_sooner(
    known: Facts, rule: Rule, when: datetime, amount: int, which: int
) -> None:
    debt = known.debts[which % len(known.debts)]
    amount = min(amount, debt.remaining)
    left = [
        replace(one, remaining=one.remaining - amount) if one is debt else one
        for one in known.debts
    ]
    more = [*known.paid, Paid(when.date(), amount, debt.due_on)]
    before, now = (
        decide(known, rule, when),
        decide(replace(known, debts=left, paid=more), rule, when),
    )
    if before.action == "keep":
        assert now.action == "keep"
    if before.action == "keep" and before.next_on is None and rule.warn_hours == 0:
        assert now.next_on is None


@settings(deadline=None, max_examples=60)
@given(facts, rules, moments)
def test_the_day_announced_is_the_day_it_happens(known: Facts, rule: Rule, when: datetime) -> None:
    """Hour by hour; nothing is paid meanwhile."""
    known, seen = replace(known, isolated=False), None
    rule = replace(rule, warn_hours=0)
    announced, step = decide(known, rule, when), when
    if announced.action == "isolate":
        return
    end = datetime.combine(announced.next_on or when.date() + timedelta(days=30), time.max)
    while step <= end and seen is None:
        if decide(known, rule, step).action == "isolate":
            seen = step.date()
        step += timedelta(hours=1)
    assert seen == announced.next_on


@settings(deadline=None, max_examples=60)
@given(facts, rules, moments)
def test_a_line_that_is_warned_goes_when_it_was_told(
    known: Facts, rule: Rule, when: datetime
) -> None:
    """The run, hour by hour, sends the warning itself; the last day announced comes true."""
    known = replace(known, isolated=False, warned_for=None, warned_at=None)
    last: Decision | None = None
    for hours in range(24 * 90):
        step = when + timedelta(hours=hours)
        decision = decide(known, rule, step)
        if decision.action == "isolate":
            assert last is None or last.next_on == step.date() or last.next_on is None
            assert rule.warn_hours == 0 or known.warned_at is not None
            return
        if decision.warn_for:
            known = replace(known, warned_for=decision.warn_for, warned_at=step)
        if decision.next_on is None:
            return
        last = decision
