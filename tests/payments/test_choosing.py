"""What is chosen, how much of it, and that the books say afterwards what the page said before."""

import re
from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.invoices.queries import remaining
from portal.payments import choosing, opening, orders
from portal.payments.models import Payment, PaymentOrder
from portal.payments.service import credit_balance
from portal.payments.wishes import Wish
from portal.settings import service as owner
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.payments.fakes import Bank
from tests.visitor import Visitor, target

QRIS = "pakasir:qris"


@pytest.fixture
def visitor(app: Flask, budi: Customer) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, budi)
    found.page("/me/profile")
    return found


@pytest.fixture
def three(line: Subscription) -> list[Invoice]:
    return [
        factories.invoice(line, period=f"2026-{month}", total=total, due_on=due)
        for month, total, due in (
            ("09", 100_000, _day(9)),
            ("10", 150_000, _day(10)),
            ("11", 165_000, _day(11)),
        )
    ]


def _day(month: int) -> date:
    return date(2026, month, 25)


def allow(**knobs: Any) -> None:
    for name, value in knobs.items():
        owner.change(f"payments.{name}", value)
    db.session.commit()


def paid(bank: Bank) -> PaymentOrder:
    """The newest order is paid at the gateway."""
    order = factories.every(PaymentOrder)[-1]
    bank.pay(order.order_id)
    assert orders.check_now(order.id) == "settled"
    db.session.rollback()
    return order


def test_the_newest_two_of_three_are_the_ones_settled(
    bank: Bank, visitor: Visitor, three: list[Invoice]
) -> None:
    oldest, middle, newest = three
    home = visitor.page("/").text
    assert home.count('type="checkbox"') == 3 and "Rp415.000" in home and "Bayar semua" in home
    assert "Rp315.000" in visitor.page(f"/?picking=1&invoice={middle.id}&invoice={newest.id}").text
    part = visitor.page(f"/me/pay/total?picking=1&invoice={middle.id}&invoice={newest.id}").text
    assert "Rp315.000" in part and "Bayar yang dipilih" in part and "<html" not in part
    assert "disabled" in visitor.page("/me/pay/total?picking=1").text

    page = visitor.page(f"/me/pay?picking=1&invoice={newest.id}&invoice={middle.id}").text
    assert middle.number in page and newest.number in page and oldest.number not in page
    assert page.index(middle.number) < page.index(newest.number), "the oldest due first"
    answer = visitor.post(
        "/me/pay", invoice=[str(newest.id), str(middle.id)], choice=QRIS, shown="315000"
    )
    assert target(answer).startswith("/me/orders/")
    assert paid(bank).amount == 315_000
    assert [books.bill(one).state for one in three] == ["open", "paid", "paid"]
    books.balanced()


def test_part_only_where_the_owner_allows_it(
    bank: Bank, visitor: Visitor, three: list[Invoice]
) -> None:
    assert 'name="amount"' not in visitor.page("/me/pay").text
    assert visitor.get("/me/pay?amount=50000").status_code == 422
    allow(partial=True, partial_minimum=30_000)
    for wrong, why in (
        ("29.999", "paling sedikit Rp30.000"),
        ("415.001", "Paling banyak Rp415"),
        ("abc", "rupiah bulat"),
        ("-5", "rupiah bulat"),
    ):
        answer = visitor.get(f"/me/pay?amount={wrong}")
        assert answer.status_code == 422 and why in answer.text, wrong
        assert 'aria-invalid="true"' in answer.text
    page = visitor.page("/me/pay?amount=120.000").text
    assert "masih terutang Rp295.000" in page and "Rp120.000" in page
    visitor.post("/me/pay", amount="120000", choice=QRIS)
    order = paid(bank)
    assert order.amount == 120_000
    assert [books.bill(one).state for one in three] == ["paid", "open", "open"]
    assert "Rp295.000" in visitor.page("/").text
    books.balanced()


def test_more_only_where_the_owner_allows_it(
    bank: Bank, visitor: Visitor, three: list[Invoice]
) -> None:
    allow(overpay=True)
    assert visitor.get("/me/pay?amount=414999").status_code == 422
    page = visitor.page("/me/pay?amount=500000").text
    assert "Menjadi saldo Rp85.000" in page
    url = target(visitor.post("/me/pay", amount="500000", choice=QRIS))
    assert "Menjadi saldo Rp85.000" in visitor.page(url).text
    paid(bank)
    assert "Menjadi saldo Rp85.000" in visitor.page(url).text
    assert books.money() == (500_000, 415_000, 85_000) and books.attention() == []


def test_more_for_one_goes_to_what_else_is_owed_and_says_so(
    bank: Bank, visitor: Visitor, three: list[Invoice]
) -> None:
    allow(overpay=True)
    oldest, _middle, newest = three
    page = visitor.page(f"/me/pay?invoice={newest.id}&amount=200000").text
    assert "Rp35.000 dipakai untuk tagihan September 2026" in page
    visitor.post("/me/pay", invoice=str(newest.id), amount="200000", choice=QRIS)
    paid(bank)
    assert books.bill(newest).state == "paid"
    assert books.money() == (200_000, 200_000, 0) and books.bill(oldest).state == "open"


def test_credit_is_spent_first(
    bank: Bank, visitor: Visitor, budi: Customer, line: Subscription
) -> None:
    factories.payment(budi, 65_000)
    bill = factories.invoice(line, total=165_000)
    page = visitor.page("/me/pay").text
    assert "Saldo dipakai" in page and "−Rp65.000" in page
    assert ">Rp100.000<" in page
    visitor.post("/me/pay", choice=QRIS)
    assert paid(bank).amount == 100_000
    assert books.bill(bill).state == "paid" and books.money() == (165_000, 165_000, 0)
    books.balanced()


def test_credit_alone_may_be_enough(
    bank: Bank, visitor: Visitor, budi: Customer, line: Subscription
) -> None:
    factories.payment(budi, 200_000)
    bill = factories.invoice(line, total=165_000)
    page = visitor.page("/me/pay").text
    assert "Bayar dengan saldo" in page and QRIS not in page
    visitor.post("/me/pay", choice="credit")
    assert books.bill(bill).state == "paid" and factories.every(PaymentOrder) == []
    assert books.money() == (200_000, 165_000, 35_000)


def test_what_changed_since_the_page_was_shown_is_shown_again(
    bank: Bank, visitor: Visitor, budi: Customer, three: list[Invoice]
) -> None:
    factories.payment(budi, 20_000, [three[0]])
    answer = visitor.post("/me/pay", choice=QRIS, shown="415000")
    assert target(answer).startswith("/me/pay") and factories.every(PaymentOrder) == []


def test_months_ahead_from_the_first_page_to_the_last(
    bank: Bank, visitor: Visitor, line: Subscription
) -> None:
    assert target(visitor.get("/me/ahead")) == "/"
    assert "/me/ahead" not in visitor.page("/").text
    allow(ahead=True, ahead_rules="3 = 5 %")
    assert "/me/ahead" in visitor.page("/").text
    page = visitor.page(f"/me/ahead?line={line.id}&months=3").text
    for said in ("Rp470.250", "Anda hemat Rp24.750", "November 2026", "Januari 2027"):
        assert said in page, said
    link = re.search(r'href="(/me/pay\?[^"]*)"', page)
    assert link is not None
    choose = visitor.page(link[1].replace("&amp;", "&")).text
    assert choose.count("Di muka:") == 3 and "Rp470.250" in choose
    answer = visitor.post("/me/pay", line=str(line.id), months="3", shown="470250", choice=QRIS)
    url = target(answer)
    assert "3 bulan di muka" in visitor.page(url).text
    assert factories.every(Invoice) == []
    paid(bank)
    assert visitor.page(url).text.count("Lunas") == 3
    assert "1 Feb 2027" in visitor.page("/").text, "the next invoice is after what is paid"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    owed=st.lists(st.integers(1, 300_000), min_size=1, max_size=4),
    picks=st.sets(st.integers(0, 3)),
    credit=st.integers(0, 250_000),
    typed=st.one_of(st.none(), st.integers(1, 900_000)),
)
def test_what_is_shown_is_what_is_recorded(
    app: Flask,
    bank: Bank,
    owed: list[int],
    picks: set[int],
    credit: int,
    typed: int | None,
) -> None:
    allow(partial=True, partial_minimum=1, overpay=True)
    payer = factories.customer()
    line = factories.subscription(payer)
    if credit:
        factories.payment(payer, credit)
    bills = [
        factories.invoice(line, period=f"2026-{place + 1:02d}", total=total, due_on=_day(place + 1))
        for place, total in enumerate(owed)
    ]
    chosen = [one for place, one in enumerate(bills) if place in picks] or bills
    wish = Wish(payer.id, tuple(one.id for one in chosen))
    seen = choosing.look(wish, "" if typed is None else str(typed))
    assert isinstance(seen, choosing.Seen)
    had = credit_balance(payer.id)
    db.session.rollback()
    if seen.error or not seen.due.amount >= 500:
        return
    made = opening.start_order(
        payer.id, wish.invoice_ids, books.PATH, "qris", amount=seen.wish.amount
    )
    assert made.amount == seen.due.amount
    db.session.rollback()
    paid(bank)
    left = {part.invoice.id: part.left for part in (*seen.effect.chosen, *seen.effect.others)}
    for bill in bills:
        now = _owed(bill)
        assert now == left.get(bill.id, bill.total), bill.number
    spent = seen.effect.credit_used
    assert credit_balance(payer.id) == had - spent + seen.effect.credit
    db.session.rollback()
    recorded = [one for one in factories.every(Payment) if one.customer_id == payer.id]
    assert sum(one.amount for one in recorded) == credit + seen.due.amount
    books.balanced()


def _owed(bill: Invoice) -> int:
    found = remaining(bill.id)
    db.session.rollback()
    return found if books.bill(bill).state == "open" else 0
