"""The simulated gateway with Loket's driver over real HTTP: blocks, refused buttons, contacts."""

import pytest
import requests
from flask import Flask

from portal.core.driverkit import Permanent
from portal.core.wablock import parse, spelled_out
from portal.extensions import db
from portal.infra.http import Http
from portal.messaging import channel_config, sending
from portal.messaging.drivers.base import OutgoingMessage
from portal.messaging.drivers.gateway import AS_TEXT, Gateway
from tests.contracts.messaging import outgoing
from tests.messaging.rows import attempts, queued
from tests.messaging.rows import message as message_row
from tests.simulators.serving import arrived

TEMPLATE = """[[wa]]
[type](template)
Tagihan Anda
[headerType](4)
[headerMedia](https://loket.test/m/1.pdf)
[button](url|Bayar|https://loket.test/p/1)
[[/wa]]"""
LIST = """[[wa]]
Pilih:
[row](p20|20 Mbps)
[row](p50|50 Mbps)
[[/wa]]"""


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"WHATSAPP_LIMITS": "off"}


def driver(sims: str, **config: str) -> Gateway:
    return Gateway({"url": f"{sims}/gateway", "secret": "s3cr3t", **config}, Http())


def message(text: str) -> OutgoingMessage:
    block = parse(text)
    assert block is not None
    return outgoing(text=spelled_out(block), block=block)


def test_a_block_arrives_with_its_buttons_and_its_file(sims: str) -> None:
    receipt = driver(sims).send(message(TEMPLATE))
    assert receipt.provider_id
    (found,) = arrived(sims)
    assert found["kind"] == "payment_confirmation"
    assert (found["text"], found["buttons"]) == ("Tagihan Anda", ["Bayar"])
    assert found["media"] == ["https://loket.test/m/1.pdf"]


def test_a_list_arrives_with_its_rows(sims: str) -> None:
    driver(sims).send(message(LIST))
    assert arrived(sims)[0]["buttons"] == ["20 Mbps", "50 Mbps"]


def test_where_buttons_are_refused_the_words_arrive_once(sims: str) -> None:
    requests.post(f"{sims}/faults", json={"target": "gateway", "no_buttons": 1}, timeout=5)
    for _ in range(2):
        assert driver(sims).send(message(TEMPLATE)).answer.startswith(AS_TEXT)
    (found,) = arrived(sims)
    assert found["kind"] == "payment_confirmation"
    assert found["buttons"] == []
    assert "https://loket.test/p/1" in found["text"]
    assert "https://loket.test/m/1.pdf" in found["text"]


def test_by_get_the_words_arrive_with_their_links(sims: str) -> None:
    url = f"{sims}/gateway/send?number=[number]&text=[text]"
    driver(sims, mode="get", get_url=url).send(message(TEMPLATE))
    (found,) = arrived(sims)
    assert found["text"] == spelled_out(message(TEMPLATE).block)  # type: ignore[arg-type]


def test_contacts_and_an_empty_message(sims: str) -> None:
    assert driver(sims).upsert_contacts([{"name": "B", "phone": "0812"}], "c-1").http_status == 200
    with pytest.raises(Permanent):
        driver(sims).send(message("[[wa]][[/wa]]"))
    assert arrived(sims) == []


def test_from_the_queue_to_the_phone(app: Flask, sims: str) -> None:
    """With a name that would like to be a button; then to a gateway that takes no buttons."""
    channel_config.save("gateway", {"url": f"{sims}/gateway", "secret": "s3cr3t"})
    channel_config.choose("gateway")
    db.session.commit()
    text = "[[wa]]\nHalo [[name]]\n[button](url|Bayar|https://loket.test/p/1)\n[to](0811)\n[[/wa]]"
    params = {"text": text, "name": "Budi\n[button](quick|1|x)"}
    queued("broadcast", key="1", params=params)
    sending.drain("bulk")
    requests.post(f"{sims}/faults", json={"target": "gateway", "no_buttons": 1}, timeout=5)
    as_text = queued("broadcast", key="2", params=params)
    sending.drain("bulk")

    second, first = arrived(sims)
    assert first["buttons"] == ["Bayar"]
    assert second["buttons"] == []
    assert second["text"].endswith("Bayar: https://loket.test/p/1")
    assert {first["kind"], second["kind"]} == {"broadcast"}
    assert message_row(as_text).state == "accepted"
    (attempt,) = attempts(as_text)
    assert AS_TEXT in attempt.answer
    assert "s3cr3t" not in attempt.answer + attempt.payload
