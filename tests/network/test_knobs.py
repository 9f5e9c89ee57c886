"""The knobs on real rows: recent payments, calendar, hours and warning, in the run."""

from datetime import timedelta

from sqlalchemy import update

from jobs import schedule
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now, today
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.payments import reversal
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network.late import access, board, knob, late, run, state

__all__ = ["board", "late"]


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


def test_a_reversed_payment_postpones_nothing(late: Invoice, clock: FixedClock) -> None:
    knob("tolerance_days", 3)
    paid = factories.payment(factories.fresh(Customer, late.customer_id), late.total - 1, [late])
    run()
    assert state(late) == "active"
    clock.move(days=1)
    reversal.reverse(paid, "tidak jadi masuk")
    db.session.commit()
    run()
    assert state(late) == "isolated"


def test_taking_back_an_old_payment_leaves_the_recent_one(late: Invoice, clock: FixedClock) -> None:
    knob("tolerance_days", 3)
    payer = factories.fresh(Customer, late.customer_id)
    old = factories.payment(payer, 40_000, [late], paid_at=now())
    clock.move(days=8)
    factories.payment(payer, late.total - 40_001, [late])
    reversal.reverse(old, "dobel")
    db.session.commit()
    run()
    assert state(late) == "active"


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
