"""The steps of connecting a number: in any order, cut off anywhere, and each once."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, RateLimited, Retryable
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import channel_config, channels
from portal.messaging.models_channels import Channel
from portal.signup import service, work
from portal.signup.graph_values import Number
from portal.signup.models import Signup, SignupNumber
from portal.signup.service import Refused
from tests import factories
from tests.signup.conftest import begin, drive, finish, say
from tests.signup.world import FOREIGN, World

CALLBACK = "https://portal.example.test/webhook/whatsapp/meta"


def test_a_number_from_the_button_to_a_channel(begun: int, world: World, clock: FixedClock) -> None:
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    row = drive(begun, clock)
    assert (row.state, row.problem, row.need) == ("done", "", "")
    assert json.loads(row.secrets) == {}
    values = channel_config.stored_values("meta", row.channel_id)
    assert values["access_token"] == "EAA-code-1"
    assert (values["phone_number_id"], values["waba_id"]) == ("200", "100")
    assert channel_config.in_force() == [row.channel_id]
    assert world.callbacks == {"100": CALLBACK}
    number = factories.every(SignupNumber)[0]
    assert number.pin == world.registered["200"]
    assert number.namespace == "ns_1"
    assert number.token_expires_at is not None
    db.session.rollback()


def test_the_code_first_and_the_event_later(begun: int, world: World, clock: FixedClock) -> None:
    say(begun, service.take_code, "code-1")
    assert work.advance(begun) and work.advance(begun) and work.advance(begun)
    row = factories.fresh(Signup, begun)
    assert (row.state, row.need) == ("account", "wait")
    say(begun, service.take_event, finish())
    assert drive(begun, clock).state == "done"


def test_without_any_event_the_newest_account_of_the_permission(
    begun: int, world: World, clock: FixedClock
) -> None:
    say(begun, service.take_code, "code-1")
    row = drive(begun, clock)
    assert (row.state, row.waba_id, row.phone_id) == ("done", "100", "200")


def test_a_code_that_came_too_late_is_not_tried(
    begun: int, world: World, clock: FixedClock
) -> None:
    say(begun, service.take_code, "code-1")
    clock.at += timedelta(seconds=31)
    row = drive(begun, clock)
    assert row.state == "ended" and "30 detik" in row.problem
    assert world.done == {} and json.loads(row.secrets) == {}


def test_ids_of_somebody_else_are_not_believed(begun: int, world: World, clock: FixedClock) -> None:
    world.has[FOREIGN] = [Number("667")]
    say(begun, service.take_event, finish(FOREIGN, "667"))
    say(begun, service.take_code, "code-1")
    row = drive(begun, clock)
    assert row.state == "ended" and "tidak termasuk izin" in row.problem
    assert factories.every(Channel) == [] and world.callbacks == {}


def test_a_number_of_somebody_else_is_not_believed(
    begun: int, world: World, clock: FixedClock
) -> None:
    world.has[FOREIGN] = [Number("667")]
    say(begun, service.take_event, finish("100", "667"))
    say(begun, service.take_code, "code-1")
    row = drive(begun, clock)
    assert (row.state, row.need) == ("number", "choose")
    with pytest.raises(Refused):
        say(begun, service.choose_number, "667")
    say(begun, service.choose_number, "200")
    assert drive(begun, clock).state == "done"


def test_only_an_account_waits_for_its_number(begun: int, world: World, clock: FixedClock) -> None:
    world.has["100"] = []
    say(begun, service.take_event, finish(phone="", event="FINISH_ONLY_WABA"))
    say(begun, service.take_code, "code-1")
    row = drive(begun, clock)
    assert (row.state, row.need) == ("number", "add_number")
    world.has["100"] = [Number("201", "+62 812-0000-0002")]
    say(begun, service.go_on)
    assert drive(begun, clock).phone_id == "201"


def test_a_number_that_stays_in_the_business_app_is_not_registered(
    begun: int, world: World, clock: FixedClock
) -> None:
    say(begun, service.take_event, finish(event="FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING"))
    say(begun, service.take_code, "code-1")
    row = drive(begun, clock)
    assert row.state == "done" and world.registered == {}
    assert factories.every(Channel)[0].per_second == 20
    db.session.rollback()


def test_a_partner_shares_the_credit_line_once(world: World, clock: FixedClock) -> None:
    world.partner = True
    for turn in (1, 2):
        world.codes[f"code-{turn}"] = "100"
        signup_id = begin()
        say(signup_id, service.take_event, finish())
        say(signup_id, service.take_code, f"code-{turn}")
        assert drive(signup_id, clock).state == "done"
    assert world.done["share"] == world.done["assign"] == 1
    number = factories.every(SignupNumber)[0]
    assert (number.credit, number.allocation_id) == ("shared", "al100")


def test_connecting_the_same_number_again_keeps_its_channel(
    begun: int, world: World, clock: FixedClock
) -> None:
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    first = drive(begun, clock)
    pin = world.registered["200"]
    world.codes["code-2"] = "100"
    again = begin()
    say(again, service.take_event, finish())
    say(again, service.take_code, "code-2")
    second = drive(again, clock)
    assert second.channel_id == first.channel_id and second.found["made"] is False
    values = channel_config.stored_values("meta", first.channel_id)
    assert values["access_token"] == "EAA-code-2"
    assert len(factories.every(Channel)) == 1
    assert factories.every(SignupNumber)[0].pin == pin
    db.session.rollback()


def test_a_channel_typed_by_hand_before_is_taken_over(
    begun: int, world: World, clock: FixedClock
) -> None:
    typed = channel_config.add("meta", "Nomor lama")
    token = {"access_token": "old", "phone_number_id": "200", "waba_id": "100"}
    assert channel_config.save("meta", token, typed) == {}
    db.session.commit()
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    assert drive(begun, clock).channel_id == typed


def test_the_channel_of_the_environment_goes_on_sending(
    begun: int, world: World, clock: FixedClock, app: Flask
) -> None:
    """It counts no more beside a stored one, so it becomes stored, and stays the main one."""
    app.extensions["loket.settings"].env.update(
        WHATSAPP_DRIVER="meta",
        WHATSAPP_API_KEY="EAA-env",
        META_WA_PHONE_NUMBER_ID="500",
        META_WA_BUSINESS_ACCOUNT_ID="501",
    )
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    row = drive(begun, clock)
    first, second = channels.in_order()
    assert (first.config["phone_number_id"], first.config["access_token"]) == ("500", "EAA-env")
    assert second.id == row.channel_id and second.config["phone_number_id"] == "200"
    db.session.rollback()


@pytest.mark.parametrize(
    ("error", "state", "need"),
    [
        (RateLimited("Pelan.", retry_after=40, code="80008"), "subscribe", "wait"),
        (Retryable("Meta sakit."), "subscribe", "wait"),
        (Misconfigured("Tanpa izin.", code="200"), "subscribe", "retry"),
        (Misconfigured("Mati.", code="190"), "ended", ""),
    ],
)
def test_what_goes_wrong_waits_or_is_said(
    begun: int, world: World, clock: FixedClock, error: Exception, state: str, need: str
) -> None:
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    for _step in range(4):
        work.advance(begun)
    world.errors["subscribed"] = error
    work.advance(begun)
    row = factories.fresh(Signup, begun)
    assert (row.state, row.need) == (state, need) and row.problem
    if state != "ended":
        if need == "retry":
            say(begun, service.go_on)
        assert drive(begun, clock).state == "done"


def test_where_the_window_was_closed_is_said(begun: int, world: World) -> None:
    told = {"event": "CANCEL", "data": {"current_step": "PHONE_NUMBER_VERIFICATION"}}
    say(begun, service.take_event, json.dumps({"type": "WA_EMBEDDED_SIGNUP", **told}))
    assert "kode verifikasi" in factories.fresh(Signup, begun).problem
    error = {"error_message": "Nope", "error_id": "524126", "session_id": "abc"}
    told = {"event": "CANCEL", "data": error}
    say(begun, service.take_event, json.dumps({"type": "WA_EMBEDDED_SIGNUP", **told}))
    row = factories.fresh(Signup, begun)
    assert "Nope" in row.problem and "524126" in row.detail
    assert row.state == "open"
    say(begun, service.take_event, finish())
    assert factories.fresh(Signup, begun).problem == ""


@pytest.mark.parametrize(
    "raw",
    ["", "null", "[]", "{}", '{"type":"X","event":"FINISH","data":{}}', "{" * 5000,
     '{"type":"WA_EMBEDDED_SIGNUP","event":"FINISH","data":"x"}',
     '{"type":"WA_EMBEDDED_SIGNUP","event":"DANCE","data":{}}'],
)  # fmt: skip
def test_nonsense_from_the_browser_changes_nothing(begun: int, world: World, raw: str) -> None:
    before = factories.fresh(Signup, begun)
    assert say(begun, service.take_event, raw) is False
    after = factories.fresh(Signup, begun)
    assert (after.event, after.told_waba_id) == (before.event, "")


def test_a_post_of_another_attempt_or_person_is_not_authentic(begun: int, world: World) -> None:
    row = factories.fresh(Signup, begun)
    other = factories.fresh(Signup, begin())
    assert row.staff_id is not None
    assert service.authentic(row, row.staff_id, service.state_value(row))
    assert not service.authentic(row, row.staff_id, service.state_value(other))
    assert not service.authentic(row, row.staff_id + 1, service.state_value(row))
    assert not service.authentic(row, row.staff_id, "ä")


def test_what_nobody_finished_in_a_day_is_closed(
    begun: int, world: World, clock: FixedClock
) -> None:
    clock.at += timedelta(hours=25)
    work.close_stale()
    db.session.commit()
    row = factories.fresh(Signup, begun)
    assert (row.state, json.loads(row.secrets)) == ("ended", {})


def test_no_secret_in_the_audit_log(begun: int, world: World, clock: FixedClock) -> None:
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    drive(begun, clock)
    entries = db.session.scalars(select(AuditEntry)).all()
    assert {entry.action for entry in entries} >= {"whatsapp.signup", "whatsapp.save"}
    said = " ".join(f"{entry.before}{entry.after}{entry.reason}" for entry in entries)
    secrets = ("EAA-code-1", "app-secret-word", world.registered["200"])
    assert not [secret for secret in secrets if secret in said]
    db.session.rollback()
