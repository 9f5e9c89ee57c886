"""The simulated Twilio: with Loket's driver over real HTTP, callbacks signed as Twilio signs."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask

from portal.core.driverkit import DriverError, Misconfigured, Permanent
from portal.extensions import db
from portal.infra.http import Http
from portal.messaging import channel_config, sending
from portal.messaging.drivers.base import Media
from portal.messaging.drivers.twilio import Twilio
from portal.messaging.models_inbound import InboundMessage
from tests import factories
from tests.contracts.messaging import CODE, outgoing
from tests.messaging.rows import message, queued
from tests.simulators.serving import FAULTS, Trouble, arrived, heard, served, stumbles

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
FILE = "https://l.example/a.png"


def config(sims: str, **more: str) -> dict[str, str]:
    usual = {
        "account_sid": ACCOUNT,
        "auth_token": "the-auth-token",
        "from_number": "+6281280001111",
        "base_url": f"{sims}/twilio",
    }
    return {**usual, **more}


def driver(sims: str, **more: str) -> Twilio:
    return Twilio(config(sims, **more), Http())


def contents(sims: str) -> dict[str, str]:
    """The approved contents by their name."""
    found = requests.get(f"{sims}/twilio/console.json", timeout=5).json()["contents"]
    return {f"content_{name}": sid for sid, name in found.items()}


def console(sims: str, **values: str) -> None:
    requests.post(f"{sims}/twilio/console", json=values, timeout=5).raise_for_status()


def test_a_text_a_content_and_an_image_arrive(sims: str) -> None:
    driver(sims).send(outgoing())
    driver(sims, **contents(sims)).send(outgoing("otp_code"))
    driver(sims).send(outgoing(media=Media("image", FILE)))
    picture, code, text = arrived(sims)
    assert text["text"] == outgoing().text
    assert (code["kind"], code["params"]) == ("otp_code", [CODE]) and CODE in code["text"]
    assert picture["media"] == [FILE]


def test_the_account_and_a_message_can_be_asked_for(sims: str) -> None:
    asked = driver(sims)
    assert asked.check().ok
    receipt = asked.send(outgoing())
    event = asked.status(str(receipt.provider_id))
    assert event is not None and event.state == "delivered"
    assert asked.status("SM" + "0" * 32) is None
    console(sims, status="suspended")
    assert not asked.check().ok


@pytest.mark.parametrize(
    ("more", "to", "error"),
    [
        ({"auth_token": "is-invalid"}, "+6281234567890", Misconfigured),
        ({"from_number": "+62"}, "+6281234567890", Misconfigured),
        ({}, "+62", Permanent),
        ({"content_payment_confirmation": "HX" + "0" * 32}, "+6281234567890", Permanent),
    ],
)
def test_refusals(sims: str, more: dict[str, str], to: str, error: type[DriverError]) -> None:
    with pytest.raises(error):
        driver(sims, **more).send(outgoing(to=to))
    assert arrived(sims) == []


@FAULTS
def test_faults(sims: str, fault: str, says: Trouble) -> None:
    stumbles(sims, "twilio", fault, driver(sims), says)


@pytest.fixture
def portal(app: Flask, sims: str) -> Iterator[tuple[Flask, str, str]]:
    """The product over real HTTP with a Twilio channel in force; its callback address."""
    with served(app) as address, app.app_context():
        row = channel_config.create("twilio", "Twilio")
        place = f"{address}/hooks/messaging/{row.hook_token}"
        values = config(sims, status_callback=place)
        assert channel_config.save("twilio", values, row.id) == {}
        channel_config.choose("twilio", row.id)
        db.session.commit()
        yield app, sims, place


def handed_over(**about: Any) -> int:
    message_id = queued(**about)
    assert sending.deliver(message_id)
    return message_id


def test_from_the_queue_to_delivered(portal: tuple[Flask, str, str]) -> None:
    message_id = handed_over()
    heard(2)
    assert message(message_id).state == "delivered"


def test_outside_the_window_the_message_fails_with_a_reason(
    portal: tuple[Flask, str, str],
) -> None:
    console(portal[1], window="closed")
    message_id = handed_over()
    heard(1)
    row = message(message_id)
    assert row.state == "failed" and "63016" in row.reason


def test_a_customers_answer_is_kept(portal: tuple[Flask, str, str]) -> None:
    _app, sims, place = portal
    message_id = handed_over()  # the account's token is known to the simulator from here on
    console(sims, webhook=place)
    answer = {
        "sender": "081234567890",
        "message": "Sudah bayar",
        "name": "Budi",
        "reply_to": message(message_id).provider_id,
    }
    requests.post(f"{sims}/twilio/incoming", json=answer, timeout=5).raise_for_status()
    heard(3)
    (row,) = factories.every(InboundMessage)
    assert (row.sender, row.text, row.name) == ("+6281234567890", "Sudah bayar", "Budi")
    assert row.message_id == message_id
