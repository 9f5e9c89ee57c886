"""Everybody's own account: name, e-mail, password, devices; nobody else's."""

import pytest
from flask import Flask

from jobs.schedule import BY_NAME, run_now
from portal.accounts import passwords, sessions
from portal.accounts.models import Staff
from portal.accounts.models_sessions import LoginAddress, SessionRow
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.health import checks
from portal.infra.audit import AuditEntry
from portal.settings import service as settings
from tests import factories
from tests.accounts.hands import Person, arm, code, seat
from tests.visitor import target

PAGE = "/admin/account"
NEW = "empat kata yang baru"


@pytest.mark.parametrize("role", ["owner", "finance", "support", "technician", "collector"])
def test_everybody_has_one(app: Flask, role: str) -> None:
    person = factories.staff("ani@example.test", role=role)
    page = seat(app, person).page(PAGE)
    assert page.status_code == 200 and "ani@example.test" in page.text
    assert "Perangkat ini" in page.text


def test_another_name_and_e_mail(app: Flask, siti: Staff) -> None:
    factories.staff("ani@example.test")
    visitor, other = seat(app, siti), seat(app, siti)
    visitor.page(PAGE)
    for form, said in (
        ({"name": "", "email": "siti@example.test"}, "Isi nama"),
        ({"name": "Siti", "email": "siti"}, "tidak sah"),
        ({"name": "Siti", "email": "ANI@example.test"}, "sudah dipakai"),
    ):
        answer = visitor.post(PAGE, **form)
        assert answer.status_code == 422 and said in answer.text
    assert target(visitor.post(PAGE, name="Siti Baru", email="siti@example.test")) == PAGE
    assert other.page(PAGE).status_code == 200, "a name ends nothing"
    before = visitor.identity()
    assert target(visitor.post(PAGE, name="Siti Baru", email="siti2@example.test")) == PAGE
    assert visitor.page(PAGE).status_code == 200 and visitor.identity() != before
    assert other.page(PAGE).status_code == 303
    row = factories.fresh(Staff, siti.id)
    assert (row.name, row.email) == ("Siti Baru", "siti2@example.test")
    changes = [one for one in factories.every(AuditEntry) if one.action == "staff.change"]
    assert changes[-1].before == {"email": "siti@example.test"}


def test_role_and_others_are_not_changed_here(app: Flask, siti: Staff) -> None:
    ani = factories.staff("ani@example.test", role="support")
    hers = seat(app, ani)
    hers.page(PAGE)
    hers.post(PAGE, name="Ani", email="ani@example.test", role="owner", id=str(siti.id))
    assert factories.fresh(Staff, ani.id).role == "support"
    assert factories.fresh(Staff, siti.id).name == siti.name


def test_another_password(app: Flask, siti: Staff) -> None:
    visitor, other = seat(app, siti), seat(app, siti)
    visitor.page(PAGE)
    good = {"old": factories.PASSWORD, "new": NEW, "again": NEW}
    for wrong, said in (
        ({"new": "pendek", "again": "pendek"}, "paling sedikit 8"),
        ({"again": NEW + "x"}, "tidak sama"),
        ({"old": "salah sekali"}, "Itu tidak cocok"),
    ):
        answer = visitor.post(f"{PAGE}/password", **(good | wrong))
        assert answer.status_code == 422 and said in answer.text and NEW not in answer.text
    assert factories.fresh(Staff, siti.id).failed_logins == 1
    answer = visitor.post(f"{PAGE}/password", **good)
    assert target(answer) == PAGE and "Kekuatan: Kuat." in visitor.page(PAGE).text
    assert other.page(PAGE).status_code == 303
    assert target(Person(app).log_in(siti.email, NEW)).rstrip("/") == "/admin"
    said = [one for one in factories.every(AuditEntry) if one.action == "staff.password"]
    assert len(said) == 1 and NEW not in str(said[0].after)


def test_what_is_said_while_typing(app: Flask, siti: Staff) -> None:
    visitor = seat(app, siti, hx=True)
    visitor.page(PAGE)
    answer = visitor.post(f"{PAGE}/password/strength", new="rahasia123")
    assert "pertama dicoba orang" in answer.text and "rahasia123" not in answer.text
    assert "<form" not in answer.text
    plain = seat(app, siti)
    plain.page(PAGE)
    assert target(plain.post(f"{PAGE}/password/strength", new="x")) == PAGE


PASSWORDS = [
    ("pendek1", False),
    ("x" * 201, False),
    ("aaaaaaaabbb", False),
    ("Rahasia-2026!", False),
    ("1234567890", False),
    ("84301957263019", True),
    ("siti12345", False),
    ("example.test", False),
    ("kuda lari jauh", True),
    ("パスワードは長いです", True),
]


def test_which_passwords_will_do(app: Flask) -> None:
    about = ("Siti Pemilik", "siti@example.test")
    for password, fine in PASSWORDS:
        judged = passwords.strength(password, about)
        assert judged.fine == fine and judged.sentence, password


def test_devices_end_one_by_one_or_all_others(app: Flask, siti: Staff) -> None:
    ani = factories.staff("ani@example.test")
    visitor, second, third, hers = (seat(app, who) for who in (siti, siti, siti, ani))
    ids = {row.id: row.person_id for row in factories.every(SessionRow)}
    visitor.page(PAGE)
    foreign = next(session_id for session_id, person in ids.items() if person == ani.id)
    visitor.post(f"{PAGE}/devices/{foreign}/end")
    assert hers.page(PAGE).status_code == 200
    own = [session_id for session_id, person in ids.items() if person == siti.id]
    visitor.post(f"{PAGE}/devices/{own[1]}/end")
    assert (second.page(PAGE).status_code, third.page(PAGE).status_code) == (303, 200)
    visitor.post(f"{PAGE}/devices/end-others")
    assert third.page(PAGE).status_code == 303
    assert visitor.page(PAGE).status_code == hers.page(PAGE).status_code == 200


def test_settings_of_logging_in_ask_first(app: Flask, siti: Staff, clock: FixedClock) -> None:
    """Whoever finds a desk left alone cannot make it stay open."""
    secret, _codes = arm(siti)
    visitor = seat(app, siti)
    clock.move(minutes=11)
    visitor.page("/admin/settings?group=login")
    form = {"group": "login", "login.codes_per_ip_hour": "60", "login.customer_days": "60"}
    form |= {"login.staff_idle_minutes": "1440", "login.staff_hours": "12"}
    asked = visitor.post("/admin/settings", **form)
    assert asked.status_code == 422 and settings.integer("login.staff_idle_minutes") == 30
    db.session.rollback()
    kept = asked.text.split('name="_kept" value="')[1].split('"')[0]
    visitor.post("/admin/settings", _kept=kept, _code=code(secret, clock))
    with app.app_context():
        assert settings.integer("login.staff_idle_minutes") == 1440
        db.session.rollback()


def test_the_night_forgets_what_is_over(app: Flask, siti: Staff, clock: FixedClock) -> None:
    seat(app, siti)
    db.session.add(LoginAddress(address="203.0.113.7", failures=3, failed_at=clock.wall()))
    db.session.commit()
    clock.move(hours=23)
    run_now(BY_NAME["forget_logins"])
    assert [row.failures for row in factories.every(LoginAddress)] == [3]
    assert factories.every(SessionRow) == []
    clock.move(hours=1)
    run_now(BY_NAME["forget_logins"])
    assert factories.every(LoginAddress) == []


def test_the_doctor_hints_at_owners_without_a_code(app: Flask, siti: Staff) -> None:
    factories.staff("ani@example.test")
    factories.staff("rina@example.test", role="finance")
    arm(siti)
    found = checks.second_factors()
    db.session.rollback()
    assert found.level == "ok" and found.sentence.startswith("1 of 2 owners")


def test_nothing_of_a_session_is_open_to_a_customer(app: Flask, siti: Staff) -> None:
    budi = factories.customer()
    his = seat(app, budi)
    his.page("/me/profile")
    (row,) = factories.every(SessionRow)
    assert row.kind == sessions.CUSTOMER
    assert target(his.page(PAGE)).startswith("/admin/login")


@pytest.mark.parametrize(
    ("field", "typed"), [("name", "S" * 121), ("email", "s" * 180 + "@example.test")]
)
def test_what_is_too_long_to_keep_is_said(app: Flask, siti: Staff, field: str, typed: str) -> None:
    """PostgreSQL refuses it, and that was an error of ours."""
    visitor = seat(app, siti)
    visitor.page("/admin/account")
    form = {"name": "Siti", "email": siti.email, field: typed}
    answer = visitor.post("/admin/account", **form)
    assert answer.status_code == 422 and "Paling banyak" in answer.text
    about = {"name": form["name"], "email": form["email"], "role": "support"}
    assert visitor.post("/admin/staff/new", **about).status_code == 422
    assert [(row.name, row.email) for row in factories.every(Staff)] == [(siti.name, siti.email)]
