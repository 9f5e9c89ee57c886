"""One invoice: its lines in their order, what is capped, why there is none."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.cycles import PRORATIONS, SCHEMES, Terms
from portal.core.period import Period
from portal.invoices import rules
from portal.invoices.rules import (
    FOREVER,
    ORDER,
    Account,
    Discount,
    Draft,
    OneOff,
    Rules,
    Skip,
    Tariff,
    Tax,
    compose,
    percent,
)

PRICE = 300_000
NOVEMBER = Period.parse("2026-11")
TODAY = date(2026, 11, 21)
FASTER = [Tariff(date.min, "Rumah", PRICE), Tariff(TODAY, "Cepat", 600_000)]


def d(text: str) -> date:
    return date.fromisoformat(text)


def line(**about: Any) -> Account:
    """An old monthly line on a plan of 300,000, billed for the calendar month."""
    usual: dict[str, Any] = {
        "terms": Terms("calendar", 1, 5),
        "start": date(2025, 1, 1),
        "tariffs": [Tariff(date.min, "Rumah", PRICE)],
    }
    return Account(**(usual | about))


def lines(found: Draft | Skip) -> list[tuple[str, str, int]]:
    assert isinstance(found, Draft), found
    return [(part.kind, part.description, part.amount) for part in found.parts]


@pytest.mark.parametrize(
    ("about", "rule", "wanted"),
    [
        ({}, "none", [("plan", "Rumah", 300_000)]),
        ({}, "actual", [("plan", "Rumah", 300_000)]),
        # Start in the middle.
        ({"start": d("2026-11-19")}, "none", [("plan", "Rumah", 300_000)]),
        (
            {"start": d("2026-11-19")},
            "actual",
            [("proration", "Rumah, 12 dari 30 hari", 120_000)],
        ),
        # End: the 10th is its last day.
        ({"end": d("2026-11-11")}, "thirty", [("proration", "Rumah, 10 dari 30 hari", 100_000)]),
        # Change of plan on the 21st.
        (
            {"tariffs": FASTER},
            "actual",
            [
                ("proration", "Rumah, 20 dari 30 hari", 200_000),
                ("proration", "Cepat, 10 dari 30 hari", 200_000),
            ],
        ),
        (
            {"tariffs": FASTER},
            "none",
            [("plan", "Cepat", 600_000)],
        ),
        # A pause of ten days in the middle.
        (
            {"pauses": [(d("2026-11-06"), d("2026-11-16"))]},
            "actual",
            [("proration", "Rumah, 20 dari 30 hari", 200_000)],
        ),
        ({"pauses": [(d("2026-11-06"), d("2026-11-16"))]}, "none", [("plan", "Rumah", 300_000)]),
        # A quarter.
        ({"terms": Terms("calendar", 3, 5), "start": d("2026-02-01")}, "actual",
         [("plan", "Rumah, 3 bulan", 900_000)]),
        # A quarter from its second month on: 59 of the 90 days of 30.
        ({"terms": Terms("prepaid", 3, 1), "start": d("2026-11-02")}, "thirty",
         [("proration", "Rumah, 89 dari 90 hari", 890_000)]),
        # Postpaid looks back: October has 31 days.
        ({"terms": Terms("postpaid", 1, 1), "start": d("2026-10-11")}, "actual",
         [("proration", "Rumah, 21 dari 31 hari", 203_226)]),
    ],
)  # fmt: skip
def test_service(about: dict[str, Any], rule: str, wanted: list[tuple[str, str, int]]) -> None:
    assert lines(compose(line(**about), NOVEMBER, Rules(rule), TODAY)) == wanted


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"terms": Terms("calendar", 3, 5)}, rules.NOT_THIS_MONTH),
        ({"start": d("2026-12-01")}, rules.NOT_STARTED),
        ({"end": d("2026-11-01")}, rules.ENDED),
        ({"state": "paused"}, rules.PAUSED),
        ({"state": "paused", "pauses": [(d("2026-11-10"), FOREVER)]}, rules.PAUSED),
        ({"pauses": [(d("2026-11-01"), d("2026-12-01"))]}, rules.PAUSED_ALL),
        ({"billed": [(d("2026-10-20"), d("2026-12-20"))]}, rules.BILLED),
    ],
)
def test_no_invoice_and_why(about: dict[str, Any], reason: str) -> None:
    assert compose(line(**about), NOVEMBER, Rules("actual"), TODAY) == Skip(reason)


def test_a_paused_line_is_billed_for_what_it_used_once_the_cycle_is_over() -> None:
    paused = line(state="paused", pauses=[(d("2026-11-10"), FOREVER)])
    found = compose(paused, NOVEMBER, Rules("actual"), d("2026-12-01"))
    assert lines(found) == [("proration", "Rumah, 9 dari 30 hari", 90_000)]


def test_the_order_is_fixed_and_tax_is_last() -> None:
    full = line(
        start=d("2026-11-16"),
        discounts=[Discount("percent", 1_000, None, "Mitra"), Discount("amount", 5_000, None, "")],
        one_offs=[
            OneOff(1, "late_fee", "Denda", 10_000),
            OneOff(2, "fee", "Pasang", 200_000),
            OneOff(3, "proration", "Ganti paket", -20_000),
        ],
    )
    found = compose(full, NOVEMBER, Rules("actual", Tax(1200, 11, 12)), TODAY)
    assert lines(found) == [
        ("proration", "Rumah, 15 dari 30 hari", 150_000),
        ("proration", "Ganti paket", -20_000),
        ("discount", "Potongan 10 %: Mitra", -13_000),
        ("discount", "Potongan", -5_000),
        ("fee", "Pasang", 200_000),
        ("late_fee", "Denda", 10_000),
        # 12 % on 11/12 of 312,000: the late fee is not taxed.
        ("tax", "PPN 12 % × 11/12", 34_320),
    ]


@pytest.mark.parametrize(
    ("discounts", "given"),
    [
        ([Discount("amount", 10**6, None, "")], [-300_000]),
        ([Discount("percent", 10_000, None, ""), Discount("amount", 1, None, "")], [-300_000]),
        ([Discount("percent", 6_000, None, ""), Discount("percent", 6_000, None, "")],
         [-180_000, -120_000]),
        ([Discount("amount", 10_000, d("2026-11-20"), "")], []),
        ([Discount("amount", 10_000, d("2026-11-21"), "")], [-10_000]),
    ],
)  # fmt: skip
def test_discounts_are_capped_and_end(discounts: list[Discount], given: list[int]) -> None:
    found = compose(line(discounts=discounts), NOVEMBER, Rules(), TODAY)
    assert [amount for kind, _, amount in lines(found) if kind == "discount"] == given


def test_what_comes_back_waits_when_it_is_more_than_the_invoice() -> None:
    back = [OneOff(1, "proration", "a", -250_000), OneOff(2, "proration", "b", -100_000),
            OneOff(3, "proration", "c", -1)]  # fmt: skip
    found = compose(line(one_offs=back), NOVEMBER, Rules(), TODAY)
    assert isinstance(found, Draft)
    taken = [(part.one_off, part.amount) for part in found.parts if part.one_off]
    assert taken == [(1, -250_000), (2, -50_000)]
    assert found.total == 0


@pytest.mark.parametrize(
    ("basis_points", "words"),
    [(1100, "11 %"), (1150, "11,5 %"), (5, "0,05 %"), (110, "1,1 %"), (10_000, "100 %")],
)
def test_percent(basis_points: int, words: str) -> None:
    assert percent(basis_points) == words


DAYS = st.dates(date(2026, 8, 1), date(2027, 2, 28))
ACCOUNTS = st.builds(
    Account,
    terms=st.builds(
        Terms, st.sampled_from(sorted(SCHEMES)), st.sampled_from((1, 3)), st.integers(1, 31)
    ),
    start=DAYS,
    tariffs=st.lists(st.integers(1, 10**7), min_size=1, max_size=3).map(
        lambda prices: [
            Tariff(date(2026, 8, 1) + timedelta(days=40 * n), f"P{n}", price)
            for n, price in enumerate(prices)
        ]
    ),
    end=st.one_of(st.just(FOREVER), DAYS),
    pauses=st.lists(st.tuples(DAYS, DAYS).map(lambda two: (min(two), max(two))), max_size=2),
    discounts=st.lists(
        st.one_of(
            st.builds(Discount, st.just("percent"), st.integers(1, 10_000), st.none(), st.just("")),
            st.builds(Discount, st.just("amount"), st.integers(1, 10**8), st.none(), st.just("")),
        ),
        max_size=3,
    ),
    one_offs=st.lists(
        st.one_of(
            st.tuples(st.sampled_from(("fee", "late_fee")), st.integers(1, 10**6)),
            st.tuples(st.just("proration"), st.integers(-(10**7), 10**7).filter(bool)),
        ),
        max_size=4,
    ).map(lambda pairs: [OneOff(n, kind, "x", amount) for n, (kind, amount) in enumerate(pairs)]),
)


@given(
    account=ACCOUNTS,
    month=st.integers(0, 6),
    rule=st.sampled_from(PRORATIONS),
    tax=st.builds(Tax, st.integers(0, 5_000), st.integers(1, 11), st.just(12)),
)
def test_whatever_it_is(account: Account, month: int, rule: str, tax: Tax) -> None:
    """Total is the sum, never negative; order kept; no charge twice; none given in part but
    what comes back; days covered are days of the cycle and the line."""
    period = Period(2026, 8).plus(month)
    found = compose(account, period, Rules(rule, tax), date(2027, 3, 1))
    if isinstance(found, Skip):
        return
    assert found.total == sum(part.amount for part in found.parts) >= 0
    places = [ORDER.index("proration" if p.kind == "plan" else p.kind) for p in found.parts]
    assert places == sorted(places)
    taken = [part.one_off for part in found.parts if part.one_off is not None]
    assert len(taken) == len(set(taken))
    amounts = {one.id: one.amount for one in account.one_offs}
    for part in found.parts:
        if part.one_off is not None:
            wanted = amounts[part.one_off]
            assert part.amount == wanted or wanted < part.amount < 0
    begin, end = found.covers
    cycle = account.terms.cycle(period)
    assert max(cycle.begin, account.start) <= begin < end <= min(cycle.end, account.end)
