"""The simulated Graph API: with Loket's driver over real HTTP, files, buttons, signed callbacks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from portal.core.driverkit import Misconfigured, Permanent
from portal.core.wablock import Block, Button, Interactive, Row, Section
from portal.extensions import db
from portal.infra.http import Http
from portal.messaging import channel_config, sending
from portal.messaging.drivers.base import Media
from portal.messaging.drivers.meta_cloud import MetaCloud
from portal.messaging.models_inbound import InboundMessage
from portal.simulators import create_app
from tests import factories
from tests.contracts.messaging import outgoing
from tests.messaging.rows import PHONE, message, queued
from tests.simulators.serving import heard, served

SECRET = "sim-app-secret"  # noqa: S105 - of a simulator
PDF = Media("document", "", "application/pdf", "tagihan.pdf", lambda: b"%PDF-1.7 tagihan")
REPLIES = Block(
    text="Sudah bayar?",
    interactive=Interactive(
        type="buttons",
        buttons=(Button("reply", "Sudah", id="ya"), Button("reply", "Belum", id="tidak")),
    ),
)


@pytest.fixture
def sims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("SIM_DB", str(tmp_path / "sim.db"))
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("PORTAL_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("META_WA_APP_SECRET", SECRET)
    with served(create_app()) as address:
        yield address


def config(sims: str) -> dict[str, str]:
    return {
        "access_token": "a-token",
        "phone_number_id": "123",
        "app_secret": SECRET,
        "base_url": f"{sims}/graph",
    }


def driver(sims: str, **more: str) -> MetaCloud:
    return MetaCloud({**config(sims), **more}, Http())


def phone(sims: str, number: str = "6281234567890") -> list[dict[str, Any]]:
    """What is on that phone, the newest first."""
    found: list[dict[str, Any]] = requests.get(f"{sims}/inbox/{number}.json", timeout=5).json()
    return found


def press(sims: str, **data: Any) -> str:
    answer = requests.post(f"{sims}/inbox/{PHONE}/reply", json=data, timeout=5)
    answer.raise_for_status()
    return str(answer.json()["id"])


def test_a_file_goes_up_and_is_on_the_phone(sims: str) -> None:
    driver(sims).send(outgoing("broadcast", media=PDF))
    (there,) = phone(sims)
    assert there["text"] == outgoing().text
    answer = requests.get(sims + there["media"][0], timeout=5)
    assert (answer.content, answer.headers["Content-Type"]) == (
        b"%PDF-1.7 tagihan",
        "application/pdf",
    )


def test_a_file_meta_does_not_take(sims: str) -> None:
    odd = Media("document", "", "application/x-odd", "a.odd", lambda: b"odd")
    with pytest.raises(Permanent) as caught:
        driver(sims).send(outgoing("broadcast", media=odd))
    assert caught.value.code == "131053"
    assert phone(sims) == []


def test_buttons_lists_and_links_are_on_the_phone(sims: str) -> None:
    rows = (Row("20", "20 Mbps", "Rp165.000"),)
    sections = Interactive(type="list", sections=(Section("", rows),))
    link = Interactive(type="template", buttons=(Button("url", "Bayar", url="https://x.example"),))
    blocks = (REPLIES, Block("Paket?", sections), Block("Bayar di sini", link))
    for block in blocks:
        driver(sims).send(outgoing("broadcast", block=block))
    third, second, first = phone(sims)
    assert [reply["label"] for reply in first["replies"]] == ["Sudah", "Belum"]
    assert [reply["description"] for reply in second["replies"]] == ["Rp165.000"]
    assert third["buttons"] == ["Bayar: https://x.example"]


def test_the_probe_is_answered_in_metas_fields(sims: str) -> None:
    health = driver(sims).check()
    assert health.ok
    assert health.details["Batas penerima"] == "2.000 pelanggan per 24 jam"
    with pytest.raises(Misconfigured):
        driver(sims, access_token="invalid").check()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "image", "image": {}}, 100),
        ({"type": "image", "image": {"id": "1"}}, 131053),
        ({"type": "sticker"}, 131051),
        ({"type": "interactive", "interactive": {"type": "flow", "body": {"text": "x"}}}, 131009),
        ({"type": "interactive", "interactive": {"type": "button"}}, 100),
    ],
)
def test_odd_requests_are_refused(sims: str, body: dict[str, Any], code: int) -> None:
    whole = {"messaging_product": "whatsapp", "to": PHONE, **body}
    url, headers = f"{sims}/graph/v25.0/1/messages", {"Authorization": "Bearer x"}
    answer = requests.post(url, json=whole, headers=headers, timeout=5)
    assert answer.json()["error"]["code"] == code
    assert phone(sims) == []


@pytest.fixture
def portal(app: Flask, sims: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The product over real HTTP with a Meta channel in force; the simulators' address."""
    with served(app) as address, app.app_context():
        monkeypatch.setenv("PORTAL_URL", address)
        row = channel_config.create("meta", "Meta")
        assert channel_config.save("meta", config(sims), row.id) == {}
        channel_config.choose("meta", row.id)
        db.session.commit()
        yield sims


def handed_over(**about: Any) -> int:
    message_id = queued(**about)
    assert sending.deliver(message_id)
    return message_id


def test_from_the_queue_to_delivered_with_its_price(portal: str) -> None:
    message_id = handed_over()
    assert heard(2) == ["processed", "processed"]
    row = message(message_id)
    assert (row.state, row.billing_category, row.billable) == ("delivered", "utility", True)


def test_a_written_answer_opens_the_window_and_makes_a_notice_free(portal: str) -> None:
    press(portal, text="Sudah bayar")
    message_id = handed_over()
    heard(3)
    assert message(message_id).billable is False
    (row,) = factories.every(InboundMessage)
    assert (row.sender, row.text, row.name) == (PHONE, "Sudah bayar", "Pelanggan")


def test_a_code_nobody_asked_for_is_reported(portal: str) -> None:
    driver(portal).send(outgoing("otp_code"))
    (there,) = phone(portal)
    press(portal, message=there["id"], reply=0)
    heard(3)
    (row,) = factories.every(InboundMessage)
    assert (row.form, row.flag) == ("button", "not_requested")
    assert row.reply_to == there["provider_id"]


def test_a_pressed_button_and_a_hidden_number(portal: str) -> None:
    driver(portal).send(outgoing("broadcast", block=REPLIES))
    press(portal, message=phone(portal)[0]["id"], reply=1, hidden=1)
    heard(3)
    (row,) = factories.every(InboundMessage)
    assert (row.text, row.payload, row.form) == ("Belum", "tidak", "interactive")
    assert row.sender == "" and row.user_id.startswith("ID.")


def test_free_text_outside_the_window_fails_later(portal: str) -> None:
    requests.post(f"{portal}/faults", json={"target": "graph", "window": 1}, timeout=5)
    with_text = driver(portal).send(outgoing("broadcast"))
    assert with_text.provider_id
    assert phone(portal) == []
    press(portal, text="Halo")
    driver(portal).send(outgoing("broadcast"))
    assert len(phone(portal)) == 1


def test_a_button_that_is_not_there(sims: str) -> None:
    for data in ({}, {"message": "x"}, {"message": 999, "reply": 0}):
        answer = requests.post(f"{sims}/inbox/{PHONE}/reply", json=data, timeout=5)
        assert answer.status_code == 400
