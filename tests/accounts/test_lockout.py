"""Waiting after failures, of people and of addresses: no order of events opens a door early."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from itsdangerous import TimestampSigner

from portal.accounts import lockout, second_factor, service
from portal.accounts.models import Staff
from portal.accounts.models_sessions import LoginAddress
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from tests import factories
from tests.accounts.hands import Person, arm, code, seat


@given(st.integers(0, 10**6), st.integers(1, 50))
def test_the_wait_only_grows_and_ends_at_an_hour(failures: int, free: int) -> None:
    pause = lockout.wait(failures, free)
    assert (pause == timedelta()) == (failures < free)
    assert pause <= lockout.wait(failures + 1, free) <= timedelta(hours=1)
    if failures == free:
        assert pause == timedelta(minutes=1)


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(-90, 90), st.integers(-2, 2)), max_size=12))
def test_accepted_steps_only_go_forward(attempts: list[tuple[int, int]]) -> None:
    """Whatever the clocks do and whatever is replayed, a half minute counts at most once."""
    import pyotp

    last: int | None = None
    accepted = []
    for seconds, off in attempts:
        at = AT + timedelta(seconds=seconds)
        typed = pyotp.TOTP(SECRET).at(at.timestamp() + 30 * off)
        step = second_factor.step_of(SECRET, typed, last, at)
        if step is not None:
            assert abs(step - int(at.timestamp()) // 30) <= 1
            accepted.append(step)
            last = step
    assert accepted == sorted(set(accepted))


@given(st.text(max_size=12))
def test_no_odd_text_is_a_code(typed: str) -> None:
    if not (len("".join(typed.split())) == 6 and typed.isascii() and typed.strip().isdigit()):
        assert second_factor.step_of(SECRET, typed, None, AT) is None or typed.isascii()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.sampled_from(["wrong", "recovery", "right", "minute", "minutes"]),
        min_size=5,
        max_size=16,
    )
)
def test_a_locked_person_gets_in_by_no_way(
    app: Flask, clock: FixedClock, events: list[str]
) -> None:
    """Against a model: failures in a row, a wait that doubles, nothing opens meanwhile."""
    person = factories.staff()
    secret, codes = arm(person)
    failures, until = 0, clock.wall()
    for event in events:
        clock.move(seconds=31)  # a code of its own for each try
        if event.startswith("minute"):
            clock.move(minutes=1 if event == "minute" else 10)
            continue
        locked = failures >= 5 and clock.wall() < until
        typed = {"wrong": "000000", "right": code(secret, clock), "recovery": codes[-1]}[event]
        opened = service.second_step(person.id, typed) is not None
        db.session.commit()
        assert opened == (event != "wrong" and not locked), (event, failures)
        if opened:
            failures = 0
            codes = codes[:-1] if event == "recovery" and len(codes) > 1 else codes
            if event == "recovery" and len(codes) == 1:
                break
        elif not locked:
            failures += 1
            until = clock.wall() + lockout.wait(failures, 5)
    assert factories.fresh(Staff, person.id).failed_logins == failures


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No password fits, at once: what is tested here is what happens after that."""

    def verify(_self: PasswordHasher, _known: str, _password: str) -> bool:
        raise VerifyMismatchError

    monkeypatch.setattr(PasswordHasher, "verify", verify)


def guess(app: Flask, email: str, address: str) -> bool:
    with app.test_request_context(method="POST", environ_base={"REMOTE_ADDR": address}):
        found = service.authenticate(email, "salah") is not None
        db.session.commit()
        return found


def test_an_address_waits_whomever_it_tries(
    app: Flask, siti: Staff, clock: FixedClock, quick: None
) -> None:
    for number in range(20):
        guess(app, f"nobody{number}@example.test", "203.0.113.7")
    (row,) = factories.every(LoginAddress)
    assert (row.failures, row.locked_until) == (20, clock.wall() + timedelta(minutes=1))
    actions = [entry.action for entry in factories.every(AuditEntry)]
    assert actions == ["staff.address_lockout"]
    # Locked: nothing is counted, for nobody, and not for the person who is tried.
    guess(app, siti.email, "203.0.113.7")
    assert factories.every(LoginAddress)[0].failures == 20
    assert factories.fresh(Staff, siti.id).failed_logins == 0
    guess(app, siti.email, "203.0.113.8")
    assert factories.fresh(Staff, siti.id).failed_logins == 1


def test_a_locked_address_opens_nothing_and_says_the_same(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    secret, _codes = arm(siti)
    visitor = Person(app)
    wrong = visitor.log_in("nobody@example.test", "salah").text
    at, until = clock.wall(), clock.wall() + timedelta(minutes=1)
    db.session.query(LoginAddress).update({"failures": 20, "failed_at": at, "locked_until": until})
    db.session.commit()
    locked = visitor.log_in("nobody@example.test", factories.PASSWORD).text
    alert = 'role="alert">'
    assert wrong.split(alert)[1].split("<")[0] == locked.split(alert)[1].split("<")[0]
    assert visitor.log_in(siti.email, factories.PASSWORD).status_code == 422
    with app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        assert service.second_step(siti.id, code(secret, clock)) is None
        assert not service.proves(siti.id, "", code(secret, clock))
        db.session.rollback()
    clock.move(minutes=1)
    assert visitor.log_in(siti.email, factories.PASSWORD).status_code == 303


def test_an_address_is_forgotten_after_a_quiet_day(
    app: Flask, clock: FixedClock, quick: None
) -> None:
    for _guess in range(19):
        guess(app, "nobody@example.test", "2001:db8:1:2::5")
    guess(app, "nobody@example.test", "2001:db8:1:2:ffff::9")
    (row,) = factories.every(LoginAddress)
    assert (row.address, row.failures) == ("2001:db8:1:2::/64", 20)
    clock.move(days=1)
    guess(app, "nobody@example.test", "2001:db8:1:2::5")
    assert factories.every(LoginAddress)[0].failures == 1
    assert guess(app, "nobody@example.test", "unknown") is False


def test_the_right_password_does_not_reset_what_the_code_counts(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    """Else whoever has the password could guess codes for ever."""
    arm(siti)
    visitor = Person(app)
    for tries in range(1, 5):
        visitor.page("/admin/login")
        if tries % 2:
            visitor.post("/admin/login", email=siti.email, password=factories.PASSWORD)
        visitor.page("/admin/login/code")
        assert visitor.post("/admin/login/code", code="000000").status_code == 422
        assert factories.fresh(Staff, siti.id).failed_logins == tries


def shut(staff: Staff, clock: FixedClock) -> None:
    """Strangers guessed until the person waits, and from this address too."""
    until = clock.wall() + timedelta(minutes=60)
    about = {"failures": 30, "failed_at": clock.wall(), "locked_until": until}
    db.session.query(LoginAddress).filter_by(address="127.0.0.1").delete()
    db.session.add(LoginAddress(address="127.0.0.1", **about))
    row = {"failed_logins": 12, "locked_until": until}
    db.session.query(Staff).filter_by(id=staff.id).update(row)
    db.session.commit()


def known(app: Flask, staff: Staff) -> Person:
    """A browser this person logged in with, and out again."""
    visitor = Person(app)
    assert visitor.log_in(staff.email, factories.PASSWORD).status_code == 303
    visitor.page("/admin/account")
    visitor.post("/admin/logout")
    assert visitor.identity() == ""
    return visitor


def test_strangers_do_not_shut_out_whom_they_guess(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    """Else one guess an hour would keep an owner away for good."""
    visitor = known(app, siti)
    shut(siti, clock)
    assert Person(app).log_in(siti.email, factories.PASSWORD).status_code == 422
    assert visitor.log_in(siti.email, factories.PASSWORD).status_code == 303


def test_a_known_browser_waits_for_its_own_failures(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    visitor = known(app, siti)
    for _guess in range(5):
        assert visitor.log_in(siti.email, "salah").status_code == 422
    assert factories.fresh(Staff, siti.id).failed_logins == 5, "elsewhere it counts as well"
    assert visitor.log_in(siti.email, factories.PASSWORD).status_code == 422
    clock.move(minutes=1)
    assert visitor.log_in(siti.email, factories.PASSWORD).status_code == 303
    assert {row.failures for row in factories.every(LoginAddress)} == {0, 5}


def test_in_a_known_browser_the_password_does_not_reset_what_the_code_counts(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    visitor = known(app, siti)
    secret, _codes = arm(siti)
    shut(siti, clock)
    for _guess in range(5):
        assert visitor.log_in(siti.email, factories.PASSWORD).status_code == 303
        visitor.page("/admin/login/code")
        assert visitor.post("/admin/login/code", code="000000").status_code == 422
    typed = code(secret, clock)
    assert visitor.post("/admin/login/code", code=typed).status_code == 422
    clock.move(minutes=1)
    assert visitor.post("/admin/login/code", code=code(secret, clock)).status_code == 303


@pytest.mark.parametrize("why", ["another person", "a new password", "too old", "made up"])
def test_a_browser_is_not_known(app: Flask, siti: Staff, clock: FixedClock, why: str) -> None:
    other = factories.staff("ani@example.test")
    with pytest.MonkeyPatch.context() as patch:
        if why == "too old":  # signatures have a clock of their own
            signed = int(time.time()) - 181 * 86400
            patch.setattr(TimestampSigner, "get_timestamp", lambda _self: signed)
        visitor = known(app, other if why == "another person" else siti)
    if why == "a new password":
        row = db.session.get_one(Staff, siti.id)
        row.password_hash = PasswordHasher().hash(factories.PASSWORD)
        db.session.commit()
    if why == "made up":
        visitor.client.set_cookie("loket_known", "WzFd.x.y", path="/admin/login")
    shut(siti, clock)
    assert visitor.log_in(siti.email, factories.PASSWORD).status_code == 422


def test_who_is_logged_in_proves_it_whatever_strangers_do(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    visitor = seat(app, siti)
    visitor.page("/admin/account")
    clock.move(minutes=11)
    shut(siti, clock)
    form = {"next": "/admin/account/totp"}
    url = "/admin/account/confirm?next=/admin/account/totp"
    assert visitor.post(url, _password="salah", **form).status_code == 422
    assert visitor.post(url, _password=factories.PASSWORD, **form).status_code == 303
    clock.move(minutes=11)
    for _guess in range(5):
        assert visitor.post(url, _password="salah", **form).status_code == 422
    assert visitor.post(url, _password=factories.PASSWORD, **form).status_code == 422


def test_for_an_address_that_waits_no_password_is_verified(
    app: Flask, siti: Staff, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verifying is slow on purpose; asking is quick."""
    visitor = known(app, siti)
    shut(siti, clock)
    verified: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, known: str, typed: str) -> bool:
        verified.append(typed)
        return bool(verify(self, known, typed))

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    for email in (siti.email, "nobody@example.test"):
        assert Person(app).log_in(email, factories.PASSWORD).status_code == 422
    assert verified == []
    assert visitor.log_in(siti.email, factories.PASSWORD).status_code == 303
    assert verified == [factories.PASSWORD]
