"""The second factor: setting it up, logging in with it, recovery codes, losing the phone."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from flask import Flask

from portal.accounts import second_factor, service
from portal.accounts.models import Staff
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from tests import factories
from tests.accounts.hands import Person, arm, code, seat
from tests.visitor import target


def audited() -> list[str]:
    return [entry.action for entry in factories.every(AuditEntry)]


def set_up(visitor: Person, clock: FixedClock) -> tuple[str, list[str]]:
    """Through the pages: the secret the page shows, a code of it, the codes shown once."""
    shown = visitor.page("/admin/account/totp").text
    secret = re.findall(r'class="secret">([A-Z2-7 ]+)<', shown)[0].replace(" ", "")
    answer = visitor.post("/admin/account/totp", code=code(secret, clock))
    assert answer.status_code == 200, answer.text
    return secret, re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)


def test_setting_up_and_logging_in(app: Flask, siti: Staff, clock: FixedClock) -> None:
    visitor, other = seat(app, siti), seat(app, siti)
    secret, codes = set_up(visitor, clock)
    row = factories.fresh(Staff, siti.id)
    assert row.totp_secret == secret and row.totp_since == clock.wall()
    assert len(set(codes)) == 10
    assert visitor.page("/admin/account").status_code == 200
    assert other.page("/admin/account").status_code == 303
    assert "staff.totp_on" in audited()

    clock.move(seconds=30)
    fresh = Person(app)
    answer = fresh.log_in(siti.email, factories.PASSWORD)
    assert target(answer) == "/admin/login/code" and fresh.identity() == ""
    assert fresh.page("/admin/account").status_code == 303
    fresh.page("/admin/login/code")
    assert target(fresh.post("/admin/login/code", code=code(secret, clock))).rstrip("/") == "/admin"
    assert fresh.identity().startswith(f"staff:{siti.id}:")
    assert audited()[-1] == "staff.login"


def test_the_secret_is_encrypted_and_nowhere_else(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    visitor = seat(app, siti)
    secret, codes = set_up(visitor, clock)
    stored = db.session.connection().exec_driver_sql("SELECT totp_secret FROM staff").scalar()
    hashes = db.session.connection().exec_driver_sql("SELECT code_hash FROM recovery_code").all()
    log = db.session.connection().exec_driver_sql("SELECT * FROM audit_log").all()
    db.session.rollback()
    assert secret.encode() not in bytes(stored)
    for text in (str(hashes), str(log), visitor.page("/admin/account").text):
        assert secret not in text
        assert not any(one in text for one in codes)


def test_the_app_must_fit_before_it_counts(app: Flask, siti: Staff, clock: FixedClock) -> None:
    visitor = seat(app, siti)
    page = visitor.page("/admin/account/totp").text
    for wrong in ("000000", "", "abcdef", "12345", "１２３４５６"):
        answer = visitor.post("/admin/account/totp", code=wrong)
        assert answer.status_code == 422 and "tidak cocok" in answer.text
        # The code on the screen is still the one that was scanned.
        assert re.findall('base64,([^"]+)', answer.text) == re.findall('base64,([^"]+)', page)
    assert factories.fresh(Staff, siti.id).totp_since is None
    without = seat(app, siti)
    without.page("/admin/account")
    assert target(without.post("/admin/account/totp", code="1")) == "/admin/account/totp"


def test_another_phone_replaces_the_old_one_only_when_it_works(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    old, codes = arm(siti)
    visitor = seat(app, siti)
    visitor.page("/admin/account/totp")
    visitor.post("/admin/account/totp", code="000000")
    assert factories.fresh(Staff, siti.id).totp_secret == old
    new, renewed = set_up(visitor, clock)
    assert factories.fresh(Staff, siti.id).totp_secret == new != old
    assert not set(codes) & set(renewed)


def test_what_the_qr_code_says(app: Flask) -> None:
    parts = urlsplit(second_factor.address_of("JBSWY3DPEHPK3PXP" * 2, "a@b.test", "Nusa & Link"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query) == {"secret": ["JBSWY3DPEHPK3PXP" * 2], "issuer": ["Nusa & Link"]}


@pytest.mark.parametrize(
    ("early", "opens"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)]
)
def test_a_phones_clock_may_be_half_a_minute_wrong(
    app: Flask, siti: Staff, clock: FixedClock, early: int, opens: bool
) -> None:
    secret, _codes = arm(siti)
    typed = pyotp.TOTP(secret).at(clock.wall().timestamp() + early)
    assert (service.second_step(siti.id, f" {typed[:3]} {typed[3:]} ") is not None) == opens
    db.session.rollback()


def test_a_code_opens_once(app: Flask, siti: Staff, clock: FixedClock) -> None:
    """Nor does an older one after a newer, as somebody who looked on would try."""
    secret, _codes = arm(siti)
    before, now = pyotp.TOTP(secret).at(clock.wall().timestamp() - 30), code(secret, clock)
    assert service.second_step(siti.id, now) is not None
    db.session.commit()
    for replay in (now, before):
        assert service.second_step(siti.id, replay) is None
        db.session.commit()
    clock.move(seconds=30)
    assert service.second_step(siti.id, code(secret, clock)) is not None
    db.session.rollback()


def at_once(app: Flask, many: int, act: Callable[[], bool]) -> int:
    """How many of so many at once succeeded, each in a transaction of its own."""
    everybody = threading.Barrier(many, timeout=30)

    def one(_number: int) -> bool:
        with app.app_context():
            everybody.wait()
            done = act()
            db.session.commit()
            return done

    db.session.rollback()
    with ThreadPoolExecutor(many) as pool:
        return sum(pool.map(one, range(many)))


def test_one_code_typed_twice_at_once_opens_once(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    secret, codes = arm(siti)
    for typed in (code(secret, clock), codes[0]):
        assert at_once(app, 4, lambda typed=typed: bool(service.second_step(siti.id, typed))) == 1  # type: ignore[misc]
        db.session.get_one(Staff, siti.id).failed_logins = 0
        db.session.commit()
    assert second_factor.left(siti.id) == 9


def test_the_guards_hold_without_the_rows_lock(app: Flask, siti: Staff, clock: FixedClock) -> None:
    """Two who both read the row before either wrote: the UPDATE decides."""
    secret, codes = arm(siti)
    stale = factories.fresh(Staff, siti.id)
    staff = db.session.get_one(Staff, siti.id)
    assert second_factor.spend_code(staff, code(secret, clock))
    assert second_factor.spend_recovery(staff, codes[0])
    db.session.commit()
    db.session.expunge_all()
    db.session.add(stale)
    stale.__dict__["totp_step"] = 0
    assert not second_factor.spend_code(stale, code(secret, clock))
    assert not second_factor.spend_recovery(stale, codes[0])
    db.session.rollback()


def test_a_recovery_code_opens_once_however_typed(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    _secret, codes = arm(siti)
    visitor = Person(app)
    visitor.log_in(siti.email, factories.PASSWORD)
    visitor.page("/admin/login/code")
    answer = visitor.post("/admin/login/code", code=codes[3].upper().replace("-", " "))
    assert target(answer).rstrip("/") == "/admin"
    assert second_factor.left(siti.id) == 9
    assert "staff.recovery_code" in audited()
    assert service.second_step(siti.id, codes[3]) is None
    db.session.rollback()
    ani = factories.staff("ani@example.test")
    arm(ani)
    assert service.second_step(ani.id, codes[4]) is None, "somebody else's code"
    db.session.rollback()


def test_recovery_codes_as_a_file_and_new_ones(app: Flask, siti: Staff, clock: FixedClock) -> None:
    visitor = seat(app, siti)
    _secret, codes = set_up(visitor, clock)
    answer = visitor.post("/admin/account/totp/codes")
    renewed = re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)
    assert len(renewed) == 10 and not set(codes) & set(renewed)
    assert service.second_step(siti.id, codes[0]) is None
    db.session.rollback()
    sealed = re.findall(r'name="sealed" value="([^"]+)"', answer.text)[0]
    assert not any(one in sealed for one in renewed)
    file = visitor.post("/admin/account/totp/codes.txt", sealed=sealed)
    assert file.headers["Content-Disposition"] == "attachment; filename=kode-pemulihan.txt"
    assert all(one in file.text for one in renewed) and siti.email in file.text
    ani = seat(app, factories.staff("ani@example.test"))
    ani.page("/admin/account")
    assert ani.post("/admin/account/totp/codes.txt", sealed=sealed).status_code == 400
    assert visitor.post("/admin/account/totp/codes.txt", sealed="x").status_code == 400
    assert visitor.client.get("/admin/account/totp/codes").status_code == 405


def test_the_first_step_is_worth_five_minutes_and_one_password(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    secret, _codes = arm(siti)
    visitor, slow = Person(app), Person(app)
    for one in (visitor, slow):
        one.log_in(siti.email, factories.PASSWORD)
        one.page("/admin/login/code")
    clock.move(minutes=4)
    db.session.get_one(Staff, siti.id).password_hash += "x"
    db.session.commit()
    assert target(visitor.post("/admin/login/code", code=code(secret, clock))) == "/admin/login"
    clock.move(minutes=1)
    assert target(slow.page("/admin/login/code")) == "/admin/login"
    assert target(Person(app).page("/admin/login/code")) == "/admin/login"


def test_the_way_on_survives_both_steps(app: Flask, siti: Staff, clock: FixedClock) -> None:
    secret, _codes = arm(siti)
    visitor = Person(app)
    visitor.page("/admin/login?next=/admin/plans")
    query = {"next": "/admin/plans"}
    data = {"email": siti.email, "password": factories.PASSWORD, "csrf_token": visitor.token}
    answer = visitor.client.post("/admin/login", query_string=query, data=data)
    assert target(answer) == "/admin/login/code?next=/admin/plans"
    visitor.page(target(answer))
    data = {"code": code(secret, clock), "csrf_token": visitor.token}
    answer = visitor.client.post("/admin/login/code", query_string=query, data=data)
    assert target(answer) == "/admin/plans"
