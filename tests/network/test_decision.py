"""The isolation decision: pure, so tested as a table and by properties."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.network.decision import Debt, Rule, decide

RULE = Rule(enabled=True, grace_days=7, minimum_amount=1)
DUE = date(2026, 11, 1)


def on(offset: int, rule: Rule = RULE, remaining: int = 150_000) -> str:
    return decide([Debt(DUE, remaining)], rule, DUE + timedelta(days=offset)).action


def test_grace_ends_after_its_last_day() -> None:
    assert [on(day) for day in (0, 1, 7, 8, 30)] == ["keep", "keep", "keep", "isolate", "isolate"]


def test_no_debt_keeps_and_says_so() -> None:
    decision = decide([], RULE, DUE)
    assert (decision.action, decision.next_on) == ("keep", None)
    assert "Tidak ada tagihan" in decision.reason


def test_switched_off_keeps() -> None:
    assert on(30, Rule(False, 7, 1)) == "keep"


def test_small_debt_keeps_and_names_the_limit() -> None:
    decision = decide([Debt(DUE, 9_000)], Rule(True, 7, 10_000), DUE + timedelta(days=30))
    assert decision.action == "keep"
    assert "Rp10.000" in decision.reason


def test_the_day_announced_is_the_day_it_happens() -> None:
    debts = [Debt(DUE, 150_000), Debt(DUE + timedelta(days=30), 150_000)]
    announced = decide(debts, RULE, DUE).next_on
    assert announced is not None
    assert decide(debts, RULE, announced - timedelta(days=1)).action == "keep"
    assert decide(debts, RULE, announced).action == "isolate"


def test_the_reason_names_amount_and_date() -> None:
    decision = decide([Debt(DUE, 150_000)], RULE, DUE + timedelta(days=8))
    assert decision.reason.startswith("Tunggakan Rp150.000, jatuh tempo 1 Nov 2026")


debts = st.lists(
    st.builds(
        Debt,
        st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        st.integers(0, 1_000_000),
    ),
    max_size=6,
)
rules = st.builds(Rule, st.booleans(), st.integers(0, 60), st.integers(1, 500_000))


@given(debts, rules, st.dates(date(2026, 1, 1), date(2027, 6, 30)))
def test_isolates_exactly_when_enough_is_late(owing: list[Debt], rule: Rule, today: date) -> None:
    late = sum(
        debt.remaining for debt in owing if today > debt.due_on + timedelta(days=rule.grace_days)
    )
    expected = rule.enabled and late >= rule.minimum_amount
    decision = decide(owing, rule, today)
    assert (decision.action == "isolate") == expected
    assert decision.reason
    if decision.next_on is not None:
        assert decision.next_on > today


@given(debts, rules, st.dates(date(2026, 1, 1), date(2027, 6, 30)))
def test_paying_everything_always_opens(owing: list[Debt], rule: Rule, today: date) -> None:
    paid = [Debt(debt.due_on, 0) for debt in owing]
    assert decide(paid, rule, today).action == "keep"
