"""What holds of every isolation decision, whatever the debts, the rule and the hour."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.network.calendar import Calendar
from portal.network.decision import Debt, Decision, Facts, Paid, Rule, decide
from portal.network.words import sentence

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
    assert sentence(decision)
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
