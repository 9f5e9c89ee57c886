"""Asking again before what is delicate: when, with what, and that nothing typed is lost."""

import re
from typing import Any

import pytest
from flask import Flask, request
from flask_login import login_user
from werkzeug.test import TestResponse

from portal.accounts import door, service, sessions
from portal.accounts.models import Staff
from portal.accounts.models_sessions import SessionRow
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.web.access import staff
from portal.web.htmx import go
from tests import factories
from tests.accounts.hands import Person, arm, code, seat
from tests.visitor import target

URL = "/admin/delicate?step=2"


@pytest.fixture
def done(app: Flask) -> list[Any]:
    """A delicate view and what reached it."""
    reached: list[Any] = []

    @staff("settings", fresh=True)
    def delicate() -> Any:
        form = request.form.to_dict(flat=False)
        form.pop("csrf_token", None)
        reached.append((request.args.get("step"), form))
        return go("/admin/plans")

    app.add_url_rule("/admin/delicate", "delicate", delicate, methods=["GET", "POST"])
    return reached


@pytest.fixture
def late(app: Flask, siti: Staff, clock: FixedClock, done: list[Any]) -> tuple[Person, str]:
    """The owner, eleven minutes after logging in; and the secret of the owner's app."""
    secret, _codes = arm(siti)
    visitor = seat(app, siti)
    clock.move(minutes=11)
    visitor.page("/admin/plans")
    return visitor, secret


def kept(answer: TestResponse) -> str:
    return re.findall(r'name="_kept" value="([^"]+)"', answer.text)[0]


def test_nobody_is_asked_right_after_logging_in(
    app: Flask, siti: Staff, clock: FixedClock, done: list[Any]
) -> None:
    visitor = seat(app, siti)
    visitor.page("/admin/plans")
    clock.move(minutes=9)
    assert target(visitor.post(URL, a="1")) == "/admin/plans"
    assert done == [("2", {"a": ["1"]})]


def test_what_was_typed_goes_through_afterwards(
    late: tuple[Person, str], clock: FixedClock, done: list[Any]
) -> None:
    visitor, secret = late
    typed = {"key": "kunci rahasia API", "words": "a\r\nb “c” <b>", "csrf_token": visitor.token}
    many = {**typed, "box": ["1", "2"], "empty": ""}
    asked = visitor.client.post(URL, data=many)
    assert asked.status_code == 422 and done == []
    assert "kunci rahasia API" not in asked.text, "a secret does not go into the page"
    assert 'action="/admin/delicate?step=2"' in asked.text
    visitor._seen(asked)
    answer = visitor.post(URL, _kept=kept(asked), _code=code(secret, clock))
    assert target(answer) == "/admin/plans"
    words = {"key": ["kunci rahasia API"], "words": ["a\r\nb “c” <b>"]}
    assert done == [("2", {**words, "box": ["1", "2"], "empty": [""]})]
    # And it counts for the next ten minutes.
    clock.move(minutes=9)
    assert target(visitor.post(URL, b="2")) == "/admin/plans"
    assert done[-1] == ("2", {"b": ["2"]})


def test_the_password_will_do_too(late: tuple[Person, str], done: list[Any]) -> None:
    visitor, _secret = late
    asked = visitor.post(URL, a="1")
    wrong = visitor.post(URL, _kept=kept(asked), _password="salah sekali")
    assert wrong.status_code == 422 and "Itu tidak cocok" in wrong.text and done == []
    visitor.post(URL, _kept=kept(wrong), _password=factories.PASSWORD)
    assert done == [("2", {"a": ["1"]})]


def test_a_fragment_is_asked_in_place_of_the_page(
    late: tuple[Person, str], clock: FixedClock, done: list[Any]
) -> None:
    """Its form is a plain one: the answer is what a click would have brought."""
    visitor, secret = late
    asked = visitor.client.post(
        URL,
        data={"a": "1", "csrf_token": visitor.token},
        headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/admin/plans?page=2"},
    )
    assert asked.status_code == 422
    assert asked.headers["HX-Retarget"] == "#content"
    assert asked.headers["HX-Reswap"].startswith("innerHTML")
    assert "<html" not in asked.text and "hx-post" not in asked.text
    assert 'href="/admin/plans?page=2"' in asked.text
    visitor.post(URL, _kept=kept(asked), _code=code(secret, clock))
    assert done == [("2", {"a": ["1"]})]


def test_a_page_that_is_only_read_is_opened_afterwards(
    late: tuple[Person, str], clock: FixedClock, done: list[Any]
) -> None:
    visitor, secret = late
    asked = visitor.page(URL)
    assert asked.status_code == 422 and "_kept" not in asked.text
    where = re.findall(r'<form method="post" action="(/admin/account/confirm[^"]+)"', asked.text)[0]
    wrong = visitor.post(where, _code="000000")
    assert wrong.status_code == 422 and where in wrong.text
    answer = visitor.post(where, _code=code(secret, clock))
    assert target(answer) == URL and done == []
    visitor.page(URL)
    assert len(done) == 1
    evil = "/admin/account/confirm?next=https://evil.example"
    clock.move(seconds=30)
    assert target(visitor.post(evil, _code=code(secret, clock))) == "/admin"


def test_what_is_kept_is_of_this_session_address_and_hour(
    app: Flask, late: tuple[Person, str], siti: Staff, clock: FixedClock, done: list[Any]
) -> None:
    visitor, secret = late
    sealed = kept(visitor.post(URL, a="1"))
    other = seat(app, siti)
    other.page("/admin/plans")
    for browser, url, blob in (
        (other, URL, sealed),
        (visitor, "/admin/delicate?step=3", sealed),
        (visitor, URL, sealed[:-4]),
        (visitor, URL, "x"),
    ):
        answer = browser.post(url, _kept=blob, _password=factories.PASSWORD)
        assert answer.status_code == 400, (url, blob)
    assert done == []


def test_nothing_typed_is_no_guess_and_wrong_ones_lock(
    late: tuple[Person, str], siti: Staff, clock: FixedClock, done: list[Any]
) -> None:
    visitor, secret = late
    sealed = kept(visitor.post(URL, a="1"))
    assert visitor.post(URL, _kept=sealed).status_code == 422
    assert factories.fresh(Staff, siti.id).failed_logins == 0
    said = {visitor.post(URL, _kept=sealed, _code="000000").text for _guess in range(5)}
    assert factories.fresh(Staff, siti.id).failed_logins == 5
    refused = visitor.post(URL, _kept=sealed, _code=code(secret, clock))
    assert refused.status_code == 422 and done == []
    alerts = {re.findall(r'id="proof-error">([^<]+)', one)[0] for one in {*said, refused.text}}
    assert len(alerts) == 1
    assert "staff.lockout" in {entry.action for entry in factories.every(AuditEntry)}
    # Whoever is locked out goes on with what is not delicate.
    assert visitor.page("/admin/plans").status_code == 200
    clock.move(minutes=1)
    visitor.post(URL, _kept=sealed, _code=code(secret, clock))
    assert done == [("2", {"a": ["1"]})]


def test_a_session_ended_meanwhile_is_not_let_through(
    late: tuple[Person, str], clock: FixedClock, done: list[Any]
) -> None:
    visitor, secret = late
    sealed = kept(visitor.post(URL, a="1"))
    db.session.query(SessionRow).delete()
    db.session.commit()
    answer = visitor.post(URL, _kept=sealed, _code=code(secret, clock))
    assert target(answer).startswith("/admin/login") and done == []


def test_a_session_ended_while_the_proof_is_checked(
    app: Flask, siti: Staff, clock: FixedClock
) -> None:
    secret, _codes = arm(siti)
    token = sessions.open_session(sessions.STAFF, siti.id)
    db.session.commit()
    data = {"_code": code(secret, clock)}
    with app.test_request_context("/admin/delicate", method="POST", data=data):
        login_user(service.load_staff(siti.id, token))
        sessions.end(token)
        db.session.commit()
        answer = door.prove("kept")
        assert answer is not None and target(answer) == "/admin/login"  # type: ignore[arg-type]


DELICATE = [
    "whatsapp_settings.save",
    "whatsapp_settings.use",
    "whatsapp_channels.set_hook",
    "whatsapp_channels.remove",
    "corrections.refund",
    "account_security.save",
    "account_security.totp",
    "account_security.confirm_totp",
    "account_security.renew_codes",
    "account_security.totp_off",
    "staff_resets.reset_totp",
    "staff_people.create",
    "staff_people.change",
    "staff_people.switch_on",
    "staff_people.switch_off",
    "password_link.issue",
    "settings.save",
]


def test_what_is_delicate_asks(app: Flask) -> None:
    marks = {name: getattr(app.view_functions[name], "fresh", False) for name in DELICATE}
    assert all(marks.values()), marks
