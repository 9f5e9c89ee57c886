"""A provider's code as one of our error classes: how drivers write their tables of codes.

For services that answer with codes; those that answer in words are judged in `_refusals.py`.
"""

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


@dataclass(frozen=True)
class Meaning:
    """What a code means: the class, and what the operator should do. `wait` in seconds for
    RateLimited; `elsewhere` as in Permanent; `unknown` as outcome_unknown of Retryable."""

    error: type[DriverError]
    sentence: str
    wait: int = 60
    elsewhere: bool = False
    unknown: bool = False

    def of(self, reply: Reply, code: str, words: str) -> DriverError:
        """The error to raise; `words` are the provider's own and lose their long numbers."""
        about: dict[str, Any] = {
            "detail": redacted(words),
            "code": code[:60],
            "http_status": reply.status,
        }
        if self.error is RateLimited:
            return RateLimited(self.sentence, retry_after=wait_of(reply, self.wait), **about)
        if self.error is Permanent:
            return Permanent(self.sentence, elsewhere=self.elsewhere, **about)
        if self.error is Retryable:
            return Retryable(self.sentence, outcome_unknown=self.unknown, **about)
        return self.error(self.sentence, **about)


def unclear(service: str) -> Meaning:
    """An answer that says neither yes nor no: it may have been sent."""
    words = f"Jawaban {service} tidak jelas, hasilnya belum pasti."
    return Meaning(Retryable, words, unknown=True)


def mis(sentence: str) -> Meaning:
    """Nothing is accepted until somebody acts."""
    return Meaning(Misconfigured, sentence)


def perm(sentence: str, *, elsewhere: bool = False) -> Meaning:
    """This one never."""
    return Meaning(Permanent, sentence, elsewhere=elsewhere)


def later(sentence: str) -> Meaning:
    """Not accepted, worth another try."""
    return Meaning(Retryable, sentence)


def wait(sentence: str, seconds: int) -> Meaning:
    """Refused for a while."""
    return Meaning(RateLimited, sentence, wait=seconds)
