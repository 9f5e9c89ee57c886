"""Right before sending: what is no longer so is not said, and patient messages wait for day."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.messaging import sending
from portal.messaging.models import Message, OptOut
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.rows import message, queued

PARAMS = {
    "name": "Budi",
    "amount": 165_000,
    "cs_phone": "",
    "customer_number": "PLG-1",
    "days_left": 3,
    "period": "2026-11",
    "invoice_number": "INV-1",
    "plan": "Rumah",
    "due_on": "2026-11-26",
    "payment_number": "PAY-1",
    "paid_at": "2026-11-21T03:00:00+00:00",
    "status": "Lunas",
    "text": "Halo",
}
LANE = {"otp_code": "interactive", "access_opened": "interactive", "broadcast": "bulk"}
PATIENT = ["invoice_notification", "payment_reminder", "overdue_notice", "broadcast"]
AT_ONCE = ["otp_code", "access_opened", "isolation_notice", "payment_confirmation", "staff_notice"]


def ready(kind: str, **about: Any) -> int:
    return queued(kind, params=PARAMS, **about)


def drained(kind: str) -> None:
    sending.drain(LANE.get(kind, "messages"))


def put(key: str, value: Any) -> None:
    settings.change(key, value)
    db.session.commit()


def night(clock: FixedClock) -> None:
    """22:00 in Jakarta."""
    clock.move(hours=12)


def ending(message_id: int) -> tuple[str, str]:
    row = message(message_id)
    return row.state, row.reason


def ends_after(kind: str, row: Invoice | Subscription, state: str, **about: int) -> tuple[str, str]:
    """How a message ends whose reason came into that state while it waited."""
    message_id = ready(kind, **about)
    db.session.get_one(type(row), row.id).state = state
    db.session.commit()
    drained(kind)
    return ending(message_id)


@pytest.mark.parametrize("kind", PATIENT)
def test_at_night_patient_messages_wait_for_the_morning(
    provider: Provider, clock: FixedClock, kind: str
) -> None:
    message_id = ready(kind)
    night(clock)
    drained(kind)

    row = message(message_id)
    assert (row.state, row.reason) == ("pending", "Menunggu jam kirim: 22-11-2026 08.00.")
    assert row.next_at == clock.wall() + timedelta(hours=10)
    assert (row.attempts, provider.arrived) == (0, [])

    clock.move(hours=9, minutes=59)
    drained(kind)
    assert provider.arrived == []
    clock.move(minutes=1)
    drained(kind)
    assert ending(message_id) == ("accepted", "")
    assert len(provider.arrived) == 1


@pytest.mark.parametrize("kind", AT_ONCE)
def test_what_answers_the_moment_leaves_at_night(
    provider: Provider, clock: FixedClock, kind: str
) -> None:
    night(clock)
    ready(kind)
    drained(kind)

    assert len(provider.arrived) == 1


def test_queued_at_night_it_is_not_even_looked_at_before_morning(
    provider: Provider, clock: FixedClock
) -> None:
    night(clock)
    message_id = ready("invoice_notification")

    assert message(message_id).next_at == clock.wall() + timedelta(hours=10)
    assert sending.drain("messages") == 0


def test_what_would_be_stale_by_morning_ends_at_night_and_says_so(
    provider: Provider, clock: FixedClock
) -> None:
    message_id = ready("payment_reminder", expires_at=clock.wall() + timedelta(hours=20))
    night(clock)
    drained("payment_reminder")

    assert ending(message_id) == (
        "expired",
        "Sudah basi saat jam kirim berikutnya (22-11-2026 08.00) tiba.",
    )


def test_a_person_who_sends_by_hand_does_not_wait(provider: Provider, clock: FixedClock) -> None:
    night(clock)
    message_id = ready("invoice_notification")

    assert sending.deliver(message_id)
    assert ending(message_id) == ("accepted", "")


@pytest.mark.parametrize(
    ("changes", "opens"),
    [
        ({"messages.hours_from": "06:30"}, "22-11-2026 06.30"),
        ({"messages.hours_until": "21:30"}, "22-11-2026 08.00"),
        ({"messages.closed_weekdays": ["6"]}, "23-11-2026 08.00"),
        ({"messages.holidays": ["2026-11-22", "2026-11-23"]}, "24-11-2026 08.00"),
        ({"messages.holidays": ["2026-11-23"], "messages.closed_weekdays": ["6"]}, "24-11-2026"),
        ({"messages.hours_until": "23:00"}, ""),
        ({"messages.hours_until": "08:00"}, ""),
        ({"messages.patient_kinds": ["broadcast"]}, ""),
    ],
)
def test_the_owners_hours_count_from_the_next_message_on(
    provider: Provider, clock: FixedClock, changes: dict[str, Any], opens: str
) -> None:
    message_id = ready("invoice_notification")
    for key, value in changes.items():
        put(key, value)
    night(clock)
    drained("invoice_notification")

    state, reason = ending(message_id)
    assert state == ("pending" if opens else "accepted")
    assert opens in reason
    assert bool(opens) == bool(reason)


def test_hours_moved_later_hold_what_was_to_leave_and_other_kinds_can_be_made_patient(
    provider: Provider, clock: FixedClock
) -> None:
    put("messages.hours_from", "11:00")
    put("messages.patient_kinds", ["payment_confirmation"])
    waiting, free = ready("payment_confirmation"), ready("invoice_notification")
    drained("messages")

    assert message(waiting).state == "pending"
    assert message(free).state == "accepted"


def test_a_holiday_in_the_middle_of_the_day(provider: Provider, clock: FixedClock) -> None:
    message_id = ready("overdue_notice")
    put("messages.holidays", ["2026-11-21"])
    drained("overdue_notice")

    assert ending(message_id) == ("pending", "Menunggu jam kirim: 22-11-2026 08.00.")


@pytest.mark.parametrize(
    ("state", "kind", "ends"),
    [
        ("paid", "payment_reminder", ("cancelled", "Sudah lunas.")),
        ("paid", "overdue_notice", ("cancelled", "Sudah lunas.")),
        ("paid", "isolation_notice", ("accepted", "")),
        ("paid", "invoice_notification", ("accepted", "")),
        ("void", "payment_reminder", ("cancelled", "Tagihan sudah dibatalkan.")),
        ("void", "isolation_notice", ("cancelled", "Tagihan sudah dibatalkan.")),
        ("void", "payment_confirmation", ("accepted", "")),
        ("written_off", "overdue_notice", ("cancelled", "Tagihan sudah dibatalkan.")),
        ("open", "overdue_notice", ("accepted", "")),
    ],
)
def test_the_bill_has_moved_on(
    provider: Provider, state: str, kind: str, ends: tuple[str, str]
) -> None:
    bill = factories.invoice()
    assert ends_after(kind, bill, state, invoice_id=bill.id) == ends


def test_paid_while_it_waited_for_the_morning(provider: Provider, clock: FixedClock) -> None:
    bill = factories.invoice()
    message_id = ready("payment_reminder", invoice_id=bill.id)
    night(clock)
    drained("payment_reminder")
    assert message(message_id).state == "pending"

    db.session.get_one(Invoice, bill.id).state = "paid"
    db.session.commit()
    clock.move(hours=10)
    drained("payment_reminder")
    assert ending(message_id) == ("cancelled", "Sudah lunas.")
    assert provider.arrived == []


def test_a_reminder_after_the_due_date_is_not_sent(provider: Provider, clock: FixedClock) -> None:
    bill = factories.invoice(due_on=clock.today() - timedelta(days=1))
    message_id = ready("payment_reminder", invoice_id=bill.id)
    drained("payment_reminder")

    assert ending(message_id) == (
        "expired",
        "Jatuh tempo sudah lewat sebelum pengingat sempat dikirim.",
    )


@pytest.mark.parametrize(
    ("kind", "line", "ends"),
    [
        ("isolation_notice", "isolated", ("accepted", "")),
        ("isolation_notice", "active", ("cancelled", "Akses sudah dibuka.")),
        ("access_opened", "active", ("accepted", "")),
        ("access_opened", "isolated", ("cancelled", "Sudah diisolir lagi.")),
    ],
)
def test_the_line_has_changed_again(
    provider: Provider, kind: str, line: str, ends: tuple[str, str]
) -> None:
    subscription = factories.subscription()
    assert ends_after(kind, subscription, line, subscription_id=subscription.id) == ends


@pytest.mark.parametrize("kind", [*PATIENT, *AT_ONCE])
def test_only_optional_kinds_can_be_refused(app: Flask, provider: Provider, kind: str) -> None:
    """The refusal came after the message was queued."""
    owner, other = factories.customer(), factories.customer()
    mine = ready(kind, customer_id=owner.id, key="mine")
    theirs = ready(kind, customer_id=other.id, key="theirs")
    stamp = db.session.get_one(Message, mine).created_at
    db.session.add(OptOut(customer_id=owner.id, kind=kind, source="staff", created_at=stamp))
    db.session.commit()
    drained(kind)

    optional = kind in {"invoice_notification", "payment_reminder", "broadcast"}
    optional |= kind == "payment_confirmation"
    if optional:
        refused = ("cancelled", "Pelanggan tidak mau menerima pesan jenis ini.")
        assert ending(mine) == refused
    elif kind != "otp_code":  # a code without a challenge expires anyway
        assert ending(mine) == ("accepted", "")
    if kind != "otp_code":
        assert ending(theirs) == ("accepted", "")


def test_refusing_one_kind_is_not_refusing_another(provider: Provider, clock: FixedClock) -> None:
    owner = factories.customer()
    db.session.add(
        OptOut(customer_id=owner.id, kind="broadcast", source="customer", created_at=clock.now())
    )
    db.session.commit()
    message_id = ready("payment_reminder", customer_id=owner.id)
    drained("payment_reminder")

    assert ending(message_id) == ("accepted", "")
