"""Pure policy: what an outcome does to a message. No I/O; every branch is in the table test.

A send that may have arrived (`unknown`) is repeated only where the provider drops a repeated
key, or where the provider's own statuses prove that it never had it; otherwise a person
decides and a login code just expires. Never is an unknown outcome turned into a second copy.
"""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
)

MAX_ATTEMPTS = 5
LISTEN_SECONDS = 600
FIRST_WAIT = 10
LONGEST_WAIT = 900
DROPPED_WHEN_UNKNOWN = frozenset({"payment_reminder", "overdue_notice"})
NEVER_REPEATED = frozenset({"otp_code", "broadcast"})
RESEND_WINDOW = timedelta(hours=1)
"""How long after an unknown outcome the provider's statuses are still looked at."""


@dataclass(frozen=True)
class Step:
    """The next state of a message; `wait` in seconds when it goes back to pending.

    `burn` says whether the try counts; `pause` is for how long the channel rests.
    """

    state: str
    outcome: str
    reason: str = ""
    wait: float = 0.0
    burn: bool = True
    pause: float | None = None


def backoff(attempts: int, random: Random) -> float:
    """Seconds before the next try: doubling, with up to a quarter of jitter."""
    base = min(FIRST_WAIT * 2 ** max(attempts - 1, 0), LONGEST_WAIT)
    return float(base * (1 + random.random() / 4))


def after_error(
    error: DriverError, kind: str, attempts: int, idempotent: bool, random: Random
) -> Step:
    """What follows from a driver's error. `attempts` includes this one."""
    reason = error.sentence
    if isinstance(error, Permanent):
        return Step("failed", "permanent", reason)
    if isinstance(error, Misconfigured):
        return Step("pending", "misconfigured", reason, wait=30, burn=False, pause=300)
    if isinstance(error, RateLimited):
        wait = float(max(error.retry_after, 1))
        # A pair limit concerns one recipient; a long wait concerns the channel.
        return Step(
            "pending",
            "rate_limited",
            reason,
            wait=wait,
            burn=False,
            pause=wait if wait > 30 else None,
        )
    if error.outcome_unknown:
        return after_unknown(reason, kind, attempts, idempotent, random)
    if attempts >= MAX_ATTEMPTS:
        return Step("failed", "retryable", f"{reason} Sudah dicoba {attempts} kali.")
    return Step("pending", "retryable", reason, wait=backoff(attempts, random))


def after_unknown(reason: str, kind: str, attempts: int, idempotent: bool, random: Random) -> Step:
    """The provider may have it: a timeout after the bytes left, or our own crash."""
    if kind == "otp_code":
        return Step("unknown", "unknown", f"{reason} Pelanggan dapat meminta kode baru.")
    if idempotent and attempts < MAX_ATTEMPTS:
        return Step("pending", "unknown", reason, wait=backoff(attempts, random))
    if kind in DROPPED_WHEN_UNKNOWN:
        return Step("unknown", "unknown", f"{reason} Tidak diulang: pengingat berikutnya menyusul.")
    return Step("unknown", "unknown", f"{reason} Perlu dicek sebelum dikirim ulang.")


def proves_absence(kind: str, heard_seconds: float, witnesses: int) -> bool:
    """Whether silence about an unknown send means that it never reached the provider.

    `witnesses` are later messages through the same driver whose status did come back;
    `heard_seconds` is how long callbacks have been reaching us since the send. A provider
    repeats a callback it could not hand over, so an outage of ours must be well over.
    """
    return kind not in NEVER_REPEATED and witnesses >= 1 and heard_seconds >= LISTEN_SECONDS


RANK = {
    "pending": 0,
    "leased": 0,
    "sending": 0,
    "unknown": 0,
    "accepted": 1,
    "sent": 2,
    "delivered": 3,
    "read": 4,
}


def merge_status(state: str, event: str) -> str:
    """The state after a delivery event, whatever the order they come in.

    The highest rank wins; proof of delivery beats `failed`, which beats what is less.
    """
    if event == "failed":
        return state if RANK.get(state, -1) >= RANK["delivered"] else "failed"
    if state == "failed":
        return event if RANK[event] >= RANK["delivered"] else state
    if state in {"cancelled", "expired"}:
        return event
    return event if RANK[event] > RANK.get(state, -1) else state
