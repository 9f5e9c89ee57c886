"""The text to start from when a message that was more than words is sent again changed.

Its own text, else the block it is made of, filled; else what was posted to a gateway. Reads only.
"""

import json
from typing import Any

from sqlalchemy import select

from portal.core import wablock
from portal.core.wablock import Block
from portal.extensions import db
from portal.messaging import texts
from portal.messaging.models import Message, MessageAttempt

# What is hidden in a payload that is kept: a message may not say that to anybody.
HIDDEN = "••••"
# What goes to one recipient and no other.
_OWN = ("to", "session_id", "thread_id", "sessionId", "threadId")


def text_of(message: Message) -> str:
    """A text with a block, as people edit it; the person's own words if there is none."""
    if message.kind == "otp_code":
        return ""
    if message.body:
        return message.body
    block = _composed(message) or _posted(message.id)
    return wablock.write(block) if block else ""


def _composed(message: Message) -> Block | None:
    """Filled as it would leave now. One our own code cannot put together has none."""
    try:
        params = {**message.params, "pay_link": texts.LINK_PLACE}
        made = texts.compose(message.kind, message.language, params).block
    except (KeyError, ValueError, TypeError):
        return None
    return made if made and (made.interactive or made.given) else None


def _posted(message_id: int) -> Block | None:
    """The newest payload a gateway was given, without what belongs to that one posting."""
    payloads = db.session.scalars(
        select(MessageAttempt.payload)
        .where(MessageAttempt.message_id == message_id, MessageAttempt.driver == "gateway")
        .order_by(MessageAttempt.id.desc())
    )
    for payload in payloads:
        data = _object(payload)
        said = {name: value for name, value in data.items() if name not in _OWN}
        words = json.dumps(said, ensure_ascii=False)
        if isinstance(said.get("interactive"), dict) and HIDDEN not in words:
            return wablock.parse(words)
    return None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
