"""Staff logging in with a password, through HTTP; the command that makes the first one."""

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from portal.accounts.models import Staff
from portal.core.clock import FixedClock
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


def test_unknown_mail_and_wrong_password_read_the_same(visitor: StaffVisitor, siti: Staff) -> None:
    texts = []
    for email in ("siti@example.test", "nobody@example.test"):
        answer = visitor.log_in(email, "salah sekali")
        assert answer.status_code == 422
        texts.append(answer.text.split('role="alert">')[1].split("<")[0])
        assert f'value="{email}"' in answer.text and "salah sekali" not in answer.text
    assert texts[0] == texts[1] == "E-mail atau kata sandi salah."
    assert visitor.logged_in_as() is None


def test_failures_are_counted_and_lock(
    visitor: StaffVisitor, siti: Staff, clock: FixedClock
) -> None:
    for tries in range(1, 6):
        visitor.log_in(siti.email, "salah sekali")
        assert factories.fresh(Staff, siti.id).failed_logins == tries
    locked = visitor.log_in(siti.email, factories.PASSWORD)
    assert locked.status_code == 422 and "Coba lagi pukul 10.01 WIB" in locked.text
    clock.move(minutes=1)
    visitor.log_in(siti.email, factories.PASSWORD)
    assert visitor.logged_in_as() == f"staff:{siti.id}"
    assert factories.fresh(Staff, siti.id).failed_logins == 0
    assert "staff.lockout" in {entry.action for entry in factories.every(AuditEntry)}


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
    from portal.extensions import db

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
