"""Asking a provider what became of one message (Capability.STATUS_CHECK), for a person."""

from portal.core.driverkit import Capability
from portal.extensions import db
from portal.infra.http import Http
from portal.messaging import channels, receipts
from portal.messaging.channels import ENV_KEY, ActiveChannel
from portal.messaging.models import Message
from portal.messaging.receipts import Scope
from portal.messaging.service import MessageError

FINAL = ("read", "failed", "cancelled", "expired")


def _channel(message: Message) -> ActiveChannel | None:
    return channels.by_key(ENV_KEY if message.channel_id is None else str(message.channel_id))


def can_ask(message: Message) -> bool:
    """Whether its provider answers such questions and has something left to tell."""
    if not message.provider_id or message.state in FINAL or not message.driver:
        return False
    channel = _channel(message)
    return (
        channel is not None
        and not channel.problem
        and channel.kind == message.driver
        and Capability.STATUS_CHECK in channel.driver().capabilities
    )


def ask(message: Message) -> str:
    """Ask and merge the answer; returns the state then. No transaction is open meanwhile;
    commits. Raises MessageError when it cannot be asked, DriverError from the driver."""
    channel = _channel(message)
    if channel is None or not can_ask(message):
        raise MessageError("Penyedia pesan ini tidak dapat ditanya.")
    message_id, provider_id = message.id, message.provider_id or ""
    db.session.rollback()
    event = channel.driver(Http()).status(provider_id)
    if event is not None:
        receipts.apply([event], Scope(channel.kind, channel.id))
        db.session.commit()
    return db.session.get_one(Message, message_id, populate_existing=True).state
