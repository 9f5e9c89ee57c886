"""Promises to pay and rapel on real rows: what they postpone, and for how long."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import today
from portal.invoices.models import Invoice
from portal.network import promises
from portal.network.facts import judge
from portal.network.models_isolation import PaymentPromise
from portal.network.promises import PromiseError
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network.late import access, board, knob, late, run, state
from tests.network.routers import Beside

__all__ = ["board", "late"]


def promise(bill: Invoice, days: int = 3, reason: str = "gajian") -> PaymentPromise:
    made = promises.make(bill.customer_id, today() + timedelta(days=days), reason)
    db.session.commit()
    return made


def refused(bill: Invoice, days: int, reason: str = "gajian") -> str:
    with pytest.raises(PromiseError) as caught:
        promise(bill, days, reason)
    db.session.rollback()
    return str(caught.value)


def test_a_promise_postpones_up_to_its_day(late: Invoice, clock: FixedClock) -> None:
    promise(late, 2)
    seen = []
    for _ in range(4):
        run()
        seen.append((state(late), access(late).next_on))
        clock.move(days=1)
    after = clock.today() - timedelta(days=1)
    assert seen == [("active", after)] * 3 + [("isolated", None)]


def test_a_promise_opens_what_is_walled_off_and_says_so(late: Invoice) -> None:
    run()
    assert state(late) == "isolated"
    promise(late, 3, "gajian tanggal 1")
    assert state(late) == "active"
    assert access(late).reason.startswith("Ditunda: janji bayar s/d")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "promise.make")).one()
    assert (entry.reason, entry.subject) == ("gajian tanggal 1", f"customer:{late.customer_id}")
    db.session.rollback()


def test_a_promise_withdrawn_is_over_at_the_next_run_not_at_once(late: Invoice) -> None:
    made = promise(late).id
    assert promises.withdraw(late.customer_id, made, "tidak jadi")
    db.session.commit()
    assert state(late) == "active"
    run()
    assert state(late) == "isolated"
    assert not promises.withdraw(late.customer_id, made, "lagi")
    db.session.rollback()


def test_a_promise_of_somebody_else_cannot_be_withdrawn(late: Invoice) -> None:
    made = promise(late).id
    assert not promises.withdraw(factories.customer().id, made, "iseng")
    db.session.rollback()


def test_what_cannot_be_promised(late: Invoice) -> None:
    knob("promise_days", 5)
    assert "lewat" in refused(late, -1)
    assert "jauh" in refused(late, 6)
    assert "alasan" in refused(late, 5, "  ")
    promise(late, 5)
    assert "berlaku" in refused(late, 5)


def test_the_years_promises_run_out_and_come_back(late: Invoice, clock: FixedClock) -> None:
    knob("promises_per_year", 2)
    for _ in range(2):
        promise(late, 0)
        clock.move(days=1)
    assert "habis" in refused(late, 0)
    clock.move(days=(date(clock.today().year + 1, 1, 1) - clock.today()).days)
    promise(late, 0)


def test_one_taken_back_on_its_day_is_not_counted_a_later_one_is(
    late: Invoice, clock: FixedClock
) -> None:
    customer = late.customer_id
    promises.withdraw(customer, promise(late, 5).id, "salah orang")
    assert promises.left_this_year(customer) == 3
    made = promise(late, 5).id
    clock.move(days=1)
    promises.withdraw(customer, made, "ingkar")
    assert promises.left_this_year(customer) == 2
    db.session.rollback()


@pytest.mark.services
def test_two_at_the_counter_make_one_promise(app: Flask, late: Invoice) -> None:
    def make() -> str:
        try:
            promise(late)
        except PromiseError:
            return "refused"
        return "made"

    results = [racer.join() for racer in [Beside(app, make) for _ in range(4)]]
    assert sorted(results) == ["made", "refused", "refused", "refused"]


def test_rapel_customers_are_left_alone_for_their_months(late: Invoice) -> None:
    assert promises.agree_rapel(late.customer_id, 2, "panen per dua bulan")
    db.session.commit()
    line = factories.fresh(Subscription, late.subscription_id)
    factories.invoice(line, period="2026-10", due_on=today() - timedelta(days=20))
    run()
    assert state(late) == "active"
    assert "2 bulan tertunggak" in access(late).reason
    line = factories.fresh(Subscription, late.subscription_id)
    factories.invoice(line, period="2026-11", due_on=today() - timedelta(days=10))
    run()
    assert state(late) == "isolated"
    assert promises.agree_rapel(late.customer_id, 3, "panen gagal")
    db.session.commit()
    assert state(late) == "active"
    knob("rapel_cap", 2)
    run()
    assert state(late) == "isolated"


def test_an_invoice_of_three_months_is_three_months(late: Invoice) -> None:
    promises.agree_rapel(late.customer_id, 2, "panen")
    db.session.execute(
        update(Invoice).values(covers_from=date(2026, 8, 15), covers_to=date(2026, 11, 14))
    )
    db.session.commit()
    run()
    assert state(late) == "isolated"


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 9, 1), date(2026, 9, 30), 1),
        (date(2026, 8, 31), date(2026, 9, 29), 1),
        (date(2026, 9, 10), date(2026, 9, 12), 1),
        (date(2026, 1, 1), date(2026, 12, 31), 12),
        (None, None, 1),
    ],
)
def test_months_of_an_invoice(
    late: Invoice, first: date | None, last: date | None, months: int
) -> None:
    promises.agree_rapel(late.customer_id, months if months < 4 else 3, "x")
    db.session.execute(update(Invoice).values(covers_from=first, covers_to=last))
    db.session.commit()
    decision = judge([late.subscription_id])[late.subscription_id].decision
    assert decision.code == ("rapel" if months < 4 else "due")
    db.session.rollback()


def test_more_months_than_the_cap_are_not_agreed(late: Invoice) -> None:
    with pytest.raises(PromiseError):
        promises.agree_rapel(late.customer_id, 4, "x")
    with pytest.raises(PromiseError):
        promises.agree_rapel(late.customer_id, 1, "")
    assert not promises.agree_rapel(late.customer_id, 0, "sudah")
    db.session.rollback()
