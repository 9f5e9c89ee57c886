"""Many at the counter at once: nothing is lost, nothing is handed over or closed twice."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask

from portal.accounts.models import Staff
from portal.counter import closings, settlements
from portal.counter.closings import Count
from portal.counter.drawer import CounterError
from portal.counter.models import Closing, ClosingEntry, Settlement
from portal.counter.settlements import Handover
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.payments.models import Payment
from portal.subscriptions.models import Subscription
from tests import factories
from tests.counter import hands
from tests.payments import books


def at_once(app: Flask, actions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Each in a thread and an application context of its own; answers, or refusals in words."""
    start, answers = threading.Barrier(len(actions)), []

    def run(action: Callable[[], Any]) -> None:
        start.wait()
        with app.app_context():
            try:
                answers.append(action())
            except CounterError as error:
                db.session.rollback()
                answers.append(str(error))

    threads = [threading.Thread(target=run, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(actions)
    return answers


def test_two_cashiers_take_for_one_invoice(
    app: Flask, rina: Staff, siti: Staff, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    payer = factories.fresh(Customer, line.customer_id)
    at_once(app, [lambda who=who: hands.take(who, payer, 165_000, bill) for who in (rina, siti)])
    assert books.money() == (330_000, 165_000, 165_000)
    assert hands.held(rina) == hands.held(siti) == 165_000
    books.balanced()


def test_a_form_pressed_many_times_at_once(app: Flask, rina: Staff, line: Subscription) -> None:
    bill = factories.invoice(line, total=165_000)
    payer = factories.fresh(Customer, line.customer_id)
    found = at_once(app, [lambda: hands.take(rina, payer, 165_000, bill, once="k")] * 12)
    assert len(set(found)) == 1 and len(factories.every(Payment)) == 1
    books.balanced()


def test_a_settlement_is_received_once(
    app: Flask, rina: Staff, siti: Staff, udin: Staff, budi: Customer
) -> None:
    hands.take(udin, budi, 100_000)
    mine = Handover(udin.id, counted=100_000, upto=1, shown=100_000)

    def receive(who: Staff, once: str) -> str:
        made, _new = settlements.receive(mine, who.id, once)
        number = made.number
        db.session.commit()
        return number

    pairs = [(rina, "a"), (siti, "b")] * 6
    found = at_once(app, [lambda who=who, once=once: receive(who, once) for who, once in pairs])
    assert found.count("SET-20261121-00001") == 6, "whoever won, and every press of that form"
    assert len([words for words in found if "Tidak ada uang" in words]) == 6
    assert len(factories.every(Settlement)) == len(hands.handed_over()) == 1
    books.balanced()


def test_money_taken_while_a_settlement_is_received_is_never_lost(
    app: Flask, rina: Staff, udin: Staff, budi: Customer
) -> None:
    for _round in range(3):
        hands.take(udin, budi, 1_000)
        takings = [lambda: hands.take(udin, budi, 1_000)] * 6
        answers = at_once(app, [*takings, lambda: hands.hand_over(udin, rina).expected])
        assert not [words for words in answers if isinstance(words, str)]
    settled = sum(row.expected for row in factories.every(Settlement))
    assert settled + hands.held(udin) == books.money()[0] == 21_000
    while hands.held(udin):
        hands.hand_over(udin, rina)
    assert hands.handed_over() == [row.id for row in factories.every(Payment)]
    books.balanced()


def test_the_last_cash_of_a_day_is_in_the_closing_or_refused(
    app: Flask, rina: Staff, budi: Customer
) -> None:
    hands.take(rina, budi, 1_000)

    def close() -> str:
        hands.close(rina)
        return "closed"

    answers = at_once(app, [*([lambda: hands.take(rina, budi, 1_000)] * 6), *([close] * 2)])
    closed = factories.every(Closing)
    assert len(closed) == answers.count("closed") <= 1
    refused = [words for words in answers if isinstance(words, str) and "tidak menerima" in words]
    assert len(factories.every(Payment)) == 7 - len(refused)
    if closed:
        assert closed[0].expected == books.money()[0]
        assert len(factories.every(ClosingEntry)) == len(factories.every(Payment))
    books.balanced()


def test_a_day_is_closed_once_whatever_is_pressed(app: Flask, rina: Staff, budi: Customer) -> None:
    hands.take(rina, budi, 5_000)
    count = Count(day=today(), opening=0, counted=5_000, shown=5_000)

    def close(once: str) -> int:
        made, _new = closings.close(count, rina.id, once)
        closing_id = made.id
        db.session.commit()
        return closing_id

    found = at_once(app, [lambda once=once: close(once) for once in "ab" * 4])
    assert found.count(1) == 4 and len([words for words in found if words != 1]) == 4
    assert len(factories.every(Closing)) == len(factories.every(ClosingEntry)) == 1
    books.balanced()
