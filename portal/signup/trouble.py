"""What to do when a step did not succeed, in words; and what is known when an answer was lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from portal.core.driverkit import DriverError, Misconfigured, RateLimited, Retryable
from portal.infra.timekeeping import wall
from portal.signup import states
from portal.signup.graph_values import CodeRefused
from portal.signup.outcomes import Attempt, Outcome

CODE_LIVES = timedelta(seconds=30)
TRIES = 6
WRONG_PIN = frozenset({"133005", "131031"})
DEAD_TOKEN = frozenset({"0", "190"})
TOO_OFTEN, THREE_DAYS = "133016", 72 * 3600


def failed(attempt: Attempt, error: DriverError) -> Outcome:
    """A refusal waits for a person, trouble is tried again, a dead permission is an end."""
    said: dict[str, Any] = {"problem": error.sentence, "detail": error.detail}
    if attempt.state in states.ONCE:
        said["found"] = {"asked": attempt.found.get("asked", "")}
    if attempt.state == states.EXCHANGE:
        return _exchange_failed(attempt, error)
    if error.code in DEAD_TOKEN and attempt.state not in states.PARTNER_ONLY:
        return Outcome(
            end=True,
            problem=_("Izin dari Facebook sudah tidak berlaku. Mulai lagi untuk izin yang baru."),
            detail=error.detail,
        )
    if attempt.state == states.REGISTER and error.code in WRONG_PIN:
        return Outcome(need=states.PIN, **{**said, "problem": _pin_words(attempt)})
    if error.code == TOO_OFTEN:
        return Outcome(need=states.WAIT, wait=THREE_DAYS, **said)
    if isinstance(error, RateLimited):
        return Outcome(need=states.WAIT, wait=error.retry_after, **said)
    if isinstance(error, Retryable) and attempt.attempts + 1 < TRIES:
        return Outcome(need=states.WAIT, wait=5 * 2**attempt.attempts, burn=True, **said)
    return Outcome(need=states.RETRY, **said)


def _exchange_failed(attempt: Attempt, error: DriverError) -> Outcome:
    """Only a server's trouble is worth another try, and only while the code lives."""
    if isinstance(error, CodeRefused):
        return too_late()
    again = isinstance(error, Retryable) and age(attempt) < CODE_LIVES
    if again:
        return Outcome(need=states.WAIT, wait=2, burn=True, problem=error.sentence)
    if isinstance(error, Misconfigured):
        words = _("Setelah diperbaiki, mulai lagi: kodenya hanya berlaku sekali.")
        return Outcome(end=True, problem=f"{error.sentence} {words}")
    return too_late()


def too_late() -> Outcome:
    return Outcome(
        end=True,
        problem=_(
            "Kode dari Facebook hanya berlaku 30 detik dan sekali pakai; yang ini terlambat. "
            "Mulai lagi; yang sudah diisi diingat Facebook."
        ),
    )


def age(attempt: Attempt) -> timedelta:
    return wall() - (attempt.code_at or datetime(1970, 1, 1, tzinfo=UTC))


def may_be_ours(attempt: Attempt) -> bool:
    """Whether we asked for this before and never heard the answer."""
    return attempt.found.get("asked") == attempt.state


def asked(attempt: Attempt, error: DriverError) -> Outcome:
    """It failed when we asked for it; whether it was done anyway is told by a later look."""
    maybe = attempt.state if error.outcome_unknown else ""
    return replace(failed(attempt, error), found={"asked": maybe})


def not_yet(attempt: Attempt) -> Outcome:
    """Shared, as far as we know, but the account does not draw on it: that takes a while. Whoever
    tries again after that shares it anew if need be."""
    words = _("Meta belum memakai lini kredit itu untuk akun ini.")
    if attempt.attempts + 1 < TRIES:
        kept = {"asked": attempt.found.get("asked", "")}
        wait = 5 * 2**attempt.attempts
        return Outcome(need=states.WAIT, wait=wait, burn=True, problem=words, found=kept)
    more = _("Periksa WhatsApp Manager > Payment settings, lalu coba lagi.")
    return Outcome(need=states.RETRY, problem=f"{words} {more}", found={"asked": ""})


def pin_of(attempt: Attempt) -> str:
    """What somebody typed, what it was registered with before, or the one made for it."""
    return attempt.secrets.get("typed") or attempt.known_pin or attempt.secrets.get("pin", "")


def _pin_words(attempt: Attempt) -> str:
    if attempt.secrets.get("typed"):
        return _(
            "PIN itu ditolak Meta. Periksa, atau setel ulang di WhatsApp Manager > Phone numbers "
            "> Two-step verification. Terlalu sering salah mengunci nomor."
        )
    return _(
        "Nomor ini sudah punya PIN verifikasi dua langkah. Ketik PIN itu, atau setel ulang di "
        "WhatsApp Manager > Phone numbers > Two-step verification."
    )
