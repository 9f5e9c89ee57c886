"""The simulated Telegram: as the real one answers, and with Loket's driver over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask

from portal.core import wablock
from portal.core.driverkit import DriverError, Misconfigured, Permanent, RateLimited, Retryable
from portal.extensions import db
from portal.infra.http import Http
from portal.infra.inbox import InboundHook
from portal.messaging import channel_config
from portal.messaging.drivers.base import Media, OutgoingMessage
from portal.messaging.drivers.telegram import Telegram
from portal.messaging.models_channels import Channel
from portal.messaging.models_inbound import InboundMessage
from tests.contracts.messaging import outgoing
from tests.simulators.serving import arrived, heard, post, served, until

TOKEN = "7000000001:AAH0nlyForTestsNoRealBotHasThis"
CHAT = 555000111
PNG = b"\x89PNG\r\n\x1a\nqr"


def driver(sims: str, **config: str) -> Telegram:
    return Telegram({"token": TOKEN, "base_url": f"{sims}/telegram", **config}, Http())


def to_chat(**changes: Any) -> OutgoingMessage:
    return outgoing(**{"to": f"tg:{CHAT}", **changes})


def known(sims: str) -> None:
    """The person has opened the bot; nobody listens yet."""
    post(sims, f"/telegram/chat/{CHAT}/say", text="/start", name="Budi")


def test_nobody_is_written_to_who_did_not_write_first(sims: str) -> None:
    with pytest.raises(Permanent):
        driver(sims).send(to_chat())
    known(sims)
    receipt = driver(sims).send(to_chat(text="*Halo* <Budi>"))
    (found,) = arrived(sims, str(CHAT))
    assert (found["text"], found["driver"]) == ("Halo <Budi>", "telegram")
    assert receipt.provider_id == found["provider_id"]
    raw = requests.get(f"{sims}/inbox/raw/{found['id']}.json", timeout=5).json()
    assert TOKEN not in str(raw)


def test_a_blocked_bot_is_refused_for_good(sims: str) -> None:
    known(sims)
    post(sims, f"/telegram/chat/{CHAT}/block")
    with pytest.raises(Permanent) as caught:
        driver(sims).send(to_chat())
    assert caught.value.http_status == 403


def test_a_picture_with_buttons_is_on_the_page(sims: str) -> None:
    known(sims)
    block = wablock.parse(
        '{"text":"Bayar","interactive":{"type":"template","text":"","buttons":['
        '{"type":"url","text":"Bayar","url":"https://pay.example/1"},'
        '{"type":"quick","id":"menu","text":"Menu"}]}}'
    )
    picture = Media("image", "", "image/png", "qris.png", lambda: PNG)
    driver(sims).send(to_chat(media=picture, block=block))
    page = requests.get(f"{sims}/telegram/chat/{CHAT}", timeout=5).text
    assert 'href="https://pay.example/1"' in page and 'value="menu"' in page
    (found, *_rest) = requests.get(f"{sims}/telegram/chat/{CHAT}.json", timeout=5).json()
    assert requests.get(f"{sims}{found['file']}", timeout=5).content == PNG


@pytest.mark.parametrize(
    ("fault", "error", "unknown", "gone"),
    [
        ("rate_429", RateLimited, False, 0),
        ("rate_5xx", Retryable, True, 0),
        ("garbage", Retryable, True, 0),
        ("accept_then_500", Retryable, True, 1),
    ],
)
def test_every_fault(
    sims: str, fault: str, error: type[DriverError], unknown: bool, gone: int
) -> None:
    known(sims)
    post(sims, "/faults", target="telegram", **{fault: 1})
    with pytest.raises(error) as caught:
        driver(sims).send(to_chat())
    assert caught.value.outcome_unknown is unknown
    assert len(arrived(sims, str(CHAT))) == gone
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 7


def test_what_does_not_parse_is_refused(sims: str) -> None:
    known(sims)
    for text in ("<b>a", "a</b>", "<u onclick=x>a</u>", "<script>a</script>", "<!-- a -->"):
        answer = requests.post(
            f"{sims}/telegram/bot{TOKEN}/sendMessage",
            json={"chat_id": CHAT, "text": text, "parse_mode": "HTML"},
            timeout=5,
        )
        assert answer.status_code == 400 and "parse entities" in answer.json()["description"]


def test_the_check_and_a_bad_token(sims: str) -> None:
    assert not driver(sims).check().ok
    assert "Webhook" in driver(sims).set_hook("https://portal.example/hooks/messaging/x")
    assert driver(sims).check().ok
    with pytest.raises(Misconfigured):
        driver(sims).set_hook("http://portal.example/hooks/messaging/x")
    with pytest.raises(Misconfigured):
        driver(sims, token=f"{TOKEN}invalid").check()


@pytest.fixture
def hooked(app: Flask, sims: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The portal listens, and the bot was told where."""
    assert channel_config.save("telegram", {"token": TOKEN, "base_url": f"{sims}/telegram"}) == {}
    channel_config.choose("telegram")
    db.session.commit()
    token = db.session.scalars(db.select(Channel.hook_token)).one()
    db.session.rollback()
    with served(app) as portal:
        monkeypatch.setenv("PORTAL_URL", portal)
        driver(sims).set_hook(f"{portal}/hooks/messaging/{token}")
        yield portal


def test_what_people_say_and_press_reaches_the_portal_once(sims: str, hooked: str) -> None:
    post(sims, "/faults", target="telegram", duplicate=3)
    post(sims, f"/telegram/chat/{CHAT}/say", text="halo", username="budi_s")
    assert heard(1) == ["processed"]
    db.session.rollback()
    post(sims, f"/telegram/chat/{CHAT}/press", message_id=101, data="menu")
    until(
        lambda: requests.get(f"{sims}/telegram/replies.json", timeout=5).json(),
        "the press to be answered",
    )
    heard(2)
    rows = list(db.session.scalars(db.select(InboundMessage).order_by(InboundMessage.id)))
    assert [(row.sender, row.text, row.payload) for row in rows] == [
        (f"tg:{CHAT}", "halo", ""),
        (f"tg:{CHAT}", "", "menu"),
    ]


def test_a_forged_secret_is_turned_away(sims: str, hooked: str) -> None:
    token = db.session.scalars(db.select(Channel.hook_token)).one()
    db.session.rollback()
    said = {"update_id": 1, "message": {"text": "x"}}
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
        answer = requests.post(
            f"{hooked}/hooks/messaging/{token}", json=said, headers=headers, timeout=5
        )
        assert answer.status_code == 401
    assert db.session.scalars(db.select(InboundHook.id)).all() == []


def test_a_group_is_told_where_to_go(sims: str, hooked: str) -> None:
    post(sims, f"/telegram/chat/{CHAT}/say", text="/start", group="1")
    (said,) = until(
        lambda: requests.get(f"{sims}/telegram/replies.json", timeout=5).json(), "an answer"
    )
    assert said["method"] == "sendMessage" and said["chat_id"] < 0
    heard(1)
    assert db.session.scalars(db.select(InboundMessage.id)).all() == []
