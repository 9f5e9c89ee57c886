"""Staff logging in with a password, through HTTP; the command that makes the first one."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from flask import Flask
from flask.testing import FlaskCliRunner

from portal.accounts import service
from portal.accounts.models import Staff
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from tests import factories
from tests.visitor import Visitor, target


class StaffVisitor(Visitor):
    """The staff cookie is another one, for /admin only."""

    def logged_in_as(self) -> str | None:
        with self.client.session_transaction("/admin/") as session:
            identity: str | None = session.get("_user_id")
        return identity.rsplit(":", 1)[0] if identity else None

    def log_in(self, email: str, password: str, query: str = ""):  # type: ignore[no-untyped-def]
        self.page("/admin/login" + query)
        return self.post("/admin/login" + query, email=email, password=password)


@pytest.fixture(params=[False, True], ids=["click", "htmx"])
def visitor(request: pytest.FixtureRequest, app: Flask) -> StaffVisitor:
    return StaffVisitor(app, hx=request.param)


@pytest.fixture
def siti(app: Flask) -> Staff:
    return factories.staff("siti@example.test")


def test_password_opens_the_admin_area(visitor: StaffVisitor, siti: Staff) -> None:
    answer = visitor.log_in(" SITI@example.test ", factories.PASSWORD)
    assert target(answer).rstrip("/") == "/admin"
    assert visitor.logged_in_as() == f"staff:{siti.id}"
    assert visitor.client.get_cookie("loket_staff", path="/admin") is not None
    assert target(visitor.get("/admin/login")).rstrip("/") == "/admin"


def refused(visitor: StaffVisitor, email: str, password: str) -> str:
    """What the page says to a login it refuses, and with which status."""
    answer = visitor.log_in(email, password)
    assert f'value="{email}"' in answer.text and password not in answer.text
    assert visitor.logged_in_as() is None
    sentence = answer.text.split('role="alert">')[1].split("<")[0]
    return f"{answer.status_code} {sentence}"


def test_nothing_tells_whether_a_mail_is_known(visitor: StaffVisitor, siti: Staff) -> None:
    said = {
        refused(visitor, email, "salah sekali")
        for email in (siti.email, "nobody@example.test")
        for _ in range(7)
    }
    assert factories.fresh(Staff, siti.id).locked_until is not None
    said.add(refused(visitor, siti.email, factories.PASSWORD))
    (only,) = said
    assert only.startswith("422 E-mail atau kata sandi salah. Sesudah lima kali")


def test_failures_are_counted_and_lock(
    visitor: StaffVisitor, siti: Staff, clock: FixedClock
) -> None:
    for tries in range(1, 6):
        visitor.log_in(siti.email, "salah sekali")
        assert factories.fresh(Staff, siti.id).failed_logins == tries
    refused(visitor, siti.email, factories.PASSWORD)
    assert factories.fresh(Staff, siti.id).failed_logins == 5
    clock.move(minutes=1)
    visitor.log_in(siti.email, factories.PASSWORD)
    assert visitor.logged_in_as() == f"staff:{siti.id}"
    assert factories.fresh(Staff, siti.id).failed_logins == 0
    assert "staff.lockout" in {entry.action for entry in factories.every(AuditEntry)}


def test_many_guesses_at_once_are_no_more_than_five(
    app: Flask, siti: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are verified before the first is counted."""
    everybody = threading.Barrier(8, timeout=30)

    def verify(_self: PasswordHasher, _known: str, _password: str) -> bool:
        everybody.wait()
        raise VerifyMismatchError

    def guess(email: str) -> bool:
        with app.app_context():
            found = service.authenticate(email, "salah")
            db.session.commit()
            return found is not None

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(guess, [siti.email] * 8))
    assert factories.fresh(Staff, siti.id).failed_logins == 5


def test_nobody_waits_for_a_password_to_be_verified(
    app: Flask, siti: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify(_self: PasswordHasher, _known: str, _password: str) -> bool:
        with db.engine.connect() as other:
            other.exec_driver_sql("UPDATE staff SET name = 'Siti'")
            other.commit()
        return True

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    assert service.authenticate(siti.email, "apa saja") is not None
    db.session.commit()
    assert factories.fresh(Staff, siti.id).name == "Siti"


def test_a_weak_hash_is_renewed_at_login(visitor: StaffVisitor, siti: Staff) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(factories.PASSWORD)
    db.session.get_one(Staff, siti.id).password_hash = weak
    db.session.commit()
    visitor.log_in(siti.email, factories.PASSWORD)
    assert visitor.logged_in_as() == f"staff:{siti.id}"
    renewed = factories.fresh(Staff, siti.id).password_hash
    assert renewed != weak and PasswordHasher().verify(renewed, factories.PASSWORD)


@pytest.mark.parametrize(
    ("query", "goes_to"),
    [
        ("?next=/admin/customers", "/admin/customers"),
        ("?next=https://evil.example", "/admin"),
        ("?next=//evil.example", "/admin"),
        ("?next=/%5Cevil.example", "/admin"),
        ("?next=%5C%5Cevil.example", "/admin"),
    ],
)
def test_next_stays_here(app: Flask, siti: Staff, query: str, goes_to: str) -> None:
    answer = StaffVisitor(app).log_in(siti.email, factories.PASSWORD, query)
    assert target(answer).rstrip("/") == goes_to


def test_a_new_session_at_login(app: Flask, siti: Staff) -> None:
    visitor = StaffVisitor(app)
    visitor.page("/admin/login")
    with visitor.client.session_transaction("/admin/") as session:
        session["planted"] = "x"
        before = session["csrf_token"]
    visitor.log_in(siti.email, factories.PASSWORD)
    with visitor.client.session_transaction("/admin/") as session:
        assert "planted" not in session and session.get("csrf_token") != before


def test_leaving(visitor: StaffVisitor, siti: Staff) -> None:
    visitor.page("/admin/login")
    factories.log_in(visitor.client, siti)
    assert visitor.client.get("/admin/logout").status_code == 405
    assert target(visitor.post("/admin/logout")) == "/admin/login"
    assert visitor.logged_in_as() is None


def test_a_switched_off_person_is_out(app: Flask, siti: Staff) -> None:
    db.session.get_one(Staff, siti.id).active = False
    db.session.commit()
    visitor = StaffVisitor(app)
    assert visitor.log_in(siti.email, factories.PASSWORD).status_code == 422
    factories.log_in(visitor.client, siti)
    assert target(visitor.page("/admin")).startswith("/admin/login")


def test_create_from_the_command_line(runner: FlaskCliRunner) -> None:
    asked = runner.invoke(
        args=["staff", "create", "--email", "Budi@Example.test", "--role", "support"],
        input="panjang sekali\npanjang sekali\n",
    )
    assert asked.exit_code == 0, asked.output
    assert "panjang" not in asked.output
    piped = runner.invoke(
        args=["staff", "create", "--email", "ani@example.test", "--password-stdin"],
        input="panjang sekali\n",
    )
    assert piped.exit_code == 0, piped.output
    assert [(p.email, p.role) for p in factories.every(Staff)] == [
        ("budi@example.test", "support"),
        ("ani@example.test", "owner"),
    ]


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("budi", "panjang sekali", "Alamat e-mail"),
        ("budi@example.test", "pendek", "paling sedikit 8"),
        ("siti@example.test", "panjang sekali", "sudah dipakai"),
    ],
)
def test_the_command_says_what_is_wrong(
    runner: FlaskCliRunner, siti: Staff, email: str, password: str, sentence: str
) -> None:
    answer = runner.invoke(
        args=["staff", "create", "--email", email, "--password-stdin"], input=password + "\n"
    )
    assert answer.exit_code == 1 and sentence in answer.output
    assert len(factories.every(Staff)) == 1
