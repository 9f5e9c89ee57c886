"""The owner's patience and hours: what is set is what the outbox does."""

from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Retryable
from portal.extensions import db
from portal.messaging import sending, sending_hours
from portal.messaging.delivery import Retry
from portal.settings import service as settings
from portal.settings.registry import BY_KEY
from portal.settings.service import InvalidSetting
from tests.messaging.fakes import Provider
from tests.messaging.parts import raising
from tests.messaging.rows import attempts, message, queued


def put(key: str, value: Any) -> None:
    settings.change(key, value)
    db.session.commit()


@pytest.mark.parametrize("most", [1, 2, 7])
def test_as_many_tries_as_the_owner_allows(
    provider: Provider, clock: FixedClock, most: int
) -> None:
    put("messages.max_attempts", most)
    provider.always = raising(Retryable("sibuk."))
    message_id = queued()
    for _ in range(12):
        sending.drain("messages")
        clock.move(hours=1)

    row = message(message_id)
    assert (row.state, row.attempts, len(attempts(message_id))) == ("failed", most, most)
    assert row.reason == f"sibuk. Sudah dicoba {most} kali."


@pytest.mark.parametrize("seconds", [10, 300, 3600])
def test_the_second_try_comes_after_the_owners_interval(
    provider: Provider, clock: FixedClock, seconds: int
) -> None:
    put("messages.retry_seconds", seconds)
    provider.answers = [raising(Retryable("sibuk"))]
    message_id = queued()
    sending.drain("messages")

    waits = (message(message_id).next_at - clock.wall()).total_seconds()
    assert seconds <= waits <= seconds * 1.25
    clock.move(seconds=seconds - 1)
    sending.drain("messages")
    assert message(message_id).state == "pending"
    clock.move(seconds=seconds)
    sending.drain("messages")
    assert message(message_id).state == "accepted"


def test_a_change_counts_for_what_is_waiting_already(provider: Provider, clock: FixedClock) -> None:
    provider.always = raising(Retryable("sibuk"))
    message_id = queued()
    sending.drain("messages")
    put("messages.max_attempts", 2)
    clock.move(hours=1)
    sending.drain("messages")

    assert message(message_id).state == "failed"


def test_the_shipped_settings(app: Flask) -> None:
    assert sending_hours.retry() == Retry(5, 10)
    found = sending_hours.hours()
    assert (found.opens.hour, found.closes.hour) == (8, 20)
    assert (found.closed_weekdays, found.holidays) == (frozenset(), frozenset())
    assert sending_hours.patient_kinds() == {
        "invoice_notification",
        "payment_reminder",
        "overdue_notice",
        "broadcast",
    }


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("messages.hours_from", "7:30", "07:30"),
        ("messages.hours_until", "21.00", "21:00"),
        ("messages.holidays", "2026-12-25, 2026-03-20", ["2026-03-20", "2026-12-25"]),
        ("messages.holidays", "", []),
        ("messages.max_attempts", "1", 1),
        ("messages.retry_seconds", "3.600", 3600),
    ],
)
def test_what_people_type_is_understood(app: Flask, key: str, typed: str, value: object) -> None:
    assert settings.parse(BY_KEY[key], typed) == value


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("messages.hours_from", "pagi"),
        ("messages.hours_from", "25:00"),
        ("messages.hours_from", ""),
        ("messages.holidays", "25-12-2026"),
        ("messages.holidays", "2026-02-30"),
        ("messages.max_attempts", "0"),
        ("messages.max_attempts", "21"),
        ("messages.retry_seconds", "9"),
        ("messages.retry_seconds", "3601"),
        ("messages.retry_seconds", "sepuluh"),
    ],
)
def test_what_will_not_do_is_refused(app: Flask, key: str, typed: str) -> None:
    with pytest.raises(InvalidSetting):
        settings.parse(BY_KEY[key], typed)


def test_codes_and_openings_can_not_be_made_to_wait() -> None:
    choices = {value for value, _ in BY_KEY["messages.patient_kinds"].options}

    assert not choices & {"otp_code", "access_opened"}
