"""Answers of customers: kept once, put beside their message, obeyed; and whose word counts."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.messaging import channel_config, conversation, inbound, optouts, receipts
from portal.messaging.drivers.events import DeliveryEvent, DeviceEvent
from portal.messaging.drivers.events import InboundMessage as Said
from portal.messaging.models import Message
from portal.messaging.models_channels import Channel, ChannelMeter
from portal.messaging.models_inbound import InboundMessage
from portal.messaging.receipts import Scope
from tests import factories
from tests.messaging.rows import PHONE, message, queued

META = Scope("meta")
AT = datetime(2026, 11, 21, 3, tzinfo=UTC)


def said(text: str = "Sudah saya bayar", **more: object) -> Said:
    values: dict[str, object] = {"provider_id": "wamid.in", "sender": PHONE, "at": AT, "text": text}
    return Said(**{**values, **more})  # type: ignore[arg-type]


def take(event: Said, source: str = "whatsapp.meta") -> None:
    inbound.take(source, receipts.scope_of(source), event)
    db.session.commit()


def rows() -> list[InboundMessage]:
    return factories.every(InboundMessage)


def test_the_same_word_twice_is_one_row(app: Flask) -> None:
    take(said())
    take(said())
    take(said(), "whatsapp.fonnte.1")
    assert [row.source for row in rows()] == ["whatsapp.meta", "whatsapp.fonnte.1"]


def test_an_answer_belongs_to_the_message_it_answers(app: Flask) -> None:
    older, budi = factories.customer(phone=PHONE), factories.customer(phone=PHONE, name="Budi")
    message_id = queued(customer_id=budi.id)
    row = db.session.get_one(Message, message_id)
    row.provider_id, row.driver = "wamid.out", "meta"
    db.session.commit()

    take(said(reply_to="wamid.out", provider_id="a"))
    take(said(provider_id="b"))
    answered, plain = rows()
    assert (answered.message_id, answered.customer_id) == (message_id, budi.id)
    assert (plain.message_id, plain.customer_id) == (None, older.id)
    lines = conversation.with_customer(budi)
    assert {(line.message or line.answer).id for line in lines} >= {message_id, answered.id}  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["STOP", "stop.", " Berhenti ", "Unsubscribe!"])
def test_stop_refuses_what_may_be_refused(app: Flask, text: str) -> None:
    budi = factories.customer(phone=PHONE)
    db.session.commit()
    take(said(text))
    assert optouts.of_customer(budi.id) == set(optouts.OPTIONAL)
    assert rows()[0].flag == "opt_out"
    take(said("mulai", provider_id="2"))
    assert optouts.of_customer(budi.id) == set()


@pytest.mark.parametrize("text", ["stop dulu ya internetnya lambat", "jangan berhenti", "", "🙏"])
def test_other_words_change_nothing(app: Flask, text: str) -> None:
    budi = factories.customer(phone=PHONE)
    db.session.commit()
    take(said(text))
    assert optouts.of_customer(budi.id) == set()


def test_a_code_nobody_asked_for_raises_a_flag(app: Flask) -> None:
    factories.customer(phone=PHONE)
    db.session.commit()
    take(said("", payload=inbound.NOT_REQUESTED, form="button"))
    assert rows()[0].flag == "not_requested"


def test_nobody_we_know_and_nothing_databases_refuse(app: Flask) -> None:
    take(said("a\0b\ud800", sender="", user_id="ID.134", name="Bu\0di"))
    [row] = rows()
    assert (row.customer_id, row.sender, row.user_id) == (None, "", "ID.134")
    assert "\0" not in row.text + row.name


def test_the_window_is_a_day_long(app: Flask, clock: FixedClock) -> None:
    assert inbound.wrote_lately([PHONE]) == frozenset()
    take(said(at=clock.wall() - timedelta(hours=23)))
    assert inbound.wrote_lately([PHONE, "+62811"]) == {(PHONE, None)}
    clock.move(hours=2)
    assert inbound.wrote_lately([PHONE]) == frozenset()


def test_ids_of_one_channel_say_nothing_about_another(app: Flask) -> None:
    mine, other = channel("console"), channel("console")
    message_id = queued()
    row = db.session.get_one(Message, message_id)
    row.state, row.provider_id, row.channel_id, row.driver = "accepted", "7", mine, "console"
    db.session.commit()
    event = DeliveryEvent("7", "", "read", AT)

    assert receipts.apply([event], Scope("console", other)) == [event]
    assert message(message_id).state == "accepted"
    assert receipts.apply([event], Scope("console", mine)) == []
    db.session.commit()
    assert message(message_id).state == "read"


def channel(kind: str) -> int:
    row = channel_config.create(kind, f"{kind} {len(factories.every(Channel))}")
    db.session.commit()
    return row.id


def test_a_phone_that_went_away_rests_its_channel(app: Flask) -> None:
    from portal.messaging import account_word

    channel_id = channel("console")
    scope = Scope("console", channel_id)
    account_word.take_device("whatsapp.console.1", scope, DeviceEvent(False, "logout"))
    db.session.commit()
    meter = factories.fresh(ChannelMeter, str(channel_id))
    assert meter.pause_kind == "misconfigured"
    assert "QR" in meter.pause_reason
    account_word.take_device("whatsapp.console.1", scope, DeviceEvent(True))
    db.session.commit()
    assert factories.fresh(ChannelMeter, str(channel_id)).pause_kind == ""


def test_an_address_nobody_has_is_not_found(app: Flask, client: FlaskClient) -> None:
    channel_id = channel("console")
    token = db.session.scalar(select(Channel.hook_token).where(Channel.id == channel_id))
    db.session.rollback()
    assert len(token or "") >= 32
    assert client.post("/hooks/messaging/nobody", data=b"{}").status_code == 404
    # The console signs nothing and has no callbacks: nothing is believed.
    assert client.post(f"/hooks/messaging/{token}", data=b"{}").status_code == 401
    assert client.get(f"/hooks/messaging/{token}").status_code == 200
