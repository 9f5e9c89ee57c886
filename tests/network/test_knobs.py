"""The knobs on real rows: promises, rapel, recent payments, calendar and warning, in the run."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from jobs import schedule
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now, today
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.network import isolation, promises
from portal.network.facts import judge
from portal.network.models import NetworkAccess
from portal.network.models_isolation import PaymentPromise
from portal.network.promises import PromiseError
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network import routers
from tests.network.routers import Beside, Board


@pytest.fixture
def board() -> Iterator[Board]:
    with routers.in_process() as made:
        yield made


@pytest.fixture
def late(app: Flask, board: Board) -> Invoice:
    """An invoice 30 days late, of a line behind a router."""
    line = factories.subscription(login="budi.1")
    routers.behind(line, "board")
    return factories.invoice(line, period="2026-09", due_on=today() - timedelta(days=30))


def state(bill: Invoice) -> str:
    return factories.fresh(Subscription, bill.subscription_id).state


def access(bill: Invoice) -> NetworkAccess:
    return factories.fresh(NetworkAccess, bill.subscription_id)


def run() -> None:
    isolation.run()


def knob(key: str, value: Any) -> None:
    settings.change(f"isolation.{key}", value)
    db.session.commit()


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


def test_half_paid_lately_postpones_for_its_days(late: Invoice, clock: FixedClock) -> None:
    knob("tolerance_days", 3)
    payer = factories.fresh(Customer, late.customer_id)
    factories.payment(payer, late.total // 2, [late])
    seen = []
    for _ in range(5):
        run()
        seen.append(state(late))
        clock.move(days=1)
    assert seen == ["active"] * 4 + ["isolated"]


def test_less_than_the_share_does_not(late: Invoice) -> None:
    knob("tolerance_days", 3)
    factories.payment(factories.fresh(Customer, late.customer_id), late.total // 2 - 1, [late])
    run()
    assert state(late) == "isolated"


def test_the_one_of_two_paid_whole_counts_as_its_share(late: Invoice) -> None:
    knob("tolerance_days", 3)
    line = factories.fresh(Subscription, late.subscription_id)
    other = factories.invoice(line, period="2026-08", due_on=today() - timedelta(days=60))
    factories.payment(factories.fresh(Customer, late.customer_id), other.total, [other])
    run()
    assert state(late) == "active"
    assert "baru membayar" in access(late).reason


def test_closed_days_hold_new_walls_back_and_open_none(late: Invoice, clock: FixedClock) -> None:
    weekday = str(today().weekday())
    knob("closed_weekdays", [weekday])
    run()
    assert (state(late), access(late).next_on) == ("active", today() + timedelta(days=1))
    knob("closed_weekdays", [])
    run()
    assert state(late) == "isolated"
    knob("holidays", [today().isoformat()])
    run()
    assert state(late) == "isolated"


def test_hours(late: Invoice, clock: FixedClock) -> None:
    local = now().astimezone(clock.zone)
    knob("hours_from", f"{(local + timedelta(hours=1)):%H:%M}")
    knob("hours_until", f"{(local + timedelta(hours=2)):%H:%M}")
    run()
    assert state(late) == "active"
    clock.move(hours=1)
    run()
    assert state(late) == "isolated"


def test_the_plans_grace_comes_first(late: Invoice) -> None:
    db.session.execute(update(Plan).values(grace_days=40))
    db.session.commit()
    run()
    assert (state(late), access(late).next_on) == ("active", today() + timedelta(days=11))


def warnings() -> list[Message]:
    return [row for row in factories.every(Message) if row.kind == "overdue_notice"]


def test_the_warning_goes_first_and_its_hours_count_from_when_it_left(
    late: Invoice, clock: FixedClock
) -> None:
    knob("warn_hours", 24)
    for _ in range(3):
        schedule.isolate()
    assert (state(late), len(warnings())) == ("active", 1)
    assert warnings()[0].params["amount"] == late.total
    clock.move(days=2)
    schedule.isolate()
    assert state(late) == "active", "it has not left yet"
    db.session.execute(update(Message).values(state="accepted"))
    db.session.commit()
    schedule.isolate()
    clock.move(hours=23)
    schedule.isolate()
    assert state(late) == "active"
    clock.move(hours=1)
    schedule.isolate()
    assert (state(late), len(warnings())) == ("isolated", 1)


def test_a_warning_that_cannot_arrive_is_no_free_internet(late: Invoice, clock: FixedClock) -> None:
    knob("warn_hours", 24)
    schedule.isolate()
    db.session.execute(update(Message).values(state="failed"))
    db.session.commit()
    schedule.isolate()
    clock.move(hours=24)
    schedule.isolate()
    assert state(late) == "isolated"


def test_the_warning_leaves_early_enough_to_keep_the_day(late: Invoice, clock: FixedClock) -> None:
    knob("warn_hours", 48)
    planned = late.due_on + timedelta(days=8)
    clock.move(days=(planned - today()).days - 3)
    schedule.isolate()
    assert warnings() == []
    clock.move(days=1)
    schedule.isolate()
    assert (len(warnings()), access(late).next_on) == (1, planned + timedelta(days=0))


def test_paying_part_never_walls_off_outside_the_run(late: Invoice) -> None:
    line = factories.fresh(Subscription, late.subscription_id)
    other = factories.invoice(line, period="2026-08", due_on=today() - timedelta(days=60))
    factories.payment(factories.fresh(Customer, late.customer_id), other.total, [other])
    assert state(late) == "active"
    assert access(late).decision == "isolate", "the run's to do"
    run()
    assert state(late) == "isolated"


def test_a_quiet_run_writes_nothing(late: Invoice) -> None:
    run()
    before = access(late).decided_at, len(factories.every(AuditEntry))
    run()
    assert (access(late).decided_at, len(factories.every(AuditEntry))) == before
