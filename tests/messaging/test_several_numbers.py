"""Several accounts and numbers of Meta side by side: each customer by the number of their area,
each callback to the channel it is about."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.customers.models import Area
from portal.extensions import db
from portal.infra import inbox
from portal.infra.timekeeping import wall
from portal.messaging import (
    channel_areas,
    channel_config,
    channels,
    inbound,
    numbers,
    preparing,
    sending,
    service,
    word,
)
from portal.messaging.claims import claim
from portal.messaging.delivery import Retry
from portal.messaging.models import Message
from portal.messaging.models_channels import Channel
from portal.messaging.models_inbound import InboundMessage, MessageTemplate
from tests import factories
from tests.messaging.fakes import Provider, registered
from tests.messaging.rows import CONFIRMATION, PHONE
from tests.visitor import Visitor, target


def number(name: str, waba: str, phone: str, areas: list[str] | None = None) -> int:
    channel_id = channel_config.add("meta", name)
    values = {"access_token": f"EAA{phone}", "phone_number_id": phone, "waba_id": waba}
    assert channel_config.save("meta", values, channel_id) == {}
    ids = [_area(one) for one in areas or []]
    channel_areas.save(channel_id, name, ids)
    return channel_id


def _area(name: str) -> int:
    found = db.session.scalar(select(Area).where(Area.name == name))
    if found is None:
        found = Area(name=name)
        db.session.add(found)
        db.session.flush()
    return found.id


@pytest.fixture
def two(app: Flask) -> tuple[int, int]:
    """One for everybody, one for the north; the first is the main one."""
    general, north = number("Umum", "100", "200"), number("Utara", "101", "201", ["Utara"])
    channel_config.arrange([general, north])
    db.session.commit()
    return general, north


def _to(area: str, key: str) -> int:
    person = factories.customer(phone=f"+62812999{int(key):05d}")
    db.session.execute(
        db.update(type(person)).where(type(person).id == person.id).values(area_id=_area(area))
    )
    service.queue("payment_confirmation", person.phone, f"payment_confirmation:{key}", CONFIRMATION,
                  customer_id=person.id)  # fmt: skip
    db.session.commit()
    return person.id


def test_each_customer_is_written_to_by_the_number_of_their_area(
    app: Flask, two: tuple[int, int]
) -> None:
    _to("Utara", "1")
    _to("Selatan", "2")
    claimed = claim("messages", 10)
    batch = preparing.read(claimed)
    db.session.rollback()
    found = preparing.prepare(
        batch, channels.in_order(), (), lambda channel: channel.driver(), Retry()
    )
    ways = {one.claimed.dedupe_key: one.channel.id for one in found.ready}
    general, north = two
    assert ways == {"payment_confirmation:1": north, "payment_confirmation:2": general}
    db.session.rollback()


def hook(field: str, value: dict[str, Any], waba: str = "101") -> None:
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": waba, "changes": [{"field": field, "value": value}]}],
    }
    inbox.store("whatsapp.meta", json.dumps(body).encode(), {})
    db.session.commit()
    word.process_many(inbox.claim_statuses())
    db.session.commit()


def test_a_customers_word_opens_the_window_of_that_number_only(
    app: Flask, two: tuple[int, int]
) -> None:
    stamp = str(int(wall().timestamp()))
    hook("messages", {
        "metadata": {"phone_number_id": "201"},
        "messages": [{"from": PHONE[1:], "id": "wamid.1", "timestamp": stamp, "type": "text",
                      "text": {"body": "Halo"}}],
    })  # fmt: skip
    general, north = two
    (heard,) = factories.every(InboundMessage)
    assert heard.channel_id == north
    service.queue("broadcast", PHONE, "broadcast:1", {"text": "Hai"}, body="Hai")
    db.session.commit()
    claimed = claim("bulk", 10)
    batch = preparing.read(claimed)
    by_id = {one.id: one for one in channels.in_order()}
    assert preparing._window(claimed[0], by_id[north], batch) is True
    assert preparing._window(claimed[0], by_id[general], batch) is False
    assert inbound.wrote_lately([PHONE]) == {(PHONE, north)}
    db.session.rollback()


def test_what_happens_to_one_account_stops_its_channels_only(
    app: Flask, two: tuple[int, int]
) -> None:
    hook("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}})
    general, north = two
    paused = {one.id: one.paused for one in channels.in_order()}
    assert paused == {general: False, north: True}
    db.session.rollback()


def test_a_template_of_one_account_is_not_the_others(app: Flask, two: tuple[int, int]) -> None:
    for channel_id in two:
        db.session.add(
            MessageTemplate(channel_id=channel_id, name="payment_reminder", language="id",
                            status="APPROVED", synced_at=wall())
        )  # fmt: skip
    db.session.commit()
    hook("message_template_status_update", {
        "event": "PAUSED", "message_template_name": "payment_reminder",
        "message_template_language": "id", "message_template_id": 5,
    })  # fmt: skip
    found = {one.channel_id: one.status for one in factories.every(MessageTemplate)}
    assert found == {two[0]: "APPROVED", two[1]: "PAUSED"}
    # Of an account that is no channel's, though it has our app.
    hook("message_template_status_update", {
        "event": "REJECTED", "message_template_name": "payment_reminder",
        "message_template_language": "id", "message_template_id": 6,
    }, waba="999")  # fmt: skip
    found = {one.channel_id: one.status for one in factories.every(MessageTemplate)}
    assert found == {two[0]: "APPROVED", two[1]: "PAUSED"}


def test_numbers_are_found_by_their_ids(app: Flask, two: tuple[int, int]) -> None:
    general, north = two
    assert (numbers.by_number("200"), numbers.by_number("9"), numbers.by_number("")) == (
        general, None, None,
    )  # fmt: skip
    assert numbers.of_account("101") == [north] and numbers.of_account("") == []
    db.session.rollback()


def test_the_page_says_whom_a_channel_is_for(desk: Visitor, two: tuple[int, int]) -> None:
    general, north = two
    _to("Selatan", "3")
    page = desk.client.get("/admin/settings/whatsapp").text
    assert "Area tanpa nomor sendiri" in page and "area Utara" in page
    south = _area("Selatan")
    db.session.commit()
    answer = desk.post(
        f"/admin/settings/whatsapp/channels/{general}/areas", brand="NusaLink", area=[str(south)]
    )
    assert f"channel={general}" in target(answer)
    assert channel_areas.by_channel()[general] == frozenset({south})
    assert channels.by_key(str(general)).brand == "NusaLink"  # type: ignore[union-attr]
    db.session.rollback()
    long = desk.post(f"/admin/settings/whatsapp/channels/{general}/areas", brand="x" * 61)
    assert target(long)
    assert channel_areas.by_channel()[general] == frozenset({south})
    db.session.rollback()


def test_a_removed_channel_leaves_no_area_behind(app: Flask, two: tuple[int, int]) -> None:
    spare = number("Cadangan", "102", "202", ["Barat"])
    db.session.commit()
    channel_config.remove(spare)
    db.session.commit()
    assert spare not in channel_areas.by_channel()
    assert factories.every(Message) == []
    db.session.rollback()


@pytest.mark.parametrize("slow_one_is", ["everybody's", "an area's"])
def test_a_slow_main_channel_does_not_hold_up_the_others(app: Flask, slow_one_is: str) -> None:
    """Its own customers wait for it; those of the other number do not."""
    with (
        registered(Provider(), "snail", idempotent=True) as slow,
        registered(Provider(), "hare", idempotent=True) as quick,
    ):
        main, other = channel_config.add("snail", "Lambat"), channel_config.add("hare", "Cepat")
        db.session.get_one(Channel, main).per_minute = 1
        north = main if slow_one_is == "an area's" else other
        channel_areas.save(north, "Utara", [_area("Utara")])
        channel_config.arrange([main, other])
        for number_ in range(1, 7):
            _to("Utara" if number_ % 2 else "Selatan", str(number_))
        sending.drain("messages", seconds=5)
        assert len(quick.arrived) == 3
        assert len(slow.arrived) == 1
