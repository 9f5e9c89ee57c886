"""PINs and shared credit when nobody heard Meta's answer: kept, and not asked for twice."""

from contextlib import suppress
from datetime import timedelta

import pytest

from portal.core.clock import FixedClock
from portal.core.driverkit import RateLimited
from portal.extensions import db
from portal.infra.locks import LEASE
from portal.signup import service, work
from portal.signup.models import Signup, SignupNumber
from portal.signup.service import Refused
from tests import factories
from tests.signup.conftest import begin, drive, finish, say
from tests.signup.world import Killed, World


def _until(signup_id: int, state: str) -> None:
    say(signup_id, service.take_event, finish())
    say(signup_id, service.take_code, "code-1")
    while factories.fresh(Signup, signup_id).state != state:
        work.advance(signup_id)


def _cut_off(signup_id: int, world: World, clock: FixedClock, call: str, how: str) -> None:
    world.dies_at = (call, how)
    with suppress(Killed):
        work.advance(signup_id)
    db.session.rollback()
    clock.at += LEASE + timedelta(seconds=1)


def test_a_number_with_a_pin_of_its_own(begun: int, world: World, clock: FixedClock) -> None:
    world.pins["200"] = "424242"
    say(begun, service.take_event, finish())
    say(begun, service.take_code, "code-1")
    assert drive(begun, clock).need == "pin"
    for wrong in ("", "12345", "abcdef", "1234567"):
        with pytest.raises(Refused):
            say(begun, service.give_pin, wrong)
    say(begun, service.give_pin, "111111")
    assert "ditolak" in drive(begun, clock).problem
    say(begun, service.give_pin, "424242")
    assert drive(begun, clock).state == "done"
    assert factories.every(SignupNumber)[0].pin == "424242"
    db.session.rollback()


@pytest.mark.parametrize("how", ["lost", "after"])
def test_the_pin_is_kept_though_nobody_heard_that_it_was_taken(
    begun: int, world: World, clock: FixedClock, how: str
) -> None:
    _until(begun, "register")
    _cut_off(begun, world, clock, "register", how)
    assert drive(begun, clock).state == "done" and world.done["register"] == 1
    assert factories.every(SignupNumber)[0].pin == world.registered["200"]
    db.session.rollback()


def test_a_number_registered_by_somebody_else_has_no_pin_of_ours(
    begun: int, world: World, clock: FixedClock
) -> None:
    world.registered["200"] = "999999"
    _until(begun, "register")
    world.errors["number"] = RateLimited("Terlalu sering.", retry_after=5)
    assert drive(begun, clock).state == "done"
    assert factories.every(SignupNumber)[0].pin is None
    db.session.rollback()


@pytest.mark.parametrize("how", ["lost", "after"])
def test_credit_that_takes_a_while_is_not_shared_again(
    world: World, clock: FixedClock, how: str
) -> None:
    world.partner = True
    signup_id = begin()
    _until(signup_id, "share")
    world.slow = 2
    _cut_off(signup_id, world, clock, "share", how)
    assert drive(signup_id, clock).state == "done"
    assert world.done["share"] == 1
    assert factories.every(SignupNumber)[0].allocation_id == "al100"
    db.session.rollback()


def test_credit_that_never_comes_is_shared_again_by_a_person(
    world: World, clock: FixedClock
) -> None:
    world.partner = True
    signup_id = begin()
    _until(signup_id, "share")
    world.slow = 99
    _cut_off(signup_id, world, clock, "share", "lost")
    row = drive(signup_id, clock)
    assert (row.state, row.need) == ("share", "retry") and world.done["share"] == 1
    world.slow = 0
    world.shared.clear()
    say(signup_id, service.go_on)
    assert drive(signup_id, clock).state == "done" and world.done["share"] == 2
