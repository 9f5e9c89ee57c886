"""The delivery policy as a table, and the order-free merge of statuses."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.driverkit import Misconfigured, Permanent, RateLimited, Retryable
from portal.messaging.delivery import (
    MAX_ATTEMPTS,
    RANK,
    after_error,
    after_unknown,
    backoff,
    merge_status,
    proves_absence,
)
from portal.messaging.kinds import KINDS

LOST = Retryable("putus", outcome_unknown=True)
BUSY = Retryable("sibuk")


@pytest.mark.parametrize(
    ("error", "kind", "attempts", "idempotent", "state", "outcome", "burn", "paused"),
    [
        (
            Permanent("tidak ada"),
            "invoice_notification",
            1,
            False,
            "failed",
            "permanent",
            True,
            False,
        ),
        (Permanent("tidak ada"), "otp_code", 1, True, "failed", "permanent", True, False),
        (
            Misconfigured("token"),
            "invoice_notification",
            1,
            False,
            "pending",
            "misconfigured",
            False,
            True,
        ),
        (Misconfigured("token"), "otp_code", 9, True, "pending", "misconfigured", False, True),
        (
            RateLimited("x", retry_after=12),
            "otp_code",
            1,
            False,
            "pending",
            "rate_limited",
            False,
            False,
        ),
        (
            RateLimited("x", retry_after=60),
            "otp_code",
            9,
            False,
            "pending",
            "rate_limited",
            False,
            True,
        ),
        (BUSY, "invoice_notification", 1, False, "pending", "retryable", True, False),
        (BUSY, "invoice_notification", 4, False, "pending", "retryable", True, False),
        (BUSY, "invoice_notification", 5, False, "failed", "retryable", True, False),
        (BUSY, "otp_code", 1, True, "pending", "retryable", True, False),
        (LOST, "invoice_notification", 1, False, "unknown", "unknown", True, False),
        (LOST, "invoice_notification", 1, True, "pending", "unknown", True, False),
        (LOST, "invoice_notification", 5, True, "unknown", "unknown", True, False),
        (LOST, "payment_reminder", 1, False, "unknown", "unknown", True, False),
        (LOST, "payment_reminder", 1, True, "pending", "unknown", True, False),
        (LOST, "otp_code", 1, False, "unknown", "unknown", True, False),
        (LOST, "otp_code", 1, True, "unknown", "unknown", True, False),
    ],
)
def test_policy(
    error: Exception,
    kind: str,
    attempts: int,
    idempotent: bool,
    state: str,
    outcome: str,
    burn: bool,
    paused: bool,
) -> None:
    step = after_error(error, kind, attempts, idempotent, Random(1))  # type: ignore[arg-type]

    assert (step.state, step.outcome, step.burn, step.pause is not None) == (
        state,
        outcome,
        burn,
        paused,
    )
    assert (step.wait > 0) == (state == "pending")
    assert step.reason


@given(st.sampled_from(sorted(KINDS)), st.integers(1, 20), st.integers())
def test_an_unknown_outcome_is_never_repeated_without_a_key_that_drops_repeats(
    kind: str, attempts: int, seed: int
) -> None:
    assert after_unknown("?", kind, attempts, False, Random(seed)).state == "unknown"


@given(st.integers(1, 40), st.integers())
def test_waits_grow_up_to_a_limit(attempts: int, seed: int) -> None:
    assert 10 <= backoff(attempts, Random(seed)) <= 900 * 1.25
    assert backoff(1, Random(seed)) <= backoff(2, Random(seed)) <= backoff(3, Random(seed))


@pytest.mark.parametrize(
    ("kind", "heard", "witnesses", "proven"),
    [
        ("invoice_notification", 0, 3, False),
        ("invoice_notification", 599, 3, False),
        ("invoice_notification", 600, 1, True),
        ("payment_reminder", 600, 1, True),
        ("invoice_notification", 6000, 0, False),
        ("otp_code", 6000, 3, False),
        ("broadcast", 6000, 3, False),
    ],
)
def test_what_proves_that_a_message_never_arrived(
    kind: str, heard: float, witnesses: int, proven: bool
) -> None:
    assert proves_absence(kind, heard, witnesses) is proven


EVENTS = st.lists(st.sampled_from(["accepted", "sent", "delivered", "read", "failed"]), max_size=6)
STARTS = st.sampled_from(
    ["pending", "leased", "sending", "unknown", "accepted", "failed", "cancelled", "expired"]
)


@given(STARTS, EVENTS, st.randoms(use_true_random=False))
def test_any_order_of_statuses_ends_in_the_same_state(
    start: str, events: list[str], random: Random
) -> None:
    def end(order: list[str]) -> str:
        state = start
        for event in order:
            state = merge_status(state, event)
        return state

    shuffled = list(events)
    random.shuffle(shuffled)
    assert end(events) == end(shuffled) == end(events + shuffled)


@given(STARTS, EVENTS)
def test_proof_of_delivery_is_never_lost(start: str, events: list[str]) -> None:
    state = start
    for event in events:
        state = merge_status(state, event)
    if "read" in events:
        assert state == "read"
    elif "delivered" in events:
        assert state == "delivered"
    elif "failed" in events:
        assert state == "failed"
    assert state in {*RANK, "failed", "cancelled", "expired"}


def test_there_is_an_end_to_trying() -> None:
    assert MAX_ATTEMPTS < 10
