"""The simulated Fonnte: as the real one answers, and with Loket's driver over real HTTP."""

from collections.abc import Iterator

import pytest
import requests
from flask import Flask

from portal.core.driverkit import Misconfigured, Permanent
from portal.extensions import db
from portal.infra.http import Http
from portal.messaging import channel_config, sending
from portal.messaging.drivers.base import Media
from portal.messaging.drivers.fonnte import Fonnte
from portal.messaging.models_channels import Channel
from portal.messaging.models_inbound import InboundMessage
from tests import factories
from tests.contracts.messaging import outgoing
from tests.messaging.rows import message, queued
from tests.simulators.serving import FAULTS, Trouble, arrived, heard, post, served, stumbles

TOKEN = {"Authorization": "a-device-token"}


def driver(sims: str, token: str = "a-device-token") -> Fonnte:
    return Fonnte({"token": token, "base_url": f"{sims}/fonnte"}, Http())


def test_a_text_arrives(sims: str) -> None:
    receipt = driver(sims).send(outgoing())
    (found,) = arrived(sims)
    assert (found["text"], found["driver"]) == (outgoing().text, "fonnte")
    assert receipt.provider_id and receipt.provider_id.isdigit()
    raw = requests.get(f"{sims}/inbox/raw/{found['id']}.json", timeout=5).json()
    assert raw["headers"]["Authorization"] == "***"
    assert raw["body"]["connectOnly"] == "true"


def test_a_group_is_listed_and_written_to(sims: str) -> None:
    unfetched = requests.post(f"{sims}/fonnte/get-whatsapp-group", headers=TOKEN, timeout=5).json()
    assert unfetched["status"] is False, "Fonnte's list is empty before the first fetch"
    groups = driver(sims).groups()
    assert [group.name for group in groups] == ["Teknisi", "Gudang"]
    driver(sims).send(outgoing(to=groups[0].id))
    assert len(arrived(sims, groups[0].id.removesuffix("@g.us"))) == 1


def test_a_file_is_fetched_by_the_service(sims: str) -> None:
    url = f"{sims}/static/sim.css"
    driver(sims).send(outgoing(media=Media("document", url, filename="a.pdf")))
    assert arrived(sims)[0]["media"] == [url]
    assert url in requests.get(f"{sims}/inbox/6281234567890", timeout=5).text
    for bad in (f"{sims}/nowhere", "http://127.0.0.1:1/x"):
        with pytest.raises(Permanent) as caught:
            driver(sims).send(outgoing(media=Media("image", bad)))
        assert caught.value.elsewhere
    assert len(arrived(sims)) == 1


def test_a_bad_token_is_a_no_in_http_200(sims: str) -> None:
    answer = requests.post(f"{sims}/fonnte/send", data={"target": "628", "message": "x"}, timeout=5)
    assert (answer.status_code, answer.json()["reason"]) == (200, "token invalid")
    bearer = {"Authorization": "Bearer a-device-token"}
    answer = requests.post(f"{sims}/fonnte/device", headers=bearer, timeout=5)
    assert answer.json()["status"] is False
    for ask in (lambda one: one.send(outgoing()), Fonnte.check, Fonnte.groups):
        with pytest.raises(Misconfigured):
            ask(driver(sims, "invalid"))
    assert arrived(sims) == []


def test_json_is_not_read(sims: str) -> None:
    said = requests.post(
        f"{sims}/fonnte/send",
        json={"target": "628123456789", "message": "x"},
        headers=TOKEN,
        timeout=5,
    ).json()
    assert said["reason"] == "input invalid"


def test_a_lost_phone_and_an_empty_quota(sims: str) -> None:
    assert driver(sims).check().ok
    post(sims, "/fonnte/dashboard", device_status="disconnect")
    assert not driver(sims).check().ok
    with pytest.raises(Misconfigured, match="QR"):
        driver(sims).send(outgoing())
    post(sims, "/fonnte/dashboard", device_status="connect", quota="1")
    driver(sims).send(outgoing())
    with pytest.raises(Misconfigured, match="Kuota"):
        driver(sims).send(outgoing())
    assert post(sims, "/fonnte/dashboard", quota="viel") == {"error": "quota must be a number"}


@FAULTS
def test_faults(sims: str, fault: str, says: Trouble) -> None:
    stumbles(sims, "fonnte", fault, driver(sims), says)


class Portal:
    """Loket over real HTTP with Fonnte for its channel, both knowing each other."""

    def __init__(self, sims: str) -> None:
        self.sims = sims
        values = {"token": "a-device-token", "base_url": f"{sims}/fonnte"}
        assert channel_config.save("fonnte", values) == {}
        channel_config.choose("fonnte")
        row = db.session.scalars(db.select(Channel)).one()
        path = f"/hooks/messaging/{row.hook_token}"
        db.session.commit()
        post(sims, "/fonnte/dashboard", webhook=f"https://portal.example{path}")


@pytest.fixture
def portal(app: Flask, sims: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    with served(app) as address:
        monkeypatch.setenv("PORTAL_URL", address)
        yield Portal(sims)


def test_a_message_is_followed_to_the_customers_phone(portal: Portal) -> None:
    message_id = queued()
    assert sending.deliver(message_id)
    assert len(arrived(portal.sims)) == 1
    assert heard(2) == ["processed", "processed"]
    row = message(message_id)
    assert row.state == "delivered" and row.sent_at and row.delivered_at


def test_a_number_without_whatsapp_fails_later(portal: Portal) -> None:
    message_id = queued(to="+6281230000000")
    assert sending.deliver(message_id)
    heard(1)
    row = message(message_id)
    assert row.state == "failed" and "tidak terdaftar" in row.reason


def test_what_customers_write_and_a_lost_phone_are_heard(portal: Portal) -> None:
    post(portal.sims, "/fonnte/incoming", sender="6281234567890", message="berhenti", name="Budi")
    post(portal.sims, "/fonnte/dashboard", device_status="disconnect")
    heard(2)
    (found,) = factories.every(InboundMessage)
    assert (found.sender, found.text, found.flag) == ("+6281234567890", "berhenti", "opt_out")
    message_id = queued()
    sending.deliver(message_id)
    assert message(message_id).state == "pending", "the channel rests until the phone is back"
    assert arrived(portal.sims) == []
