"""Sending on real rows: once, rechecked, and through the channel in force."""

import pytest
from flask import Flask

from portal.accounts import otp
from portal.accounts.models import OtpChallenge
from portal.accounts.otp import Owner
from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, Permanent, RateLimited, Retryable
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.messaging import channel_config, channels, meters, sending
from portal.messaging.models import Message
from portal.messaging.models_channels import Channel
from portal.subscriptions.models import Subscription
from tests import factories
from tests.messaging.fakes import Deduping, Provider, registered
from tests.messaging.parts import raising
from tests.messaging.rows import REMINDER, attempts, message, queued, states


def test_a_message_is_sent_once_and_its_attempt_is_kept(provider: Provider) -> None:
    message_id = queued()

    assert sending.deliver(message_id)
    assert not sending.deliver(message_id)
    assert sending.drain("messages") == 0

    assert provider.keys() == ["payment_confirmation:1"]
    row, (attempt,) = message(message_id), attempts(message_id)
    assert (row.state, row.driver, row.attempts) == ("accepted", "recorder", 1)
    assert row.provider_id == "id-payment_confirmation:1"
    assert (attempt.outcome, attempt.http_status) == ("accepted", 200)
    assert "Rp165.000" in attempt.payload


def test_a_lane_is_drained_by_several_at_a_time(provider: Provider) -> None:
    for number in range(60):
        queued(key=str(number))

    assert sending.drain("messages") == 60
    assert sorted(provider.keys()) == sorted(f"payment_confirmation:{n}" for n in range(60))
    assert set(states()) == {"accepted"}


def test_the_log_holds_neither_code_nor_whole_number(provider: Provider) -> None:
    customer = factories.customer()
    token = otp.request_code(customer.phone, Owner(customer.id, "id"), "127.0.0.1", 60)
    db.session.commit()
    (row,) = factories.every(Message)
    code = otp.code_to_send(otp.find(token).id)  # type: ignore[union-attr]
    db.session.rollback()
    assert code is not None

    assert sending.deliver(row.id)

    (sent,) = provider.arrived
    assert code in sent.text
    assert list(sent.params) == [code]
    (attempt,) = attempts(row.id)
    assert code not in attempt.payload + attempt.answer + str(row.params) + repr(sent)
    assert "••••••" in attempt.payload
    assert customer.phone.lstrip("+") not in attempt.payload + attempt.answer


def test_a_code_that_was_replaced_or_ran_out_is_not_sent(
    provider: Provider, clock: FixedClock
) -> None:
    customer = factories.customer()
    owner = Owner(customer.id, "id")
    otp.request_code(customer.phone, owner, "127.0.0.1", 60)
    db.session.commit()
    clock.move(seconds=90)
    otp.request_code(customer.phone, owner, "127.0.0.1", 60)
    db.session.commit()
    first, second = factories.every(Message)

    sending.deliver(first.id)
    assert (message(first.id).state, provider.arrived) == ("expired", [])

    clock.move(minutes=6)
    sending.deliver(second.id)
    assert (message(second.id).state, provider.arrived) == ("expired", [])
    assert len(factories.every(OtpChallenge)) == 2


@pytest.mark.parametrize(
    ("invoice_state", "kind", "state", "reason"),
    [
        ("paid", "payment_reminder", "cancelled", "Sudah lunas."),
        ("paid", "overdue_notice", "cancelled", "Sudah lunas."),
        ("void", "payment_reminder", "cancelled", "Tagihan sudah dibatalkan."),
        ("void", "invoice_notification", "cancelled", "Tagihan sudah dibatalkan."),
        ("paid", "invoice_notification", "accepted", ""),
        ("paid", "payment_confirmation", "accepted", ""),
        ("open", "payment_reminder", "accepted", ""),
    ],
)
def test_the_reason_for_a_message_is_rechecked(
    provider: Provider, invoice_state: str, kind: str, state: str, reason: str
) -> None:
    bill = factories.invoice()
    message_id = queued(kind, invoice_id=bill.id)
    db.session.get_one(Invoice, bill.id).state = invoice_state
    db.session.commit()

    sending.deliver(message_id)

    row = message(message_id)
    assert (row.state, row.reason) == (state, reason)
    assert len(provider.arrived) == (state == "accepted")


def test_a_notice_of_isolation_is_not_sent_once_access_is_open_again(provider: Provider) -> None:
    line = factories.subscription(state="isolated")
    params = {"name": "B", "amount": 1, "cs_phone": "", "customer_number": "1"}
    gone = queued("isolation_notice", "1", subscription_id=line.id, params=params)
    db.session.get_one(Subscription, line.id).state = "active"
    db.session.commit()
    sending.deliver(gone)
    opened = queued("access_opened", "1", subscription_id=line.id, params=params)
    db.session.get_one(Subscription, line.id).state = "isolated"
    db.session.commit()
    sending.deliver(opened)

    assert (message(gone).state, message(gone).reason) == ("cancelled", "Akses sudah dibuka.")
    assert (message(opened).state, message(opened).reason) == ("cancelled", "Sudah diisolir lagi.")
    assert provider.arrived == []


def test_a_reminder_that_waited_tells_todays_debt_and_distance(
    provider: Provider, clock: FixedClock
) -> None:
    owner = factories.customer()
    bill = factories.invoice(factories.subscription(owner), total=200_000)
    params = {**REMINDER, "amount": 200_000, "days_left": 5, "due_on": bill.due_on.isoformat()}
    message_id = queued("payment_reminder", invoice_id=bill.id, params=params)
    factories.payment(owner, 50_000, [bill])
    clock.move(hours=20)

    sending.deliver(message_id)

    sent = next(one for one in provider.arrived if one.kind == "payment_reminder")
    assert "Rp150.000" in sent.text
    assert "dalam 4 hari" in sent.text
    assert list(sent.params) == ["Budi", "150.000", "4", "PLG-1"]


def test_a_stale_reminder_expires(provider: Provider, clock: FixedClock) -> None:
    message_id = queued("payment_reminder")
    clock.move(days=2)

    sending.sweep()
    sending.drain("messages")

    assert message(message_id).state == "expired"
    assert provider.arrived == []


@pytest.mark.parametrize(
    ("error", "state", "outcome", "tries"),
    [
        (Permanent("Nomor tidak terdaftar."), "failed", "permanent", 1),
        (Retryable("sibuk"), "pending", "retryable", 1),
        (Retryable("putus", outcome_unknown=True), "unknown", "unknown", 1),
        (RateLimited("tunggu", retry_after=5), "pending", "rate_limited", 0),
        (Misconfigured("Token dicabut."), "pending", "misconfigured", 0),
    ],
)
def test_each_error_class_leaves_the_message_where_the_policy_says(
    provider: Provider, error: Exception, state: str, outcome: str, tries: int
) -> None:
    provider.always = raising(error)
    message_id = queued()

    sending.deliver(message_id)

    row, (attempt,) = message(message_id), attempts(message_id)
    assert (row.state, row.attempts, attempt.outcome) == (state, tries, outcome)
    assert row.lease_token is None


def test_a_driver_that_crashes_may_have_sent(provider: Provider) -> None:
    provider.always = raising(ZeroDivisionError("secret text"))
    message_id = queued()

    sending.deliver(message_id)

    assert message(message_id).state == "unknown"
    assert "secret text" not in attempts(message_id)[0].answer


def test_retries_keep_the_key_and_end(provider: Provider, clock: FixedClock) -> None:
    provider.always = raising(Retryable("sibuk"))
    message_id = queued()

    for _ in range(12):
        sending.drain("messages")
        clock.move(minutes=20)

    assert message(message_id).state == "failed"
    assert len(attempts(message_id)) == 5


def test_a_wrong_token_pauses_the_channel_and_loses_nothing(
    provider: Provider, clock: FixedClock
) -> None:
    provider.answers = [raising(Misconfigured("Token dicabut."))]
    ids = [queued(key=str(number)) for number in range(3)]

    sending.deliver(ids[0])
    assert channels.active().paused  # type: ignore[union-attr]
    assert sending.drain("messages") == 0
    assert states() == ["pending"] * 3

    clock.move(minutes=6)
    sending.drain("messages")
    assert states() == ["accepted"] * 3


def test_saving_the_configuration_ends_the_pause_and_old_failures_do_not_bring_it_back(
    provider: Provider, clock: FixedClock
) -> None:
    old = channels.active()
    assert old is not None
    clock.move(seconds=5)
    channel_config.save("recorder", {"token": "baru"})
    db.session.commit()

    meters.pause(old, "misconfigured", "token lama ditolak")
    db.session.commit()

    assert not channels.active().paused  # type: ignore[union-attr]


def test_a_driver_chosen_meanwhile_carries_the_next_message(provider: Provider) -> None:
    with registered(Deduping(), "other", idempotent=True) as other:
        first, second = queued(key="1"), queued(key="2")
        sending.deliver(first)
        channel_config.choose("other")
        db.session.commit()
        sending.deliver(second)

        assert provider.keys() == ["payment_confirmation:1"]
        assert other.keys() == ["payment_confirmation:2"]
        assert [row.enabled for row in factories.every(Channel)] == [False, True]


def test_without_a_channel_messages_wait(app: Flask) -> None:
    with registered(Provider(), "gone", idempotent=False):
        channel_config.choose("gone")
        db.session.commit()
    message_id = queued()

    assert not sending.deliver(message_id)
    assert sending.drain("messages") == 0
    assert message(message_id).state == "pending"


def test_an_unreadable_configuration_holds_messages_and_breaks_nothing(app: Flask) -> None:
    db.session.execute(
        db.text(
            "INSERT INTO channel (driver, name, config, enabled, priority, updated_at, hook_token) "
            "VALUES ('console', '', :junk, :yes, 1, :at, 'x')"
        ),
        {"junk": b"not a token", "yes": True, "at": "2026-11-21 00:00:00.000000"},
    )
    db.session.commit()
    message_id = queued()

    assert sending.sweep() == 1
    assert not sending.deliver(message_id)
    assert message(message_id).state == "pending"
    assert channel_config.save("console", {}) == {}
    channel_config.choose("console")
    db.session.commit()
    assert sending.deliver(message_id)


def test_a_message_our_code_cannot_render_fails_in_the_end(
    provider: Provider, clock: FixedClock
) -> None:
    message_id = queued(params={"amount": "not a number"})
    for _ in range(8):
        sending.drain("messages")
        clock.move(minutes=2)

    assert message(message_id).state == "failed"
    assert provider.arrived == []


# Crashes: the process dies at a named point; then time passes and the sweep runs.
