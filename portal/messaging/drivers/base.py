"""The contract of message drivers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal.core.driverkit import Capability, Driver, Health
from portal.infra.http import Http


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
    """Speaks to one WhatsApp service; raises the classes of `portal.core.driverkit`."""

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
