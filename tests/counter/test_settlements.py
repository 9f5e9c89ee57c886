"""A collector's cash: since the last settlement, received once, taken back with a reason."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.accounts.models import Staff
from portal.core.clock import FixedClock
from portal.counter import settlements
from portal.counter.models import Settlement
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.payments import reversal
from portal.payments.models import Payment
from tests import factories
from tests.counter import hands
from tests.counter.conftest import browser
from tests.payments import books
from tests.visitor import Visitor, target


def take_back(payment_id: int) -> None:
    """A payment that never was, reversed by a person with permission."""
    reversal.reverse(payment_id, "uang palsu")
    db.session.commit()


def test_both_sides_see_it_and_it_is_received_once(
    app: Flask, till: Visitor, phone: Visitor, udin: Staff, rina: Staff, budi: Customer
) -> None:
    for amount in (150_000, 165_000):
        hands.take(udin, budi, amount)
    assert "Rp315.000" in phone.page("/admin/settlements").text
    assert "Rp315.000" in till.page("/admin/settlements").text
    at = f"/admin/settlements/new/{udin.id}"
    form = till.page(at).text
    assert "Rp315.000" in form and 'name="upto" value="2"' in form
    sent = {"once": "k", "upto": "2", "shown": "315000", "counted": "315rb"}
    places = {target(till.post(at, **sent)) for _ in range(2)}
    (made,) = factories.every(Settlement)
    assert places == {f"/admin/settlements/{made.id}"}
    assert (made.number, made.expected, made.counted) == ("SET-20261121-00001", 315_000, 315_000)
    assert (made.collector_id, made.received_by_id) == (udin.id, rina.id)
    for side in (till, phone):
        slip = side.page(f"/admin/settlements/{made.id}").text
        assert made.number in slip and "PAY-20261121-00002" in slip
    assert "Rp0" in phone.page("/admin/settlements").text
    stranger = browser(app, factories.staff(role="collector"))
    assert stranger.get(f"/admin/settlements/{made.id}").status_code == 404
    assert phone.post(at, **sent).status_code == 403
    books.balanced()


def test_a_difference_needs_a_note(udin: Staff, rina: Staff, budi: Customer, till: Visitor) -> None:
    hands.take(udin, budi, 100_000)
    at = f"/admin/settlements/new/{udin.id}"
    sent = {"once": "k", "upto": "1", "shown": "100000", "counted": "95.000"}
    answer = till.post(at, **sent)
    assert answer.status_code == 422 and "Selisih -Rp5.000" in answer.text
    assert till.post(at, **{**sent, "counted": ""}).status_code == 422
    assert factories.every(Settlement) == []
    till.post(at, **sent, note="kurang lima ribu")
    (made,) = factories.every(Settlement)
    assert (made.expected, made.counted, made.note) == (100_000, 95_000, "kurang lima ribu")
    books.balanced()


def test_what_came_after_the_page_is_in_the_next(
    till: Visitor, udin: Staff, rina: Staff, budi: Customer
) -> None:
    hands.take(udin, budi, 100_000)
    sent = {"once": "k", "upto": "1", "shown": "100000", "counted": "100000"}
    hands.take(udin, budi, 7_000)
    till.post(f"/admin/settlements/new/{udin.id}", **sent)
    (made,) = factories.every(Settlement)
    assert made.expected == 100_000 and hands.held(udin) == 7_000
    # A page that shows another sum than there is, is refused.
    wrong = {"once": "j", "upto": "2", "shown": "8000", "counted": "8000"}
    answer = till.post(f"/admin/settlements/new/{udin.id}", **wrong)
    assert answer.status_code == 422 and "berubah" in answer.text
    books.balanced()


def test_nothing_is_received_twice(udin: Staff, rina: Staff, budi: Customer) -> None:
    hands.take(udin, budi, 100_000)
    hands.hand_over(udin, rina)
    assert "Tidak ada uang" in hands.refused(lambda: hands.hand_over(udin, rina))
    assert len(factories.every(Settlement)) == 1


def test_only_cash_of_collectors_is_handed_over(
    rina: Staff, udin: Staff, budi: Customer, siti: Staff
) -> None:
    hands.take(rina, budi, 50_000)
    factories.payment(budi, 70_000)
    assert "tidak lengkap" in hands.refused(lambda: hands.hand_over(rina, siti))
    assert hands.held(udin) == 0


def test_a_reversed_payment_counts_as_minus(
    app: Flask, udin: Staff, rina: Staff, budi: Customer
) -> None:
    kept, wrong = (hands.take(udin, budi, amount) for amount in (100_000, 40_000))
    take_back(wrong)
    assert "sudah dibatalkan" in browser(app, rina).page(f"/admin/counter/payments/{wrong}").text
    assert hands.held(udin) == 100_000
    made = hands.hand_over(udin, rina)
    assert made.expected == 100_000 and len(hands.handed_over()) == 3
    # Reversed after it was handed over: the next settlement is that much lower.
    hands.take(udin, budi, 150_000)
    take_back(kept)
    assert hands.hand_over(udin, rina).expected == 50_000
    books.balanced()


def test_a_settlement_below_nothing_waits(udin: Staff, rina: Staff, budi: Customer) -> None:
    wrong = hands.take(udin, budi, 40_000)
    hands.hand_over(udin, rina)
    take_back(wrong)
    assert "minus" in hands.refused(lambda: hands.hand_over(udin, rina))
    hands.take(udin, budi, 45_000)
    assert hands.hand_over(udin, rina).expected == 5_000


def test_a_wrong_settlement_is_taken_back_and_received_again(
    till: Visitor, udin: Staff, rina: Staff, budi: Customer
) -> None:
    hands.take(udin, budi, 100_000)
    wrong = hands.hand_over(udin, rina, gap=-90_000)
    at = f"/admin/settlements/{wrong.id}"
    assert till.post(f"{at}/reverse", reason=" ").status_code == 422
    done = till.post(f"{at}/reverse", reason="salah ketik")
    again = till.post(f"{at}/reverse", reason="salah ketik")
    assert again.status_code == 422 and "sudah dibatalkan" in again.text
    back = factories.every(Settlement)[-1]
    assert target(done) == f"/admin/settlements/{back.id}"
    assert (back.expected, back.counted, back.reverses_id) == (-100_000, -10_000, wrong.id)
    assert "sudah dibatalkan" in hands.refused(lambda: settlements.reverse(back.id, "x"))
    assert hands.held(udin) == 100_000
    assert hands.hand_over(udin, rina).counted == 100_000
    actions = [row.action for row in factories.every(AuditEntry)]
    assert actions.count("settlement.receive") == 2 and actions.count("settlement.reverse") == 1
    books.balanced()


def test_numbers_are_of_the_day(
    clock: FixedClock, udin: Staff, rina: Staff, budi: Customer
) -> None:
    numbers = []
    for move in (timedelta(), timedelta(hours=1), timedelta(days=1)):
        clock.move(days=move.days, seconds=move.seconds)
        hands.take(udin, budi, 1_000)
        numbers.append(hands.hand_over(udin, rina).number)
    assert numbers == ["SET-20261121-00001", "SET-20261121-00002", "SET-20261122-00001"]


@pytest.mark.parametrize("path", ["", "/new/1", "/areas"])
def test_pages_of_an_empty_house(till: Visitor, path: str) -> None:
    answer = till.page(f"/admin/settlements{path}")
    assert answer.status_code == (404 if path == "/new/1" else 200)
    assert factories.every(Payment) == []
