"""A provider that gives a message another name later (Fonnte): every word finds its row."""

import json
from itertools import permutations
from typing import Any

import pytest
from flask import Flask

from portal.extensions import db
from portal.infra import inbox
from portal.messaging import word
from portal.messaging.models import Message
from tests.messaging.rows import message, queued

SOURCE = "whatsapp.fonnte.7"
FIRST = {"device": "628", "id": "80367170", "stateid": "BAE5", "status": "sent", "state": "sent"}
DELIVERED = {"device": "628", "stateid": "BAE5", "state": "delivered"}
READ = {"device": "628", "stateid": "BAE5", "state": "read"}


def stored(*bodies: dict[str, Any]) -> list[inbox.InboundHook]:
    ids = [inbox.store(SOURCE, json.dumps(body).encode(), {}) for body in bodies]
    db.session.commit()
    return [db.session.get_one(inbox.InboundHook, hook_id) for hook_id in ids]


def process(hooks: list[inbox.InboundHook]) -> list[str]:
    word.process_many(hooks)
    db.session.commit()
    return [hook.state for hook in hooks]


def accepted(key: str = "1", provider_id: str = "80367170") -> int:
    message_id = queued(key=key)
    row = db.session.get_one(Message, message_id)
    row.state, row.provider_id, row.driver = "accepted", provider_id, "fonnte"
    db.session.commit()
    return message_id


@pytest.mark.parametrize("order", list(permutations([FIRST, DELIVERED, READ])))
def test_a_batch_in_any_order_ends_read(app: Flask, order: tuple[dict[str, Any], ...]) -> None:
    message_id = accepted()
    assert process(stored(*order)) == ["processed"] * 3
    row = message(message_id)
    assert (row.state, row.provider_id) == ("read", "BAE5")
    assert row.sent_at and row.delivered_at and row.read_at


def test_a_later_name_waits_for_the_first_word(app: Flask) -> None:
    message_id = accepted()
    [early] = stored(DELIVERED)
    assert process([early]) == ["received"], "kept: the name may become known"
    assert message(message_id).state == "accepted"

    process(stored(FIRST))
    assert message(message_id).state == "sent"
    assert process([early]) == ["processed"]
    assert message(message_id).state == "delivered"


def test_the_first_word_again_still_finds_its_message(app: Flask) -> None:
    message_id = accepted()
    process(stored(FIRST))
    process(stored(DELIVERED))
    again = {**FIRST, "state": "read"}
    assert process(stored(again)) == ["processed"]
    assert (message(message_id).state, message(message_id).provider_id) == ("read", "BAE5")


def test_names_do_not_reach_other_messages(app: Flask) -> None:
    mine, other = accepted(), accepted("2", "80367171")
    process(stored(FIRST, DELIVERED))
    assert message(mine).state == "delivered"
    assert (message(other).state, message(other).provider_id) == ("accepted", "80367171")


def test_what_no_database_keeps_harms_nobody(app: Flask) -> None:
    message_id = accepted()
    odd = [
        {"id": "80367170\x00", "stateid": "x\ud800", "status": "sent"},
        {"sender": "\ud800", "message": "a\x00b\ud800", "name": "\x00"},
        {"id": "9" * 5000, "status": "sent"},
    ]
    assert set(process([*stored(*odd), *stored(FIRST)])) == {"processed"}
    assert message(message_id).state == "sent"
