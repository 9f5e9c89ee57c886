"""The rules of a login code, as a state machine beside a small model of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from threading import Barrier, Thread

import hypothesis.strategies as st
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from portal.accounts import otp
from portal.accounts.models import OtpChallenge
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra import queue
from portal.messaging import sending
from portal.messaging.models import Message
from tests import factories
from tests.visitor import other_code

IP_PER_HOUR = 1000
_serial = count(1)


@dataclass
class Known:
    """What the model knows of a challenge."""

    id: int
    token: str
    code: str
    born: datetime
    deliverable: bool
    tries: int = 0
    used: bool = False
    voided: bool = False


class OtpMachine(RuleBasedStateMachine):
    """One phone: asking, asking again, right and wrong codes, time. `app` is set by the test."""

    clock: FixedClock
    challenges = Bundle("challenges")

    def __init__(self) -> None:
        super().__init__()
        serial = next(_serial)
        self.phone = f"+62811{10_000_000 + serial}"
        self.ip = f"10.{serial // 65536}.{serial // 256 % 256}.{serial % 256}"
        self.owner = otp.Owner(factories.customer(phone=self.phone).id, "id")
        self.all: list[Known] = []

    @rule(target=challenges, known=st.booleans())
    def ask(self, known: bool) -> Known | None:
        at = self.clock.wall()
        unused = [one.born for one in self.all if not one.used]
        recent = [born for born in unused if born > at - timedelta(minutes=15)]
        try:
            token = otp.request_code(
                self.phone, self.owner if known else None, self.ip, IP_PER_HOUR
            )
        except otp.TooManyCodes as error:
            db.session.rollback()
            assert error.until > at
            assert recent or len(unused) >= otp.PER_DAY or len(self.all) >= otp.SENT_PER_DAY
            return None
        assert len(recent) < otp.PER_WINDOW
        if unused:
            series = [born for born in unused if born > unused[-1] - timedelta(minutes=15)]
            assert at - unused[-1] >= timedelta(seconds=(60, 120, 300)[len(series) - 1])
        row = otp.find(token)
        assert row is not None
        code = otp.code_to_send(row.id)
        assert code is not None
        for older in self.all:
            older.voided = older.voided or not older.used
        made = Known(row.id, token, code, at, known)
        db.session.commit()
        self.all.append(made)
        return made

    @rule(one=challenges, right=st.booleans())
    def type(self, one: Known | None, right: bool) -> None:
        if one is None:
            return
        young = self.clock.wall() < one.born + otp.LIFETIME
        alive = young and not one.used and not one.voided and one.tries < otp.MAX_TRIES
        typed = one.code if right else other_code(one.code)
        verdict = otp.verify(one.token, typed)
        db.session.commit()
        if not alive:
            assert verdict.result in {"expired", "exhausted"}
            return
        one.tries += 1
        if right and one.deliverable:
            assert verdict == otp.Verdict("ok", phone=self.phone)
            one.used = True
        elif one.tries == otp.MAX_TRIES:
            assert verdict.result == "exhausted"
        else:
            assert verdict == otp.Verdict("wrong", tries_left=otp.MAX_TRIES - one.tries)

    @rule(seconds=st.sampled_from([1, 30, 59, 60, 121, 299, 300, 301, 900, 3600, 40_000]))
    def wait(self, seconds: int) -> None:
        self.clock.move(seconds=seconds)

    @invariant()
    def i11(self) -> None:
        """Expired never used; used once; at most five tries; at most one live per phone."""
        rows = db.session.scalars(
            select(OtpChallenge).where(OtpChallenge.phone == self.phone)
        ).all()
        for row in rows:
            assert row.tries <= otp.MAX_TRIES
            assert row.used_at is None or row.used_at < row.expires_at
        assert sum(otp.standing(row) == "live" for row in rows) <= 1
        sent = db.session.scalars(
            select(Message.otp_challenge_id).where(Message.recipient == self.phone)
        ).all()
        assert sorted(sent) == [one.id for one in self.all if one.deliverable]
        db.session.rollback()


def test_the_machine(app: Flask, clock: FixedClock) -> None:
    OtpMachine.clock = clock
    run_state_machine_as_test(
        OtpMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_code_is_stored_nowhere(app: Flask) -> None:
    owner = otp.Owner(factories.customer(phone="+628111").id, "id")
    token = otp.request_code("+628111", owner, "10.0.0.1", 10)
    row = otp.find(token)
    assert row is not None
    code = otp.code_to_send(row.id)
    db.session.commit()
    connection = db.session.connection()
    for table in ("otp_challenge", "message"):
        for found in connection.exec_driver_sql(f"SELECT * FROM {table}"):
            assert all(code != str(value) and token not in str(value) for value in found)


def test_an_address_may_ask_so_often_an_hour(app: Flask, clock: FixedClock) -> None:
    for serial in range(5):
        otp.request_code(f"+62813000{serial:04d}", None, "10.0.0.9", 5)
    db.session.commit()
    try:
        otp.request_code("+628130009999", None, "10.0.0.9", 5)
        raise AssertionError("the sixth code of this address was given")
    except otp.TooManyCodes:
        db.session.rollback()
    otp.request_code("+628130009999", None, "10.0.0.8", 5)
    clock.move(minutes=61)
    otp.request_code("+628130009998", None, "10.0.0.9", 5)


def test_the_time_shown_is_the_time_enforced(app: Flask, clock: FixedClock) -> None:
    """After each code: refused one second before `resend_at`, given at it."""
    phone = "+628122222222"
    token = otp.request_code(phone, None, "10.0.0.1", 100)
    waits = []
    for _ in range(6):
        challenge = otp.find(token)
        assert challenge is not None
        free_at = otp.resend_at(challenge)
        waits.append(int((free_at - clock.wall()).total_seconds()))
        clock.at = free_at - timedelta(seconds=1)
        try:
            otp.request_code(phone, None, "10.0.0.1", 100)
            raise AssertionError("given a second too early")
        except otp.TooManyCodes as error:
            assert error.until == free_at
        clock.at = free_at
        token = otp.request_code(phone, None, "10.0.0.1", 100)
    assert waits == [60, 120, 720, 300, 120, 480]
    db.session.rollback()


def test_racing_requests_send_one_code(app: Flask) -> None:
    """T4: twenty requests at once for one number are one code and nineteen refusals."""
    owner = otp.Owner(factories.customer(phone="+628144444444").id, "id")
    barrier, outcomes = Barrier(20), []

    def ask() -> None:
        barrier.wait()
        with app.app_context():
            try:
                otp.request_code("+628144444444", owner, "10.0.0.1", 1000)
                db.session.commit()
                outcomes.append("sent")
            except otp.TooManyCodes:
                outcomes.append("refused")

    threads = [Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 19 + ["sent"]
    assert len(factories.every(OtpChallenge)) == len(factories.every(Message)) == 1


def test_an_unknown_number_rings_for_nothing(app: Flask) -> None:
    """The decoy against timing: a ring where there is no message does no harm."""
    otp.request_code("+628155555555", None, "10.0.0.1", 10)
    assert list(db.session().info["rings"]) == [(queue.DRAIN_INTERACTIVE,)]
    db.session.commit()
    assert sending.drain("interactive") == 0
    assert factories.every(Message) == []
