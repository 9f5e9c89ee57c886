"""What a provider tells us by itself: one small class per sort of event.

Drivers make them from a callback's body; `portal/messaging/word.py` says who acts on which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class HookRequest:
    """A callback as it came. `url` is the public address with its query, as the provider
    believes it called; `headers` ignore case in their names."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class DeliveryEvent:
    """A later word about a message: sent, delivered, read or failed.

    `category` and `billable` are what the provider charges for, where it says so. `next_id` is
    the name under which the provider speaks of this message from now on.
    """

    provider_id: str
    key: str
    state: str
    at: datetime
    reason: str = ""
    category: str = ""
    billable: bool | None = None
    next_id: str = ""


@dataclass(frozen=True)
class InboundMessage:
    """Somebody wrote to us. `sender` in E.164 or `tg:<chat id>`, empty when the service hides it;
    `user_id` is its own name for the person. `reply_to` is the provider's id of the message
    answered; `payload` what a pressed button carries. `form` is the provider's word: text, image,
    button… `number` is the provider's id of our number that was written to.
    """

    provider_id: str
    sender: str = field(repr=False)
    at: datetime
    text: str = field(default="", repr=False)
    form: str = "text"
    name: str = field(default="", repr=False)
    user_id: str = field(default="", repr=False)
    reply_to: str = ""
    payload: str = ""
    number: str = ""


@dataclass(frozen=True)
class TemplateEvent:
    """Something changed about an approved text. `about`: status, quality, category, components.

    `value` is the provider's new word for it, upper case; `before` the old one if told.
    `language` with an underscore. `account` is the provider's id of the account it belongs to.
    """

    about: str
    name: str
    language: str
    value: str
    before: str = ""
    provider_id: str = ""
    reason: str = ""
    account: str = ""


@dataclass(frozen=True)
class AccountEvent:
    """Something about the account or number the owner should know. `sentence` in Indonesian.

    `blocked`: nothing will be accepted until somebody acts. `account` is the provider's id of the
    account it is about, empty for all of them; `owner` that of the business it belongs to.
    """

    name: str
    sentence: str
    blocked: bool = False
    account: str = ""
    owner: str = ""


@dataclass(frozen=True)
class DeviceEvent:
    """A paired phone went away or came back."""

    connected: bool
    reason: str = ""


@dataclass(frozen=True)
class UnknownEvent:
    """A kind of event we do not know: kept and counted."""

    name: str


HookEvent = (
    DeliveryEvent | InboundMessage | TemplateEvent | AccountEvent | DeviceEvent | UnknownEvent
)
