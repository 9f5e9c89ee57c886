"""Rows that providers, customers and uploads leave behind, for the pages that show them."""

from datetime import timedelta
from typing import Any

from portal.infra.timekeeping import now
from portal.media.models import MediaFile
from portal.messaging.models_inbound import HookEventCount, InboundMessage, MessageTemplate


def from_outside(customer_id: int, message_id: int, channel_id: int) -> list[Any]:
    """What providers and customers sent us, and a file somebody uploaded."""
    answer = InboundMessage(
        source="whatsapp.meta",
        provider_id="wamid.in",
        sender="",
        user_id="",
        name="",
        form="",
        text="",
        payload="",
        reply_to="",
        message_id=message_id,
        customer_id=customer_id,
        at=now(),
        received_at=now(),
    )
    template = MessageTemplate(
        channel_id=channel_id, name="x", language="id", kind="payment_reminder", synced_at=now()
    )
    odd = HookEventCount(source="whatsapp.meta", name="x", count=1, last_at=now())
    file = MediaFile(
        token="t" * 32,
        kind="image",
        mime="image/png",
        filename="",
        size=1,
        sha256="",
        path="none",
        created_at=now(),
        expires_at=now() + timedelta(days=1),
    )
    return [answer, template, odd, file]
