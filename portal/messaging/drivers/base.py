"""The contract of message drivers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar

from portal.core.driverkit import Capability, Driver, Health
from portal.infra.http import Http


@dataclass(frozen=True)
class Limits:
    """How fast a channel may send. 0 means no limit; spacing and pairs in seconds.

    `per_day` counts local days; `recipients_per_day` counts distinct numbers in any 24 hours;
    a pair may have `pair_burst` messages at once, then one every `pair_seconds`.
    """

    per_second: int = 0
    per_minute: int = 0
    per_day: int = 0
    recipients_per_day: int = 0
    spacing_min: int = 0
    spacing_max: int = 0
    pair_seconds: int = 0
    pair_burst: int = 1

    STORED: ClassVar[tuple[str, ...]] = (
        "per_second",
        "per_minute",
        "per_day",
        "recipients_per_day",
        "spacing_min",
        "spacing_max",
    )

    def changed(self, values: Mapping[str, int | None]) -> "Limits":
        """With some of them set otherwise."""
        return replace(self, **{name: value or 0 for name, value in values.items()})


@dataclass(frozen=True)
class OutgoingMessage:
    """A message ready to leave. `to` in E.164; `key` is stable across retries."""

    to: str
    kind: str
    language: str
    key: str
    text: str = field(repr=False)
    params: Sequence[str] = field(repr=False)


@dataclass(frozen=True)
class Receipt:
    """What the provider answered: accepted for delivery, nothing more."""

    provider_id: str | None
    answer: str = field(default="", repr=False)
    http_status: int | None = None


@dataclass(frozen=True)
class DeliveryEvent:
    """A later word about a message: sent, delivered, read or failed."""

    provider_id: str
    key: str
    state: str
    at: datetime
    reason: str = ""


class MessageDriver(Driver):
    """Speaks to one WhatsApp service; raises the classes of `portal.core.driverkit`.

    `limits` are what the service allows, or what keeps a number from being banned, until the
    owner sets others. `text_limit` is the longest text in characters. `in_flight` is how many
    requests may be under way at once. `keep_alive` reuses connections: only where a repeated
    key is sent once or a status proves a send later, since a stale one looks like a lost answer.
    """

    limits: ClassVar[Limits] = Limits()
    text_limit: ClassVar[int] = 4096
    in_flight: ClassVar[int] = 16
    keep_alive: ClassVar[bool] = False

    def __init__(self, config: Mapping[str, str], http: Http) -> None:
        self.config = {
            declared.name: (config.get(declared.name) or declared.default)
            for declared in self.fields
        }
        self.http = http

    @property
    def idempotent(self) -> bool:
        """Whether the service sends once however often a key is repeated."""
        return Capability.IDEMPOTENT in self.capabilities

    def payload(self, message: OutgoingMessage) -> object:
        """What will be sent, for the log; holds no credential."""
        raise NotImplementedError

    def send(self, message: OutgoingMessage) -> Receipt:
        """Hand one message over."""
        raise NotImplementedError

    def check(self) -> Health:
        """Whether the service would accept us now."""
        raise NotImplementedError

    def verify_hook(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a callback really comes from the service."""
        return False

    def parse_hook(self, body: bytes) -> list[DeliveryEvent]:
        """The delivery events in a callback; what is unknown is left out."""
        return []

    def answer_challenge(self, args: Mapping[str, str]) -> str | None:
        """The answer to a subscription handshake; None refuses it."""
        return None
