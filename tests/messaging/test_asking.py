"""Asking a provider what became of one message."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core.driverkit import Capability, Health, RateLimited
from portal.extensions import db
from portal.messaging import asking, channel_config, sending
from portal.messaging.drivers.base import MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import DeliveryEvent
from portal.messaging.models import Message
from portal.messaging.registry import REGISTRY
from tests import factories
from tests.messaging.rows import message, queued
from tests.visitor import Visitor

AT = datetime(2026, 11, 21, 4, tzinfo=UTC)


@pytest.fixture
def told(app: Flask) -> Iterator[dict[str, str]]:
    """A provider that can be asked; `told` is what it says by its own id."""
    known: dict[str, str] = {}

    class Asked(MessageDriver):
        kind, label = "asked", "Bisa ditanya"
        capabilities = frozenset({Capability.TEXT, Capability.STATUS_CHECK})

        def payload(self, message: OutgoingMessage) -> object:
            return {}

        def send(self, message: OutgoingMessage) -> Receipt:
            return Receipt("id-1", "{}", 200)

        def check(self) -> Health:
            return Health(True, "siap", {})

        def status(self, provider_id: str) -> DeliveryEvent | None:
            if known.get(provider_id) == "slow":
                raise RateLimited("Terlalu sering bertanya.")
            state = known.get(provider_id)
            return DeliveryEvent(provider_id, "", state, AT) if state else None

    REGISTRY.all["asked"] = Asked
    try:
        channel_config.choose("asked")
        db.session.commit()
        yield known
    finally:
        REGISTRY.all.pop("asked")


def sent() -> int:
    message_id = queued()
    sending.drain("messages")
    return message_id


def test_what_it_says_is_merged(app: Flask, told: dict[str, str]) -> None:
    message_id = sent()
    assert asking.can_ask(db.session.get_one(Message, message_id))
    assert asking.ask(db.session.get_one(Message, message_id)) == "accepted"
    told["id-1"] = "read"
    assert asking.ask(db.session.get_one(Message, message_id)) == "read"
    assert message(message_id).read_at == AT
    assert not asking.can_ask(db.session.get_one(Message, message_id))


def test_the_button_says_what_came_of_it(
    app: Flask, client: FlaskClient, told: dict[str, str]
) -> None:
    message_id = sent()
    page = f"/admin/messages/{message_id}"
    factories.log_in(client, factories.staff())
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff())
    assert "Tanyakan statusnya" in visitor.get(page).text
    for state, words in (("", "belum punya kabar"), ("slow", "Terlalu sering"), ("read", "diperb")):
        told["id-1"] = state
        visitor.post(f"{page}/ask")
        assert words in visitor.get(page).text
    assert "Tanyakan statusnya" not in visitor.get(page).text
