"""Anything in any order, and the process dying anywhere: it ends well and nothing happens twice."""

import json
from datetime import timedelta
from itertools import count
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.locks import LEASE
from portal.signup import service, states, view, work
from portal.signup.graph_values import Number
from portal.signup.models import Signup, SignupNumber
from portal.signup.service import Refused
from tests import factories
from tests.signup.conftest import begin, drive, finish, say, told
from tests.signup.world import Killed, World

CALLBACK = "https://portal.example.test/webhook/whatsapp/meta"
_ids = count(1000)
MOVES = (
    "code", "old code", "finish", "only account", "cancel", "closed", "added", "step", "step",
    "step", "dies before", "dies after", "loses the answer", "wait", "go on", "choose", "pin",
)  # fmt: skip


def _move(move: str, signup_id: int, waba: str, world: World, clock: FixedClock) -> None:
    cancel = '{"type":"WA_EMBEDDED_SIGNUP","event":"CANCEL","data":{}}'
    plain: dict[str, tuple[Any, ...]] = {
        "code": (service.take_code, f"code-{waba}"),
        "old code": (service.take_code, f"code-of-yesterday-{waba}"),
        "finish": (service.take_event, finish(waba, f"p{waba}".replace("p", "9"))),
        "only account": (service.take_event, finish(waba, "", "FINISH_ONLY_WABA")),
        "cancel": (service.take_event, cancel),
        "closed": (service.closed_early,),
        "go on": (service.go_on,),
        "choose": (service.choose_number, f"9{waba}"),
        "pin": (service.give_pin, "424242"),
    }
    if move in plain:
        try:
            say(signup_id, *plain[move])
        except Refused:
            db.session.rollback()
    elif move == "added":
        told("PARTNER_ADDED", waba)
    elif move == "wait":
        clock.at += timedelta(seconds=7)
    else:
        how = {"dies before": "before", "dies after": "after", "loses the answer": "lost"}
        world.dies = how.get(move, "")
        try:
            work.advance(signup_id)
        except Killed:
            db.session.rollback()
            clock.at += LEASE + timedelta(seconds=1)
        world.dies = ""


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(MOVES), max_size=14), st.booleans(), st.booleans())
def test_any_order_cut_off_anywhere_ends_well_and_does_nothing_twice(
    app: Flask, world: World, clock: FixedClock, moves: list[str], partner: bool, pinned: bool
) -> None:
    waba = str(next(_ids))
    phone = f"9{waba}"
    world.partner = partner
    world.done.clear()
    world.has[waba] = [Number(phone, f"+62 {waba}")]
    world.codes[f"code-{waba}"] = waba
    if pinned:
        world.pins[phone] = "424242"
    signup_id = begin()
    for move in moves:
        _move(move, signup_id, waba, world, clock)
        with app.test_request_context():
            assert view.show(factories.fresh(Signup, signup_id))["steps"]
        db.session.rollback()
    row = drive(signup_id, clock)
    if row.need == "pin":
        say(signup_id, service.give_pin, "424242")
        row = drive(signup_id, clock)
    _is_explained(row)
    assert all(world.done.get(once, 0) <= 1 for once in ("exchange", "register", "share", "assign"))
    mine = [one for one in factories.every(SignupNumber) if one.waba_id == waba]
    assert len(mine) == (1 if row.channel_id else 0)
    if row.state == states.DONE:
        assert world.callbacks[waba] == CALLBACK and phone in world.registered
        assert (waba in world.shared) == partner
    db.session.rollback()


def _is_explained(row: Signup) -> None:
    """Done, over with a reason, or waiting for a person who is told what for."""
    kept = json.loads(row.secrets)
    if row.state == states.DONE:
        assert row.channel_id and not row.problem and kept == {}
    elif row.state == states.ENDED:
        assert row.problem and kept == {}
    elif row.state == states.OPEN:
        assert "token" not in kept
    else:
        assert row.need in states.BY_HAND and row.problem
    words = f"{row.problem}{row.detail}{row.found}"
    assert "EAA" not in words and "code-" not in words
