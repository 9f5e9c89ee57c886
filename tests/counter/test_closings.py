"""Closing a cashier's day: what should be there, what is, and no more cash afterwards."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.accounts.models import Staff
from portal.core.clock import FixedClock
from portal.counter import drawer
from portal.counter.models import Closing, ClosingEntry
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.database import is_postgres
from portal.infra.timekeeping import today
from portal.payments import refunds
from portal.payments.models import Payment
from tests import factories
from tests.counter import hands
from tests.counter.test_settlements import take_back
from tests.payments import books
from tests.visitor import Visitor, target


def give_back(cashier: Staff, payer: Customer, amount: int, method: str = "cash") -> None:
    """Credit of the customer goes back to them."""
    refunds.refund(payer.id, amount, method, "salah bayar", reference="BCA", paid_by_id=cashier.id)
    db.session.commit()


def test_a_day_is_counted_and_closed(
    till: Visitor, rina: Staff, udin: Staff, budi: Customer
) -> None:
    hands.take(rina, budi, 165_000)
    hands.take(udin, budi, 100_000)
    hands.hand_over(udin, rina, gap=-1_000)
    give_back(rina, budi, 15_000)
    give_back(rina, budi, 9_000, method="transfer")
    page = till.page("/admin/closings/new").text
    assert "Rp165.000" in page and "Rp99.000" in page and "-Rp15.000" in page
    assert 'name="shown" value="249000"' in page
    sent = {"once": "k", "shown": "249000", "opening": "200.000", "day": today().isoformat()}
    short = till.post("/admin/closings/new", **sent, counted="448.000")
    assert short.status_code == 422 and "Selisih -Rp1.000" in short.text
    pieces = {"piece-100000": "4", "piece-20000": "2", "piece-5000": "1", "piece-1000": "4"}
    done = till.post("/admin/closings/new", **sent, **pieces)
    again = till.post("/admin/closings/new", **sent, **pieces)
    (made,) = factories.every(Closing)
    assert target(done) == target(again) == f"/admin/closings/{made.id}"
    assert (made.opening, made.expected, made.counted) == (200_000, 449_000, 449_000)
    assert made.pieces == {"100000": 4, "20000": 2, "5000": 1, "1000": 4}
    assert sorted(entry.amount for entry in factories.every(ClosingEntry)) == [
        -15_000,
        99_000,
        165_000,
    ]
    shown = till.page(target(done)).text
    assert "Rp449.000" in shown and "SET-20261121-00001" in shown
    books.balanced()


def test_a_closed_day_takes_no_more_cash_until_it_is_reopened(
    app: Flask, till: Visitor, rina: Staff, udin: Staff, budi: Customer, clock: FixedClock
) -> None:
    hands.take(rina, budi, 10_000)
    closing = hands.close(rina)
    assert "membukanya di Tutup kas" in hands.refused(lambda: hands.take(rina, budi, 5_000))
    hands.take(udin, budi, 1_000)
    assert "sudah ditutup" in hands.refused(lambda: hands.hand_over(udin, rina))
    form = {"method": "cash", "amount": "5000"}
    answer = till.post(f"/admin/counter/customers/{budi.id}/check", **form)
    assert answer.status_code == 422 and "sudah ditutup" in answer.text
    assert "sudah ditutup" in till.page("/admin/counter").text
    transfer = {"method": "transfer", "bank": "BCA", "day": today().isoformat(), "amount": "5000"}
    assert till.post(f"/admin/counter/customers/{budi.id}/check", **transfer).status_code == 200
    at = f"/admin/closings/{closing.id}/reopen"
    assert till.post(at, reason="").status_code == 422
    assert till.post(at, reason="lupa satu").status_code in {204, 303}
    assert "sudah dibuka lagi" in till.post(at, reason="lupa satu").text
    hands.take(rina, budi, 5_000)
    second = hands.close(rina)
    assert second.expected == 15_000
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "closing.reopen"]
    assert entry.reason == "lupa satu" and entry.actor == f"staff:{rina.id}"
    clock.move(days=1)
    hands.take(rina, budi, 5_000)
    books.balanced()


def test_what_is_dated_a_closed_day_is_found_in_the_next(
    rina: Staff, budi: Customer, clock: FixedClock
) -> None:
    payment_id = hands.take(rina, budi, 50_000)
    assert hands.close(rina).expected == 50_000
    take_back(payment_id)
    clock.move(days=1)
    hands.take(rina, budi, 80_000)
    assert hands.close(rina, opening=20_000).expected == 50_000
    books.balanced()


def test_open_days_are_listed_for_the_owner(
    till: Visitor, rina: Staff, udin: Staff, budi: Customer, clock: FixedClock
) -> None:
    hands.take(rina, budi, 50_000)
    hands.take(udin, budi, 33_000)
    clock.move(days=1)
    hands.take(rina, budi, 20_000)
    words = till.page("/admin/closings").text
    assert "Rp50.000" in words and "Rp20.000" in words and "terlewat" in words
    assert "Rp33.000" not in words, "with the collector until it is handed over"
    yesterday = today() - timedelta(days=1)
    assert hands.close(rina, day=yesterday).expected == 50_000
    assert hands.close(rina).expected == 20_000
    words = till.page(f"/admin/closings?cashier={rina.id}").text
    assert "Semua uang tunai" in words and "22 Nov 2026" in words
    books.balanced()


def test_a_page_older_than_the_money_is_refused(till: Visitor, rina: Staff, budi: Customer) -> None:
    till.page("/admin/closings/new")
    hands.take(rina, budi, 50_000)
    sent = {"once": "k", "shown": "0", "opening": "0", "counted": "0"}
    answer = till.post("/admin/closings/new", **sent, day=today().isoformat())
    assert answer.status_code == 422 and "berubah" in answer.text
    assert factories.every(Closing) == []


def test_a_day_is_closed_once_and_not_ahead(rina: Staff, udin: Staff, budi: Customer) -> None:
    hands.close(rina)
    assert "sudah ditutup" in hands.refused(lambda: hands.close(rina))
    ahead = today() + timedelta(days=1)
    assert "belum terjadi" in hands.refused(lambda: hands.close(rina, day=ahead))
    assert "tidak lengkap" in hands.refused(lambda: hands.close(udin)), "collectors settle"
    assert factories.every(Payment) == []


def test_another_cashiers_drawer_is_their_own(rina: Staff, siti: Staff, budi: Customer) -> None:
    hands.take(rina, budi, 50_000)
    hands.take(siti, budi, 70_000)
    assert hands.close(rina).expected == 50_000
    hands.take(siti, budi, 1_000)
    assert hands.close(siti).expected == 71_000
    books.balanced()


def test_years_of_payments_are_not_walked_through(rina: Staff) -> None:
    """Without the partial indexes every payment is compared with every other: minutes."""
    if is_postgres():
        pytest.skip("PostgreSQL plans by how many rows there are")
    sql = select(Payment.id).where(*drawer.in_drawer(rina.id))
    words = str(sql.compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = " ".join(row[3] for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {words}")))
    db.session.rollback()
    for name in ("payment_taken_by_id", "settlement_payment_live", "closing_entry_payment_live"):
        assert name in plan
    assert "SCAN" not in plan.replace("SCALAR", "")
