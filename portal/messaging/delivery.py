"""Pure policy: what an outcome does to a message. No I/O; every branch is in the table test.

A send that may have arrived is ambiguous. What follows depends on what the provider can tell
(its `Ambiguity`) and on how much a second copy or a missing one would hurt (the kind):
`AMBIGUOUS` is that table. Never is an ambiguous outcome turned into a second copy, and never
does it move to another channel.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from random import Random

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
)

LISTEN_SECONDS = 600
LONGEST_WAIT = 900
MAY_HAVE_ARRIVED = "Percobaan sebelumnya mungkin sampai. Perlu dicek."
KEY_WINDOW = timedelta(hours=1)
"""How long a provider is trusted to remember a key (nobody documents it)."""
RESEND_WINDOW = timedelta(hours=1)
"""How long after an unknown outcome the provider's statuses are still looked at."""


@dataclass(frozen=True)
class Retry:
    """The owner's patience: tries in all, and seconds before the second one."""

    attempts: int = 5
    seconds: int = 10


class Ambiguity(StrEnum):
    """What a provider offers when its answer was lost: a repeated key is sent once; its
    statuses will tell; or nothing."""

    KEYED = "keyed"
    TELLS = "tells"
    MUTE = "mute"


class Action(StrEnum):
    """What is done with an ambiguous send: the same key again; wait for statuses, and send
    once more only on proof that it never arrived; a person decides; it is let go."""

    REPEAT = "repeat"
    LISTEN = "listen"
    HOLD = "hold"
    DROP = "drop"


# A reminder is followed by the next one, a login code by the button on the page, a word in a
# conversation by the next question: a second copy would hurt more than a missing one. The rest is
# worth a look.
_DROPPED = ("payment_reminder", "overdue_notice", "otp_code", "broadcast", "chat_reply")
_KEPT = (
    "invoice_notification",
    "payment_confirmation",
    "access_opened",
    "isolation_notice",
    "staff_notice",
    "customer_notice",
)
AMBIGUOUS: dict[tuple[Ambiguity, str], Action] = {
    **{(Ambiguity.KEYED, kind): Action.REPEAT for kind in (*_DROPPED, *_KEPT)},
    **{(Ambiguity.TELLS, kind): Action.LISTEN for kind in (*_KEPT, *_DROPPED[:2])},
    **{(Ambiguity.TELLS, kind): Action.DROP for kind in _DROPPED[2:]},
    **{(Ambiguity.MUTE, kind): Action.DROP for kind in _DROPPED},
    **{(Ambiguity.MUTE, kind): Action.HOLD for kind in _KEPT},
}
_WORDS = {
    Action.LISTEN: "Menunggu kabar status dari penyedia.",
    Action.HOLD: "Perlu dicek sebelum dikirim ulang.",
    Action.DROP: "Tidak diulang otomatis.",
}
_WORDS_OF_KIND = {
    "otp_code": "Pelanggan dapat meminta kode baru.",
    "payment_reminder": "Tidak diulang: pengingat berikutnya menyusul.",
    "overdue_notice": "Tidak diulang: pemberitahuan berikutnya menyusul.",
}


@dataclass(frozen=True)
class Step:
    """The next state of a message; `wait` in seconds when it goes back to pending.

    `burn` says whether the try counts; `bind` that only this channel may repeat it.
    `rest` is why the channel itself rests (empty: it does not), `rest_seconds` for how long
    (None: as its history says).
    """

    state: str
    outcome: str
    reason: str = ""
    wait: float = 0.0
    burn: bool = True
    bind: bool = False
    rest: str = ""
    rest_seconds: float | None = None


def backoff(attempts: int, retry: Retry, random: Random) -> float:
    """Seconds before the next try: doubling, with up to a quarter of jitter."""
    base = min(retry.seconds * 2 ** max(attempts - 1, 0), max(LONGEST_WAIT, retry.seconds))
    return float(base * (1 + random.random() / 4))


def after_error(
    error: DriverError, kind: str, attempts: int, ambiguity: Ambiguity, retry: Retry, random: Random
) -> Step:
    """What follows from a driver's error. `attempts` includes this one."""
    reason = error.sentence
    if isinstance(error, Permanent):
        # Where it goes from here is for the routing: a channel that said no is not asked again.
        return Step("pending" if error.elsewhere else "failed", "permanent", reason)
    if isinstance(error, Misconfigured):
        return Step("pending", "misconfigured", reason, wait=1, burn=False, rest="misconfigured")
    if isinstance(error, RateLimited):
        wait = float(max(error.retry_after, 1))
        rest = "" if error.recipient_only else "rate"
        return Step(
            "pending", "rate_limited", reason, wait=wait, burn=False, rest=rest, rest_seconds=wait
        )
    if error.outcome_unknown:
        return after_unknown(reason, kind, attempts, ambiguity, retry, random)
    if attempts >= retry.attempts:
        return Step("failed", "retryable", f"{reason} Sudah dicoba {attempts} kali.")
    return Step("pending", "retryable", reason, wait=backoff(attempts, retry, random))


def after_unknown(
    reason: str, kind: str, attempts: int, ambiguity: Ambiguity, retry: Retry, random: Random
) -> Step:
    """The provider may have it: a timeout after the bytes left, or our own crash."""
    action = AMBIGUOUS[ambiguity, kind]
    if action is Action.REPEAT:
        if attempts < retry.attempts:
            wait = backoff(attempts, retry, random)
            return Step("pending", "unknown", reason, wait=wait, bind=True)
        action = AMBIGUOUS[Ambiguity.MUTE, kind]
    words = _WORDS[action]
    if action is not Action.LISTEN:
        words = _WORDS_OF_KIND.get(kind, words)
    return Step("unknown", "unknown", f"{reason} {words}")


def proves_absence(kind: str, heard_seconds: float, witnesses: int) -> bool:
    """Whether silence about an unknown send means that it never reached the provider.

    `witnesses` are later messages through the same driver whose status did come back;
    `heard_seconds` is how long callbacks have been reaching us since the send. A provider
    repeats a callback it could not hand over, so an outage of ours must be well over.
    """
    listening = AMBIGUOUS[Ambiguity.TELLS, kind] is Action.LISTEN
    return listening and witnesses >= 1 and heard_seconds >= LISTEN_SECONDS


RANK = {
    "pending": 0,
    "leased": 0,
    "sending": 0,
    "unknown": 0,
    "accepted": 1,
    "manual": 1,
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
