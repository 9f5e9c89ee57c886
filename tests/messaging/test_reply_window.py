"""Free text on official channels: only within a day of the customer's word, where that is known."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Capability, Permanent
from portal.extensions import db
from portal.messaging import channel_config, inbound, receipts, sending
from portal.messaging.drivers.base import MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import InboundMessage
from portal.messaging.models_channels import Channel
from portal.messaging.registry import REGISTRY
from tests import factories
from tests.messaging.fakes import Provider, registered
from tests.messaging.rows import PHONE, message, queued

OTHER = "+6281211110000"


@pytest.fixture
def official(app: Flask) -> Iterator[tuple[Provider, type[MessageDriver]]]:
    """A channel whose provider tells of answers, and refuses what it would drop."""
    provider = Provider()
    with registered(provider, "official", idempotent=True):
        driver = REGISTRY.get("official")
        driver.capabilities |= {Capability.INBOUND}  # type: ignore[misc]
        channel_config.choose("official")
        db.session.commit()
        yield provider, driver


def heard(clock: FixedClock, sender: str, hours: int = 1) -> None:
    [row] = factories.every(Channel)
    source = receipts.source_of("official", row.id)
    at = clock.wall() - timedelta(hours=hours)
    event = InboundMessage(f"in-{sender}", sender, at, "Halo")
    inbound.take(source, receipts.scope_of(source), event)
    db.session.commit()


def window_of(provider: Provider, kind: str, to: str) -> bool | None:
    params = {"text": "Gangguan"} if kind == "broadcast" else None
    queued(
        kind,
        key=f"{kind}{to}{len(provider.arrived)}",
        to=to,
        **({"params": params} if params else {}),
    )
    sending.drain("bulk" if kind == "broadcast" else "messages")
    return provider.arrived[-1].window


def test_it_is_known_only_once_answers_come(
    official: tuple[Provider, type[MessageDriver]], clock: FixedClock
) -> None:
    provider, _driver = official
    assert window_of(provider, "broadcast", PHONE) is None
    heard(clock, PHONE)
    assert window_of(provider, "broadcast", PHONE) is True
    assert window_of(provider, "broadcast", OTHER) is False
    assert window_of(provider, "payment_confirmation", OTHER) is None


def test_what_would_be_dropped_takes_the_next_channel(
    official: tuple[Provider, type[MessageDriver]], clock: FixedClock
) -> None:
    provider, _driver = official
    heard(clock, PHONE)

    def refuse(outgoing: OutgoingMessage) -> Receipt:
        if outgoing.window is False:
            raise Permanent("Lebih dari 24 jam.", elsewhere=True)
        return provider.accept(outgoing)

    provider.always = refuse
    message_id = queued("broadcast", to=OTHER, params={"text": "Gangguan"})
    for _turn in range(2):
        sending.drain("bulk")
    assert message(message_id).state == "failed"
    assert "24 jam" in message(message_id).reason
