"""Who a message is for: a phone or a group of WhatsApp, or a chat of Telegram.

A recipient is one string in the outbox: `+628…` (E.164), `…@g.us`, or `tg:<chat id>`. What sort
it is decides which channels may carry it; a phone never goes to Telegram, nor the other way.
"""

import re
from dataclasses import dataclass

from portal.core.phone import GroupId, PhoneNumber

PHONE = "phone"
"""What a WhatsApp channel reaches: numbers, and groups where it can."""
TELEGRAM = "telegram"
PREFIX = "tg:"
# A private chat has the number of its person; groups and channels are negative.
_CHAT = re.compile(r"tg:([1-9][0-9]{0,17})")


def is_group(recipient: str) -> bool:
    """Whether it is a WhatsApp group."""
    return recipient.endswith("@g.us")


def reach_of(recipient: str) -> str:
    """PHONE or TELEGRAM: which sort of channel it takes."""
    return TELEGRAM if recipient.startswith(PREFIX) else PHONE


def parse(text: str) -> str:
    """A recipient as a person types it, checked and in the outbox's form.

    Raises ValueError (InvalidPhone is one) with a sentence in Indonesian.
    """
    typed = text.strip()
    if typed.lower().startswith(PREFIX):
        return str(TelegramChat.parse(typed.lower()))
    return str(GroupId.parse(typed)) if "@" in typed else str(PhoneNumber.parse(typed))


def for_log(recipient: str) -> str:
    """Any recipient as a log may show it."""
    if reach_of(recipient) == TELEGRAM:
        return TelegramChat.parse(recipient).for_log()
    return recipient if is_group(recipient) else PhoneNumber(recipient).for_log()


@dataclass(frozen=True)
class TelegramChat:
    """A private chat with one person on Telegram."""

    id: int

    @classmethod
    def parse(cls, text: str) -> "TelegramChat":
        """Read `tg:12345`. Raises ValueError with a sentence in Indonesian."""
        found = _CHAT.fullmatch(text.strip())
        if found is None:
            raise ValueError("ID Telegram tidak sah. Contoh: tg:123456789.")
        return cls(int(found[1]))

    def __str__(self) -> str:
        return f"{PREFIX}{self.id}"

    def for_log(self) -> str:
        """`tg:12****789`."""
        digits = str(self.id)
        return f"{PREFIX}{digits[:2]}****{digits[-3:]}"
