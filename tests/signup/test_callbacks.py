"""What Meta calls back with about accounts: finished in its place, or taken away."""

from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.messaging import channels
from portal.messaging.models_channels import ChannelMeter
from portal.signup import service, tokens
from portal.signup.graph_values import Number
from portal.signup.models import Signup, SignupNumber
from tests import factories
from tests.signup.conftest import begin, drive, finish, say, told
from tests.signup.world import World


def test_a_browser_that_closed_early_is_finished_by_the_callback(
    begun: int, world: World, clock: FixedClock
) -> None:
    world.codes["code-1"] = ""  # the permission names several accounts
    world.has["101"] = [Number("300")]
    say(begun, service.take_code, "code-1")
    told("PARTNER_ADDED", "101")
    assert drive(begun, clock).waba_id == "101"


def test_without_a_code_the_callback_says_to_begin_again(begun: int, world: World) -> None:
    told("PARTNER_ADDED")
    row = factories.fresh(Signup, begun)
    assert row.state == "open" and "kode izinnya tidak sampai" in row.problem


def test_the_callback_of_one_attempt_says_nothing_to_an_older_one(
    begun: int, world: World, clock: FixedClock
) -> None:
    newer = begin()
    say(newer, service.take_event, finish())
    say(newer, service.take_code, "code-1")
    assert drive(newer, clock).state == "done"
    told("PARTNER_ADDED")
    assert factories.fresh(Signup, begun).told_waba_id == ""


def test_of_two_people_at_it_at_once_nobody_is_given_the_others_account(
    begun: int, world: World, clock: FixedClock
) -> None:
    """It would get the brand and the areas of somebody else's number."""
    other = service.begin(factories.staff(email="lain@example.test").id).id
    db.session.commit()
    told("PARTNER_ADDED")
    assert {factories.fresh(Signup, one).told_waba_id for one in (begun, other)} == {""}
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    assert drive(begun, clock).state == "done"


def test_a_partner_needs_no_code_for_an_account_shared_with_it(
    begun: int, world: World, clock: FixedClock, app: Flask
) -> None:
    world.partner = True
    env = app.extensions["loket.settings"].env
    env.update(META_SYSTEM_TOKEN="EAAsystem", META_BUSINESS_ID="900", META_SYSTEM_USER_ID="901")
    told("PARTNER_ADDED")
    row = drive(begun, clock)
    assert (row.state, row.waba_id) == ("done", "100")


def test_an_account_taken_away_stops_and_gives_the_credit_back(
    world: World, clock: FixedClock
) -> None:
    world.partner = True
    signup_id = begin()
    say(signup_id, service.take_event, finish())
    say(signup_id, service.take_code, "code-1")
    channel_id = drive(signup_id, clock).channel_id
    told("PARTNER_REMOVED", "999", blocked=True)
    assert not channels.in_order()[0].paused
    db.session.rollback()
    told("PARTNER_REMOVED", blocked=True)
    told("PARTNER_REMOVED", blocked=True)
    meter = factories.fresh(ChannelMeter, str(channel_id))
    assert meter.pause_kind == "manual" and meter.pause_reason == "Kabar."
    tokens.revoke_due()
    number = factories.every(SignupNumber)[0]
    assert number.ended_at is not None and number.credit == "revoked"
    assert world.shared == {} and world.done["revoke"] == 1
    world.codes["code-2"] = "100"
    again = begin()
    say(again, service.take_event, finish())
    say(again, service.take_code, "code-2")
    assert drive(again, clock).channel_id == channel_id
    assert factories.fresh(ChannelMeter, str(channel_id)).pause_kind == ""
    assert factories.every(SignupNumber)[0].ended_at is None
    db.session.rollback()
