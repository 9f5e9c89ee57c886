"""The whole way against the simulated Meta over real HTTP: what goes well, and trouble at each
step. The simulator was written apart, from Meta's documentation alone."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from portal.core.clock import SystemClock
from portal.extensions import db
from portal.infra.inbox import InboundHook
from portal.messaging import channel_config, sending, word
from portal.messaging.models_channels import Channel
from portal.signup import service, tokens, work
from portal.signup.models import Signup, SignupNumber
from portal.simulators import create_app as create_simulators
from tests import factories
from tests.messaging.rows import PHONE, queued
from tests.signup.conftest import begin, say
from tests.simulators.serving import served, until

APP, SECRET = "1041729300000001", "shared-app-secret"
WABA, EMPTY, FOREIGN = "102290129340398", "102290129340400", "209900000000001"
FIRST, UNPROVEN = "106540352242922", "106540352242924"
PARTNER = {
    "META_SYSTEM_TOKEN": "sim-system-token",
    "META_BUSINESS_ID": "102030405060701",
    "META_SYSTEM_USER_ID": "122033445566701",
}


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def sims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[str]:
    monkeypatch.setenv("SIM_DB", str(tmp_path / "sim.db"))
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("PORTAL_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("META_APP_ID", APP)
    monkeypatch.setenv("META_WA_APP_SECRET", SECRET)
    with served(create_simulators()) as address:
        yield address


@pytest.fixture
def partner() -> bool:
    return False


@pytest.fixture
def extra_env(sims: str, port: int, partner: bool) -> dict[str, str]:
    return {
        "META_APP_ID": APP,
        "META_WA_APP_SECRET": SECRET,
        "META_ES_CONFIG_ID": "88",
        "META_GRAPH_BASE_URL": f"{sims}/graph",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        **(PARTNER if partner else {}),
    }


@pytest.fixture
def portal(app: Flask, port: int) -> Iterator[Flask]:
    """The application, listening where Meta is told to call."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield app
    server.shutdown()
    thread.join(10)


def dialog(sims: str, **values: Any) -> dict[str, Any]:
    """Somebody goes through the window."""
    asked = {"announce": 0, "phone_number_id": FIRST, **values}
    answer = requests.post(f"{sims}/signup/finish", json=asked, timeout=5)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fault(sims: str, target: str, **values: float) -> None:
    answer = requests.post(f"{sims}/faults", json={"target": target, **values}, timeout=5)
    assert answer.status_code == 200, answer.text


def connect(sims: str, **values: Any) -> int:
    """Window, event and code; the steps are not taken yet."""
    signup_id = begin()
    told = dialog(sims, **values)
    if told.get("event"):
        say(signup_id, service.take_event, json.dumps(told["event"]))
    if told.get("code"):
        say(signup_id, service.take_code, told["code"])
    return signup_id


def drive(signup_id: int, turns: int = 40) -> Signup:
    """The jobs; a step that waits is asked again at once."""
    for _turn in range(turns):
        if not work.advance(signup_id):
            row = factories.fresh(Signup, signup_id)
            if row.need != "wait" or (row.next_at and row.attempts > 4):
                return row
            one = db.session.get_one(Signup, signup_id)
            one.next_at = None
            db.session.commit()
    return factories.fresh(Signup, signup_id)


def world(sims: str) -> Any:
    return requests.get(f"{sims}/signup.json", timeout=5).json()


def test_a_number_is_connected_and_sends(portal: Flask, sims: str) -> None:
    row = drive(connect(sims))
    assert (row.state, row.problem) == ("done", "")
    assert (row.waba_id, row.phone_id) == (WABA, FIRST)
    number = factories.every(SignupNumber)[0]
    assert number.namespace and number.pin and number.token_expires_at is not None
    assert 58 <= tokens.days_left(number.token_expires_at) <= 60
    queued()
    sending.drain("messages")
    inbox = requests.get(f"{sims}/inbox/{PHONE.removeprefix('+')}.json", timeout=5).json()
    assert len(inbox) == 1
    db.session.rollback()


@pytest.mark.parametrize("partner", [True])
def test_a_partner_shares_its_credit_line(portal: Flask, sims: str) -> None:
    row = drive(connect(sims))
    assert (row.state, row.problem) == ("done", "")
    number = factories.every(SignupNumber)[0]
    assert number.credit == "shared" and number.allocation_id
    answer = requests.post(
        f"{sims}/signup/event", json={"waba_id": WABA, "event": "PARTNER_REMOVED"}, timeout=5
    )
    assert answer.status_code == 200
    _heard()
    tokens.revoke_due()
    ended = factories.every(SignupNumber)[0]
    assert ended.ended_at is not None and ended.credit == "revoked"
    db.session.rollback()


def _heard() -> None:
    """What Meta calls back with is acted on."""

    def stored() -> list[int]:
        ids = list(db.session.scalars(db.select(InboundHook.id)))
        db.session.rollback()
        return ids

    until(stored, "a callback")
    word.process_many(list(db.session.scalars(db.select(InboundHook))))
    db.session.commit()


def test_a_browser_that_closed_early(portal: Flask, sims: str) -> None:
    """Only the code arrived; Meta's callback names the account."""
    signup_id = begin()
    told = dialog(sims, announce=1)
    say(signup_id, service.take_code, told["code"])
    _heard()
    assert factories.fresh(Signup, signup_id).told_waba_id == WABA
    row = drive(signup_id)
    # The account has several numbers, and nobody said which.
    assert (row.state, row.need) == ("number", "choose")
    say(signup_id, service.choose_number, FIRST)
    assert drive(signup_id).state == "done"


def test_a_window_that_lies_about_the_ids(portal: Flask, sims: str) -> None:
    row = drive(connect(sims, lie=1))
    assert row.state == "ended" or row.need == "choose", (row.state, row.problem)
    assert factories.every(Channel) == []


def test_a_code_that_is_too_old(portal: Flask, sims: str) -> None:
    row = drive(connect(sims, age=31))
    assert row.state == "ended" and "30 detik" in row.problem


def test_an_account_without_a_number(portal: Flask, sims: str) -> None:
    row = drive(connect(sims, outcome="FINISH_ONLY_WABA", waba_id=EMPTY, phone_number_id=""))
    assert (row.state, row.need, row.waba_id) == ("number", "add_number", EMPTY)


def test_a_number_that_is_not_verified(portal: Flask, sims: str) -> None:
    row = drive(connect(sims, phone_number_id=UNPROVEN))
    assert (row.state, row.need) == ("register", "retry") and "diverifikasi" in row.problem


@pytest.mark.parametrize("outcome", ["CANCEL", "REPORTED", "ERROR"])
def test_a_window_that_was_closed(portal: Flask, sims: str, outcome: str) -> None:
    told = dialog(sims, outcome=outcome, step="PHONE_NUMBER_SETUP")
    signup_id = begin()
    say(signup_id, service.take_event, json.dumps(told["event"]))
    row = factories.fresh(Signup, signup_id)
    assert row.state == "open" and row.problem and not told.get("code")


TARGETS = (
    "signup_code", "signup_debug", "signup_waba", "signup_phones", "signup_subscribe",
    "signup_register", "signup_templates",
)  # fmt: skip
FOR_PARTNERS = ("signup_assign", "signup_credit", "signup_share", "signup_alloc")


@pytest.mark.parametrize("trouble", ["garbage", "accept_then_500"])
@pytest.mark.parametrize(
    ("target", "partner"),
    [*((one, False) for one in TARGETS), *((one, True) for one in FOR_PARTNERS)],
)
def test_trouble_that_passes_at_each_step(
    portal: Flask, sims: str, target: str, partner: bool, trouble: str
) -> None:
    """One bad answer, then all is well: it goes on by itself. Only a code whose answer was lost is
    gone with it."""
    fault(sims, target, **{trouble: 1, "count": 1})
    row = drive(connect(sims))
    if target == "signup_code" and trouble == "accept_then_500":
        assert row.state == "ended" and "Mulai lagi" in row.problem
        return
    assert (row.state, row.problem) == ("done", "")
    assert len(factories.every(Channel)) == 1
    assert not partner or factories.every(SignupNumber)[0].credit == "shared"
    db.session.rollback()


@pytest.mark.parametrize(
    ("target", "code", "state", "need"),
    [
        ("signup_debug", 190, "ended", ""),
        ("signup_waba", 200, "account", "retry"),
        ("signup_phones", 80008, "number", "wait"),
        ("signup_subscribe", 200, "subscribe", "retry"),
        ("signup_register", 133005, "register", "pin"),
        ("signup_register", 133016, "register", "wait"),
        ("signup_register", 133006, "register", "retry"),
        ("signup_templates", 200, "templates", "retry"),
    ],
)
def test_a_refusal_waits_at_its_step(
    portal: Flask, sims: str, target: str, code: int, state: str, need: str
) -> None:
    fault(sims, target, error=code)
    signup_id = connect(sims)
    for _step in range(12):
        work.advance(signup_id)
    row = factories.fresh(Signup, signup_id)
    assert (row.state, row.need) == (state, need) and row.problem
    requests.post(f"{sims}/faults/reset", timeout=5)
    if need in {"retry", "wait"}:
        say(signup_id, service.go_on)
        assert drive(signup_id).state == "done"


@pytest.mark.parametrize("target", ["signup_debug", "signup_phones", "signup_waba"])
def test_word_of_somebody_elses_account_is_not_believed(
    portal: Flask, sims: str, target: str
) -> None:
    fault(sims, target, foreign=1)
    row = drive(connect(sims))
    assert row.state != "done"
    assert FOREIGN not in {row.waba_id, row.phone_id}
    values = [channel_config.stored_values("meta", one.id) for one in factories.every(Channel)]
    assert FOREIGN not in {one.get("waba_id") for one in values}
    db.session.rollback()


@pytest.mark.parametrize("partner", [True])
@pytest.mark.parametrize("target", ["signup_share", "signup_alloc"])
def test_credit_that_did_not_arrive_is_said(portal: Flask, sims: str, target: str) -> None:
    fault(sims, target, foreign=1)
    row = drive(connect(sims))
    assert (row.state, row.need) in {("credit", "retry"), ("credit", "wait")}, row.problem
    assert "lini kredit" in row.problem


def test_pages_of_numbers_and_empty_lists(portal: Flask, sims: str) -> None:
    fault(sims, "signup_phones", second_page=1)
    assert drive(connect(sims)).state == "done"
