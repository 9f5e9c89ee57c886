"""Permissions that end: told 14, 7 and 1 days before and once it is over, each once."""

from datetime import timedelta

from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Retryable
from portal.extensions import db
from portal.health import checks
from portal.messaging import channel_config, channels
from portal.messaging.models import Message, NoticeRecipient
from portal.signup import service, todo, tokens
from portal.signup.models import SignupNumber
from tests import factories
from tests.signup.conftest import drive, finish, say
from tests.signup.world import END, World


def warned() -> int:
    count = tokens.warn()
    db.session.commit()
    return count


def test_each_warning_once(begun: int, world: World, clock: FixedClock) -> None:
    db.session.add(
        NoticeRecipient(
            name="Pemilik", recipient="+628120000001", topics=["channel"], created_at=clock.now()
        )
    )
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    drive(begun, clock)
    told = {}
    for days in (20, 14, 13, 8, 7, 6, 2, 1, 0, -1, -2):
        clock.at = END - timedelta(days=days)
        told[days] = (warned(), warned())
    assert {days for days, (first, _again) in told.items() if first} == {14, 7, 1, 0}
    assert not any(again for _first, again in told.values())
    said = [message.params["text"] for message in factories.every(Message)]
    assert "berakhir 20 Jan 2027" in said[0] and "sudah berakhir" in said[-1]
    finding = checks.meta_permissions()
    assert finding.level == "bad" and "Hubungkan" in finding.sentence
    db.session.rollback()


def test_the_first_page_says_what_ends(begun: int, world: World, clock: FixedClock) -> None:
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    drive(begun, clock)
    assert [item for item in todo.items() if item.count] == []
    clock.at = END - timedelta(days=3)
    assert [item.level for item in todo.items() if item.count] == ["warn"]
    clock.at = END + timedelta(days=3)
    assert [item.level for item in todo.items() if item.count] == ["bad"]
    db.session.rollback()


def test_meta_is_asked_when_a_token_ends(
    begun: int, world: World, clock: FixedClock, app: Flask
) -> None:
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    channel_id = drive(begun, clock).channel_id
    db.session.execute(db.update(SignupNumber).values(token_expires_at=None))
    db.session.commit()
    world.errors["inspect"] = Retryable("Meta sakit.")
    tokens.look()
    assert factories.every(SignupNumber)[0].token_expires_at is None
    tokens.look()
    assert factories.every(SignupNumber)[0].token_expires_at == END
    world.valid = False
    tokens.look()
    assert factories.every(SignupNumber)[0].token_expires_at == clock.wall()
    channel = channels.by_key(str(channel_id))
    assert channel is not None and channel.paused and "Hubungkan ulang" in channel.pause_reason
    db.session.rollback()


def test_another_token_typed_meanwhile_is_not_judged(
    begun: int, world: World, clock: FixedClock
) -> None:
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    channel_id = drive(begun, clock).channel_id
    world.valid = False
    values = channel_config.stored_values("meta", channel_id)
    db.session.rollback()

    def meanwhile() -> None:
        channel_config.save("meta", {**values, "access_token": "EAA-new"}, channel_id)
        db.session.commit()

    world.meanwhile = meanwhile
    tokens.look()
    channel = channels.by_key(str(channel_id))
    assert channel is not None and not channel.paused
    db.session.rollback()
