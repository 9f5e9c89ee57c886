"""What the refusals of a service mean, for services that answer in words rather than codes.

Each driver has its own table of words; what is the same for all of them is here: which HTTP
answers are a clear no, which leave the outcome open, and what of a provider's words may be
kept. Parsing an answer is the driver's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Reply
from portal.messaging.drivers._reading import redacted, wait_of
from portal.messaging.drivers._reading import words as text_of

# Refused only in name: the request may have gone through all the same.
_UNCERTAIN = frozenset({408, 409, 425})
_TIMED_OUT = re.compile(r"time[ds]?[_ -]?out", re.IGNORECASE)


@dataclass(frozen=True)
class Refusal:
    """Words of the service (a pattern, any case), our class for them, what the operator should
    do. `wait` in seconds for RateLimited; `elsewhere` for Permanent."""

    words: str
    error: type[DriverError]
    sentence: str
    wait: int = 60
    elsewhere: bool = False


def shown_of(said: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, str]:
    """What a service says about a device, under the operator's words for it."""
    pairs = ((label, redacted(text_of(said.get(name)))) for name, label in labels.items())
    return {label: text for label, text in pairs if text}


def refused(
    reply: Reply, name: str, words: str, table: Sequence[Refusal], *, said_no: bool, code: str = ""
) -> DriverError:
    """The error behind an answer that is not a yes. `words` are the service's own; `said_no`
    whether the body plainly refuses, whatever the HTTP status."""
    about: dict[str, Any] = {
        "detail": redacted(words or reply.text),
        "http_status": reply.status,
        "code": code,
    }
    if reply.status == 429:
        return _wait(reply, name, 60, about)
    if 300 <= reply.status < 400:
        return Misconfigured(f"Alamat {name} dialihkan. Isi alamat akhirnya.", **about)
    if reply.status in _UNCERTAIN:
        return _open(name, about)
    known = next((row for row in table if said_no and _found(row, words, code)), None)
    if known is not None:
        return _known(known, reply, name, about)
    return _by_status(reply.status, name, about, said_no and not _TIMED_OUT.search(words))


def _found(row: Refusal, words: str, code: str) -> bool:
    return re.search(row.words, f"{code} {words}", re.IGNORECASE) is not None


def _known(row: Refusal, reply: Reply, name: str, about: dict[str, Any]) -> DriverError:
    if row.error is RateLimited:
        return _wait(reply, name, row.wait, about)
    if row.error is Permanent:
        return Permanent(row.sentence, elsewhere=row.elsewhere, **about)
    return row.error(row.sentence, **about)


def _by_status(status: int, name: str, about: dict[str, Any], clear_no: bool) -> DriverError:
    if status in {401, 403}:
        return Misconfigured(f"{name} menolak kunci. Salin ulang kuncinya.", **about)
    if status in {404, 405}:
        return Misconfigured(f"Alamat {name} salah. Periksa alamatnya.", **about)
    if 400 <= status < 500 or (clear_no and status < 300):
        return Permanent(f"{name} menolak pesan ini. Lihat rinciannya.", elsewhere=True, **about)
    return _open(name, about)


def _open(name: str, about: dict[str, Any]) -> Retryable:
    return Retryable(
        f"Jawaban {name} tidak jelas, hasilnya belum pasti.", outcome_unknown=True, **about
    )


def _wait(reply: Reply, name: str, seconds: int, about: dict[str, Any]) -> RateLimited:
    wait = max(wait_of(reply, seconds), 1)
    return RateLimited(f"{name} meminta menunggu.", retry_after=wait, **about)


def half_sent(error: DriverError) -> Retryable:
    """The words were taken, the file was not: no repetition, a person looks at it."""
    return Retryable(
        f"Teks sudah diserahkan, tetapi berkasnya tidak. {error.sentence}",
        detail=error.detail,
        code=error.code,
        http_status=error.http_status,
        outcome_unknown=True,
    )
