"""The simulated GoWA: with Loket's driver over real HTTP, receipts signed and followed."""

from collections.abc import Iterator

import pytest
import requests
from flask import Flask

from portal.core.driverkit import Misconfigured, Permanent, RateLimited
from portal.extensions import db
from portal.infra import inbox
from portal.infra.http import Http
from portal.messaging import channel_config, sending
from portal.messaging.drivers.base import Media
from portal.messaging.drivers.gowa import Gowa
from portal.messaging.models_inbound import InboundMessage
from tests import factories
from tests.contracts.messaging import outgoing
from tests.messaging.rows import message, queued
from tests.simulators.serving import FAULTS, Trouble, arrived, heard, served, stumbles, until

SECRET = "a-secret-of-our-own"


def config(sims: str, **more: str) -> dict[str, str]:
    usual = {
        "base_url": f"{sims}/gowa",
        "username": "loket",
        "password": "a-password",
        "webhook_secret": SECRET,
    }
    return {**usual, **more}


def driver(sims: str, **more: str) -> Gowa:
    return Gowa(config(sims, **more), Http())


def phone(sims: str, **values: str) -> None:
    requests.post(f"{sims}/gowa/phone", json=values, timeout=5).raise_for_status()


def test_a_text_arrives(sims: str) -> None:
    receipt = driver(sims).send(outgoing())
    (found,) = arrived(sims)
    assert (found["text"], found["driver"]) == (outgoing().text, "gowa")
    assert str(receipt.provider_id).startswith("3EB0")


def test_files_arrive_uploaded_or_by_address(sims: str) -> None:
    own = Media("image", "https://l.example/a.png", "image/png", "a.png", lambda: b"PNG")
    driver(sims).send(outgoing(media=own))
    driver(sims).send(outgoing(media=Media("document", "https://l.example/a.pdf")))
    document, picture = arrived(sims)
    assert picture["media"] == ["a.png (3 byte)"]
    assert document["media"] == ["https://l.example/a.pdf"]
    assert document["text"] == picture["text"] == outgoing().text


def test_a_group_is_listed_and_written_to(sims: str) -> None:
    groups = driver(sims).groups()
    assert [group.name for group in groups] == ["Teknisi", "Gudang"]
    driver(sims).send(outgoing(to=groups[0].id))
    assert len(arrived(sims, groups[0].id.removesuffix("@g.us"))) == 1


def test_password_and_device_are_told_apart_from_the_phone(sims: str) -> None:
    with pytest.raises(Misconfigured, match="kata sandi"):
        driver(sims, password="is-invalid").send(outgoing())
    with pytest.raises(Misconfigured, match="ID perangkat"):
        driver(sims, device_id="is-invalid").send(outgoing())
    phone(sims, logged_in="0")
    with pytest.raises(Misconfigured, match="QR"):
        driver(sims).send(outgoing())
    assert not driver(sims).check().ok
    phone(sims, logged_in="1")
    assert driver(sims).check().ok
    assert arrived(sims) == []


def test_the_timelock_and_a_number_without_whatsapp(sims: str) -> None:
    with pytest.raises(Permanent, match="tidak terdaftar"):
        driver(sims).send(outgoing(to="+6281230000000"))
    phone(sims, timelock="1")
    with pytest.raises(RateLimited) as caught:
        driver(sims).send(outgoing())
    assert caught.value.retry_after == 3600
    driver(sims).send(outgoing(to="120363046375778543@g.us"))


@FAULTS
def test_faults(sims: str, fault: str, says: Trouble) -> None:
    stumbles(sims, "gowa", fault, driver(sims), says)


@pytest.fixture
def portal(app: Flask, sims: str) -> Iterator[str]:
    """The product over real HTTP with a GoWA channel in force; its callback address."""
    with served(app) as address, app.app_context():
        row = channel_config.create("gowa", "GoWA")
        assert channel_config.save("gowa", config(sims), row.id) == {}
        channel_config.choose("gowa", row.id)
        place = f"{address}/hooks/messaging/{row.hook_token}"
        db.session.commit()
        tell(sims, place, SECRET)
        yield place


def tell(sims: str, place: str, secret: str) -> None:
    """As an owner does on the real one."""
    said = {"webhook_url": place, "webhook_secret": secret}
    answer = requests.patch(f"{sims}/gowa/devices/default/webhook", json=said, timeout=5)
    answer.raise_for_status()


def test_from_the_queue_to_delivered(portal: str) -> None:
    message_id = queued()
    assert sending.deliver(message_id)
    heard(1)
    assert message(message_id).state == "delivered"


def test_what_is_signed_with_the_published_secret_is_not_believed(sims: str, portal: str) -> None:
    tell(sims, portal, "secret")
    assert sending.deliver(queued())
    place = f"{sims}/pakasir/webhooks.json"
    log = until(lambda: requests.get(place, timeout=5).json(), "the callback")
    assert log[0]["status"] == 401
    assert factories.every(inbox.InboundHook) == []


def test_an_answer_is_kept(sims: str, portal: str) -> None:
    answer = {"sender": "081234567890", "message": "berhenti", "name": "Budi"}
    requests.post(f"{sims}/gowa/incoming", json=answer, timeout=5).raise_for_status()
    heard(1)
    (row,) = factories.every(InboundMessage)
    assert (row.sender, row.flag) == ("+6281234567890", "opt_out")
