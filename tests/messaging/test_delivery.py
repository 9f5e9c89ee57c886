"""The delivery policy as a table, and the order-free merge of statuses."""

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.messaging.delivery import (
    AMBIGUOUS,
    LONGEST_WAIT,
    RANK,
    Action,
    Ambiguity,
    Retry,
    after_error,
    after_unknown,
    backoff,
    merge_status,
    proves_absence,
)
from portal.messaging.kinds import EVERY

LOST = Retryable("putus", outcome_unknown=True)
BUSY = Retryable("sibuk")
USUAL = Retry()
KEYED, TELLS, MUTE = Ambiguity.KEYED, Ambiguity.TELLS, Ambiguity.MUTE
INVOICE, REMINDER = "invoice_notification", "payment_reminder"
WRONG = "misconfigured"


def test_every_kind_has_its_row_for_every_provider() -> None:
    assert set(AMBIGUOUS) == set(product(Ambiguity, EVERY))


@pytest.mark.parametrize(
    ("kind", "tells", "mute"),
    [
        ("otp_code", Action.DROP, Action.DROP),
        ("broadcast", Action.DROP, Action.DROP),
        ("payment_reminder", Action.LISTEN, Action.DROP),
        ("overdue_notice", Action.LISTEN, Action.DROP),
        ("invoice_notification", Action.LISTEN, Action.HOLD),
        ("payment_confirmation", Action.LISTEN, Action.HOLD),
        ("access_opened", Action.LISTEN, Action.HOLD),
        ("isolation_notice", Action.LISTEN, Action.HOLD),
        ("staff_notice", Action.LISTEN, Action.HOLD),
    ],
)
def test_what_a_lost_answer_means_for_each_kind(kind: str, tells: Action, mute: Action) -> None:
    assert AMBIGUOUS[KEYED, kind] is Action.REPEAT
    assert AMBIGUOUS[TELLS, kind] is tells
    assert AMBIGUOUS[MUTE, kind] is mute


@pytest.mark.parametrize(
    ("error", "kind", "attempts", "ambiguity", "state", "outcome", "burn", "rest"),
    [
        (Permanent("tidak ada"), INVOICE, 1, MUTE, "failed", "permanent", True, ""),
        (Permanent("tidak ada"), "otp_code", 1, KEYED, "failed", "permanent", True, ""),
        (Permanent("aturan", elsewhere=True), INVOICE, 1, MUTE, "pending", "permanent", True, ""),
        (Misconfigured("x"), INVOICE, 1, MUTE, "pending", WRONG, False, WRONG),
        (Misconfigured("x"), "otp_code", 9, KEYED, "pending", WRONG, False, WRONG),
        (
            RateLimited("x", retry_after=12),
            INVOICE, 9, MUTE, "pending", "rate_limited", False, "rate",
        ),
        (
            RateLimited("x", retry_after=12, recipient_only=True),
            INVOICE, 9, KEYED, "pending", "rate_limited", False, "",
        ),
        (BUSY, INVOICE, 1, MUTE, "pending", "retryable", True, ""),
        (BUSY, INVOICE, 4, TELLS, "pending", "retryable", True, ""),
        (BUSY, INVOICE, 5, KEYED, "failed", "retryable", True, ""),
        (BUSY, "otp_code", 1, KEYED, "pending", "retryable", True, ""),
        (LOST, INVOICE, 1, MUTE, "unknown", "unknown", True, ""),
        (LOST, INVOICE, 1, TELLS, "unknown", "unknown", True, ""),
        (LOST, INVOICE, 1, KEYED, "pending", "unknown", True, ""),
        (LOST, INVOICE, 5, KEYED, "unknown", "unknown", True, ""),
        (LOST, REMINDER, 1, MUTE, "unknown", "unknown", True, ""),
        (LOST, REMINDER, 1, KEYED, "pending", "unknown", True, ""),
        (LOST, "otp_code", 1, TELLS, "unknown", "unknown", True, ""),
        (LOST, "otp_code", 1, KEYED, "pending", "unknown", True, ""),
    ],
)  # fmt: skip
def test_policy(
    error: DriverError,
    kind: str,
    attempts: int,
    ambiguity: Ambiguity,
    state: str,
    outcome: str,
    burn: bool,
    rest: str,
) -> None:
    step = after_error(error, kind, attempts, ambiguity, USUAL, Random(1))

    assert (step.state, step.outcome, step.burn, step.rest) == (state, outcome, burn, rest)
    assert step.reason.startswith(error.sentence)
    # Only a lost answer that is repeated ties the message to its channel.
    assert step.bind == (error is LOST and state == "pending")
    if state != "pending":
        assert step.wait == 0
    elif not isinstance(error, Permanent):
        assert step.wait > 0


@given(st.sampled_from(sorted(EVERY)), st.sampled_from([TELLS, MUTE]), st.integers(1, 20))
def test_an_unknown_outcome_is_never_repeated_without_a_key_that_drops_repeats(
    kind: str, ambiguity: Ambiguity, attempts: int
) -> None:
    step = after_unknown("?", kind, attempts, ambiguity, USUAL, Random(1))

    assert (step.state, step.bind) == ("unknown", False)


@given(st.sampled_from(sorted(EVERY)), st.integers(1, 20), st.integers(1, 20))
def test_a_keyed_repeat_is_bound_to_its_channel_and_ends(
    kind: str, attempts: int, most: int
) -> None:
    step = after_unknown("?", kind, attempts, KEYED, Retry(most, 10), Random(1))

    again = attempts < most
    assert (step.state, step.bind, step.wait > 0) == (
        "pending" if again else "unknown",
        again,
        again,
    )


@pytest.mark.parametrize(
    ("kind", "ambiguity", "words"),
    [
        (INVOICE, TELLS, "Menunggu kabar status dari penyedia."),
        (INVOICE, MUTE, "Perlu dicek sebelum dikirim ulang."),
        (REMINDER, MUTE, "Tidak diulang: pengingat berikutnya menyusul."),
        (REMINDER, TELLS, "Menunggu kabar status dari penyedia."),
        ("otp_code", MUTE, "Pelanggan dapat meminta kode baru."),
        ("broadcast", TELLS, "Tidak diulang otomatis."),
    ],
)
def test_the_reason_tells_what_comes_next(kind: str, ambiguity: Ambiguity, words: str) -> None:
    step = after_unknown("Putus.", kind, 1, ambiguity, USUAL, Random(1))

    assert step.reason == f"Putus. {words}"


@given(st.integers(1, 20), st.integers(10, 3600), st.integers(1, 25))
def test_the_owners_patience_decides_when_trying_ends(
    most: int, seconds: int, attempts: int
) -> None:
    step = after_error(BUSY, INVOICE, attempts, MUTE, Retry(most, seconds), Random(1))

    assert step.state == ("failed" if attempts >= most else "pending")
    if step.state == "failed":
        assert step.reason == f"sibuk Sudah dicoba {attempts} kali."


@given(st.integers(1, 40), st.integers(10, 3600), st.integers())
def test_waits_double_up_to_a_limit(attempts: int, seconds: int, seed: int) -> None:
    retry = Retry(5, seconds)
    bare = min(seconds * 2 ** (attempts - 1), max(LONGEST_WAIT, seconds))

    wait = backoff(attempts, retry, Random(seed))

    assert bare <= wait <= bare * 1.25
    assert seconds <= backoff(1, retry, Random(seed)) <= seconds * 1.25
    assert backoff(attempts, retry, Random(seed)) <= backoff(attempts + 1, retry, Random(seed))


@pytest.mark.parametrize(("asked", "waits"), [(0, 1.0), (-5, 1.0), (12, 12.0), (86_400, 86_400.0)])
def test_a_rest_the_provider_asked_for_is_kept(asked: int, waits: float) -> None:
    step = after_error(RateLimited("x", retry_after=asked), INVOICE, 1, MUTE, USUAL, Random(1))

    assert (step.wait, step.rest, step.rest_seconds) == (waits, "rate", waits)


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
    assert USUAL.attempts < 10
