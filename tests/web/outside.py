"""Rows that providers, customers and uploads leave behind, for the pages that show them."""

from datetime import timedelta
from typing import Any

from portal.infra.timekeeping import now, today
from portal.invoices.models_terms import Charge, SubscriptionDiscount
from portal.media.models import MediaFile
from portal.messaging.models_inbound import HookEventCount, InboundMessage, MessageTemplate
from portal.subscriptions.models import SubscriptionPause


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


def for_next_invoice(subscription_id: int) -> list[Any]:
    """What staff wrote about a line's next invoices, and a pause that is on."""
    mine = {"subscription_id": subscription_id, "created_at": now()}
    later = today() + timedelta(days=9)
    return [
        Charge(**mine, kind="fee", description="", amount=50_000),
        SubscriptionDiscount(**mine, kind="amount", value=1_000, reason=""),
        SubscriptionPause(**mine, from_on=today(), wake_on=later, reason=""),
    ]
