"""Two implementations of the invoice, written apart, agree to the rupiah on random people."""

import random
from datetime import date, timedelta

import pytest

from portal.core.cycles import CYCLES, PRORATIONS, SCHEMES, Terms
from portal.core.period import Period
from portal.invoices import rules
from portal.invoices.rules import FOREVER, Account, Discount, Draft, OneOff, Rules, Tariff, Tax
from tests.invoices import naive
from tests.invoices.naive import Person

PEOPLE = 10_000
TODAY = date(2027, 3, 10)
TAXES = [(0, 1, 1), (1100, 1, 1), (1200, 11, 12), (250, 2, 3)]


def some_day(dice: random.Random, first: date, last: date) -> date:
    return first + timedelta(days=dice.randint(0, (last - first).days))


def somebody(dice: random.Random) -> Person:
    start = some_day(dice, date(2024, 1, 1), date(2027, 3, 1))
    person = Person(
        way=dice.choice(sorted(SCHEMES)),
        months=dice.choice(CYCLES),
        issue_day=dice.randint(1, 31),
        start=start,
        prices=[(date.min, dice.randint(50_000, 2_000_000))],
    )
    for _ in range(dice.choice((0, 0, 0, 1, 2))):
        day = some_day(dice, person.prices[-1][0] if len(person.prices) > 1 else start, TODAY)
        person.prices.append((day, dice.randint(50_000, 2_000_000)))
    if dice.random() < 0.2:
        person.last_day = some_day(dice, start, TODAY)
    at = start
    for _ in range(dice.choice((0, 0, 1, 2, 3))):
        gone = some_day(dice, at, TODAY)
        back = some_day(dice, gone, TODAY)
        person.away.append((gone, back))
        at = back
    if dice.random() < 0.15:
        person.away.append((some_day(dice, at, TODAY), None))
        person.is_away = True
    if dice.random() < 0.1:
        first = some_day(dice, start, TODAY)
        person.already.append((first, first + timedelta(days=dice.randint(0, 40))))
    person.percents = [
        (dice.randint(1, 10_000), until(dice)) for _ in range(dice.choice((0, 0, 1)))
    ]
    person.amounts = [
        (dice.randint(1, 300_000), until(dice)) for _ in range(dice.choice((0, 1, 2)))
    ]
    person.fees = [dice.randint(1, 500_000) for _ in range(dice.choice((0, 0, 1)))]
    person.late = [dice.randint(1, 50_000) for _ in range(dice.choice((0, 0, 1)))]
    person.owed_days = [dice.randint(-400_000, 400_000) or 1 for _ in range(dice.choice((0, 0, 2)))]
    return person


def until(dice: random.Random) -> date | None:
    return dice.choice((None, TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=9)))


def account(person: Person) -> Account:
    """The same person as the product sees them."""
    charges = [
        *(("fee", amount) for amount in person.fees),
        *(("late_fee", amount) for amount in person.late),
        *(("proration", amount) for amount in person.owed_days),
    ]
    discounts = [
        *(Discount("percent", value, end, "") for value, end in person.percents),
        *(Discount("amount", value, end, "") for value, end in person.amounts),
    ]
    day = timedelta(days=1)
    return Account(
        terms=Terms(person.way, person.months, person.issue_day),
        start=person.start,
        tariffs=[Tariff(since, "Paket", price) for since, price in person.prices],
        end=FOREVER if person.last_day is None else person.last_day + day,
        state="paused" if person.is_away else "active",
        pauses=[(gone, back or FOREVER) for gone, back in person.away],
        billed=[(first, last + day) for first, last in person.already],
        discounts=discounts,
        one_offs=[OneOff(n, kind, "x", amount) for n, (kind, amount) in enumerate(charges)],
    )


@pytest.mark.parametrize("seed", range(10))
def test_both_say_the_same(seed: int) -> None:
    dice = random.Random(seed)
    invoices = 0
    for number in range(PEOPLE // 10):
        person = somebody(dice)
        rule, tax = dice.choice(PRORATIONS), dice.choice(TAXES)
        period = Period(2027, 3).plus(-dice.randint(0, 14))
        found = rules.compose(account(person), period, Rules(rule, Tax(*tax)), TODAY)
        wanted = naive.invoice(person, period.year, period.month, TODAY, rule, tax)
        amounts = [part.amount for part in found.parts] if isinstance(found, Draft) else None
        assert amounts == wanted, (number, rule, tax, period, person)
        if isinstance(found, Draft):
            invoices += 1
            assert found.total == sum(amounts or []) >= 0
    assert invoices > 200


@pytest.mark.parametrize("way", sorted(SCHEMES))
@pytest.mark.parametrize("rule", PRORATIONS)
def test_a_life_is_billed_once_and_whole(way: str, rule: str) -> None:
    """1,826 days, 31 issue days: all invoices of five years cover every day exactly once."""
    for issue_day in range(1, 32):
        start = date(2024, 1, 1) + timedelta(days=issue_day * 11)
        person = Person(way, 1, issue_day, start, [(date.min, 165_001)])
        covered: set[date] = set()
        for month in range(-1, 61):
            period = Period(2024, 1).plus(month)
            found = rules.compose(account(person), period, Rules(rule), date(2029, 1, 1))
            if isinstance(found, Draft):
                begin, end = found.covers
                days = {begin + timedelta(days=n) for n in range((end - begin).days)}
                assert not days & covered
                covered |= days
        # With months of 30 days a line that starts on a 31st day has nothing to pay for it.
        assert (min(covered) - start).days <= (rule == "thirty")
        assert len(covered) == (max(covered) - min(covered)).days + 1
        assert max(covered) >= date(2028, 11, 29)
