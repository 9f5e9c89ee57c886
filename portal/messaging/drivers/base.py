"""The contract of message drivers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from portal.core import recipients
from portal.core.driverkit import Capability, Driver, Health
from portal.core.wablock import Block
from portal.infra.http import Http
from portal.messaging.drivers.events import DeliveryEvent as DeliveryEvent
from portal.messaging.drivers.events import HookEvent, HookRequest


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
class Media:
    """A file that goes with a message. `kind`: image, video, document.

    `url` is public, for services that fetch; `load` gives the bytes to those that want an
    upload, None when the file is not ours.
    """

    kind: str
    url: str = field(repr=False)
    mime: str = ""
    filename: str = ""
    load: Callable[[], bytes] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OutgoingMessage:
    """A message ready to leave. `to` in E.164, a group id (`…@g.us`), or `tg:<chat id>` for a
    driver whose `reach` is Telegram; `key` is stable across retries.

    `text` is always the whole text in plain words, buttons and links spelled out, for services
    that carry only text. `block` is the `[[wa]]` block behind it, for those that can do more
    (Capability.INTERACTIVE); `media` its header file, for those that carry files. `params` are
    the values of the kind's approved template, in order. `window` is whether the recipient
    wrote to us within 24 hours, when official services take free text; None where nobody knows.
    """

    to: str
    kind: str
    language: str
    key: str
    text: str = field(repr=False)
    params: Sequence[str] = field(repr=False)
    block: Block | None = field(default=None, repr=False)
    media: Media | None = field(default=None, repr=False)
    window: bool | None = None

    @property
    def to_group(self) -> bool:
        """Whether it is addressed to a WhatsApp group."""
        return recipients.is_group(self.to)


@dataclass(frozen=True)
class Receipt:
    """What the provider answered: accepted for delivery, nothing more.

    `state` is `accepted`, or `manual` when a person has to send it by hand.
    """

    provider_id: str | None
    answer: str = field(default="", repr=False)
    http_status: int | None = None
    state: str = "accepted"


@dataclass(frozen=True)
class Group:
    """A WhatsApp group the paired number is in; `id` ends in `@g.us`."""

    id: str
    name: str


class MessageDriver(Driver):
    """Speaks to one WhatsApp service, or to Telegram; raises the classes of
    `portal.core.driverkit`.

    `reach` says whom it can write to, as in `portal.core.recipients`: no message is ever given
    to a driver of another reach.
    `limits` are what the service allows, or what keeps a number from being banned, until the
    owner sets others. `text_limit` is the longest text in characters. `in_flight` is how many
    requests may be under way at once. `keep_alive` reuses connections: only where a repeated
    key is sent once or a status proves a send later, since a stale one looks like a lost answer.
    `echoes_key`: its callbacks bring our key back, so silence about a lost answer means
    something. `by_hand`: a person sends what it is given, so nothing urgent goes through it.
    """

    reach: ClassVar[str] = recipients.PHONE
    limits: ClassVar[Limits] = Limits()
    text_limit: ClassVar[int] = 4096
    in_flight: ClassVar[int] = 16
    keep_alive: ClassVar[bool] = False
    echoes_key: ClassVar[bool] = False
    by_hand: ClassVar[bool] = False

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

    def link(self, message: OutgoingMessage) -> str:
        """Where a person sends it (`by_hand` drivers)."""
        return ""

    def groups(self) -> list[Group]:
        """The groups the number is in (Capability.GROUP)."""
        return []

    def status(self, provider_id: str) -> DeliveryEvent | None:
        """What the service knows about a message now (Capability.STATUS_CHECK)."""
        return None

    def verify_hook(self, request: HookRequest) -> bool:
        """Whether a callback really comes from the service. The address of every callback but
        Meta's holds an unguessable token, which is checked before this is asked."""
        return False

    def answer_hook(self, body: bytes) -> Mapping[str, object] | None:
        """What a believed callback is answered with, as JSON; None answers nothing. For services
        that take a request of ours that way."""
        return None

    def set_hook(self, url: str) -> str:
        """Tell the service to call back at this address; returns what it said, in a sentence.
        Only for services that can be told (Capability.SETS_HOOK)."""
        raise NotImplementedError

    def redact_hook(self, body: bytes) -> bytes:
        """What of a believed callback may be kept: for services that put a key into it."""
        return body

    def parse_hook(self, body: bytes) -> list[HookEvent]:
        """All events in a callback, also those nobody acts on yet (UnknownEvent); never raises,
        whatever the body is."""
        return []

    def answer_challenge(self, args: Mapping[str, str]) -> str | None:
        """The answer to a subscription handshake; None refuses it."""
        return None
