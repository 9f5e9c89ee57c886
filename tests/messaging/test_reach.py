"""Telegram beside WhatsApp: no message ever takes a channel of the other."""

from collections.abc import Sequence

import pytest
from flask import Flask

from portal.core import recipients
from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.messaging import channel_config, channel_order, channels, claims, routing, service
from portal.messaging.channel_overview import departure, rows
from portal.messaging.channels import ActiveChannel
from portal.messaging.masking import Mask
from portal.messaging.models import Message
from portal.messaging.outlook import Outlook
from portal.messaging.routing import WITHOUT_CHANNEL
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.parts import AT, channel, claimed
from tests.messaging.rows import PHONE
from tests.visitor import Visitor

CHAT = "tg:555000111"
TOKEN = "7000000001:AAH0nlyForTestsNoRealBotHasThis"
OTHER = "7000000002:AAH0nlyForTestsNoRealBotHasThis"
PHONES = channel(1)
BOT = ActiveChannel(2, "telegram", {"token": TOKEN}, "Bot")
RESTING_BOT = ActiveChannel(2, "telegram", {"token": TOKEN}, "Bot", problem="tidak terbaca")


def bot(token: str = TOKEN, name: str = "") -> int:
    """A saved channel of Telegram; its id."""
    channel_id = channel_config.add("telegram", name) if name else None
    assert channel_config.save("telegram", {"token": token}, channel_id) == {}
    db.session.commit()
    return channel_id or channel_config.first_of("telegram") or 0


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("081234567890", "+6281234567890"),
        ("120363046375778543@g.us", "120363046375778543@g.us"),
        (" TG:555000111 ", CHAT),
    ],
)
def test_recipients_are_read_in_one_place(typed: str, expected: str) -> None:
    assert recipients.parse(typed) == expected


@pytest.mark.parametrize(
    "bad", ["tg:", "tg:-1001", "tg:0123", "tg:1x", "x@y", "12", "tg:" + "9" * 19]
)
def test_others_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="tidak"):
        recipients.parse(bad)


def test_masks() -> None:
    assert recipients.for_log(CHAT) == "tg:55****111"
    assert recipients.for_log(PHONE) == "+6281****890"
    assert "555000111" not in Mask(None, CHAT).payload({"chat_id": 555000111})


@pytest.mark.parametrize("both", [(PHONES, BOT), (BOT, PHONES)])
def test_each_takes_its_own_way(both: Sequence[ActiveChannel]) -> None:
    assert routing.choose(claimed(recipient=CHAT), both, AT).channel is BOT
    assert routing.choose(claimed(recipient=PHONE), both, AT).channel is PHONES
    assert routing.choose(claimed(recipient="120363000000000000@g.us"), both, AT).channel is None


@pytest.mark.parametrize(
    ("recipient", "there"), [(CHAT, [PHONES]), (PHONE, [BOT]), (CHAT, [PHONES, RESTING_BOT])]
)
def test_without_its_own_it_waits(recipient: str, there: Sequence[ActiveChannel]) -> None:
    for urgent in (True, False):
        route = routing.choose(claimed(recipient=recipient, urgent=urgent), there, AT)
        assert route.channel is None and not route.split
        assert (route.state, route.wait) == ("", WITHOUT_CHANNEL)


def test_a_malformed_chat_is_never_queued(app: Flask) -> None:
    with pytest.raises(ValueError, match="Telegram"):
        service.queue("broadcast", "tg:-5", "broadcast:x", {"text": "x"})


def test_using_a_bot_replaces_no_number(app: Flask, provider: Provider) -> None:
    before = channel_config.in_force()
    first = bot()
    channel_config.choose("telegram", first)
    assert channel_config.in_force() == before
    active = channels.active()
    assert active is not None and active.kind != "telegram"
    assert [one.kind for one in channels.everything()][-1] == "telegram"
    second = bot(OTHER, "Bot kedua")
    channel_order.promote(second)
    assert [one.id for one in channels.beside()] == [second]
    assert channel_config.in_force() == before
    with pytest.raises(Misconfigured):
        channel_order.stand_in(first)
    in_force, _rest = rows()
    assert [(row.beside, row.title) for row in in_force][-1] == (True, "Di samping WhatsApp")
    assert departure(second).next_label == ""
    channel_order.stop(second)
    assert channels.beside() == []
    assert channel_config.in_force() == before


def test_a_bot_alone_leaves_the_environments_number_in_force(app: Flask) -> None:
    bot()
    channel_config.choose("telegram")
    assert [(one.kind, one.source) for one in channels.everything()] == [
        ("console", "env"),
        ("telegram", "db"),
    ]


def test_while_every_number_rests_only_chats_are_claimed(app: Flask) -> None:
    for to in (PHONE, CHAT):
        service.queue("broadcast", to, f"broadcast:{to}", {"text": "x"})
    db.session.commit()
    outlook = Outlook(urgent=False)
    outlook.channels = [channel(1, problem="rusak"), BOT]
    assert outlook.only_beside
    outlook.channels = [PHONES, BOT]
    assert not outlook.only_beside
    assert [one.recipient for one in claims.claim("bulk", 10, beside=True)] == [CHAT]
    assert [one.recipient for one in claims.claim("bulk", 10)] == [PHONE]


def test_a_test_goes_only_where_it_can(app: Flask) -> None:
    channel_id = bot()
    owner = Visitor(app)
    factories.log_in(owner.client, factories.staff(role="owner"))
    settings = "/admin/settings/whatsapp"
    shown = owner.page(f"{settings}?channel={channel_id}").text
    assert "Pasang webhook otomatis" in shown and "tidak menggantikan saluran mana pun" in shown
    page = owner.post(f"{settings}/test", number=PHONE, via=str(channel_id))
    assert "tidak mengirim ke penerima seperti itu" in page.text
    page = owner.post(f"{settings}/test", number=CHAT)
    assert "Belum ada saluran Telegram" in page.text
    assert owner.post(f"{settings}/test", number="tg:x").status_code == 422
    assert db.session.scalars(db.select(Message.id)).all() == []
