"""What the bot says: words and buttons as one message of the outbox.

A message is written as a JSON payload, never as `[[wa]]` text, so that no name or address can
add a button; values lose what would format or link them (`text_values.harmless`).
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.core.recipients import TelegramChat
from portal.messaging import service as messaging
from portal.messaging.attachments import DRAWN
from portal.messaging.kinds import TALK

Press = tuple[str, str]
"""Words on a button, and what it carries back; an address makes it a link."""


def say(
    telegram_id: int,
    key: str,
    text: str,
    buttons: Sequence[Press] = (),
    *,
    qr: str = "",
    customer_id: int | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Queue one message to the chat, once per key. `qr` is drawn above the words."""
    messaging.queue(
        TALK.name,
        str(TelegramChat(telegram_id)),
        f"{TALK.name}:{key}",
        {},
        body=body(text, buttons, qr),
        customer_id=customer_id,
        expires_at=expires_at,
    )


def body(text: str, buttons: Sequence[Press] = (), qr: str = "") -> str:
    """The message as a payload."""
    inner: dict[str, Any] = {
        "type": "template",
        "text": text,
        "buttons": [_button(words, carried) for words, carried in buttons],
    }
    if qr:
        inner |= {"headerType": 2, "headerMedia": {"type": "image", "url": f"{DRAWN}{qr}"}}
    return json.dumps({"interactive": inner}, ensure_ascii=False)


def _button(words: str, carried: str) -> dict[str, str]:
    if carried.startswith(("http://", "https://")):
        return {"type": "url", "text": words, "url": carried}
    return {"type": "quick", "text": words, "id": carried}
