"""After the code, clicking and with HTMX: whose account, which page, which session; and out."""

import pytest
from flask import Flask

from portal.accounts.models import OtpChallenge
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from tests import factories
from tests.customers.conftest import PHONE
from tests.visitor import Visitor, newest_code, target


def test_several_customers_choose(visitor: Visitor, budi: Customer) -> None:
    ani = factories.customer(name="Ani Wijaya", phone=PHONE, area="Antapani")
    stranger = factories.customer(name="Orang Lain")
    visitor.ask_code(PHONE)
    assert target(visitor.type_code(newest_code())) == "/login/choose"
    assert visitor.logged_in_as() is None
    shown = visitor.page("/login/choose").text
    assert ani.number in shown and "A•• W•••••" in shown and "Antapani" in shown
    assert "Ani Wijaya" not in shown and stranger.number not in shown
    assert visitor.post("/login/choose", customer=str(stranger.id)).status_code == 404
    assert visitor.post("/login/choose", customer="x").status_code == 404
    assert visitor.logged_in_as() is None
    assert target(visitor.post("/login/choose", customer=str(ani.id))) == "/"
    assert visitor.logged_in_as() == f"customer:{ani.id}"


def test_the_choice_ends_after_five_minutes(
    visitor: Visitor, budi: Customer, clock: FixedClock
) -> None:
    factories.customer(phone=PHONE)
    visitor.ask_code(PHONE)
    visitor.type_code(newest_code())
    visitor.page("/login/choose")
    clock.move(seconds=300)
    assert target(visitor.post("/login/choose", customer=str(budi.id))) == "/login"
    assert visitor.logged_in_as() is None


def test_the_choice_is_asked_afresh(app: Flask, budi: Customer) -> None:
    """A customer who lost the number meanwhile cannot be chosen any more."""
    ani = factories.customer(phone=PHONE)
    third = factories.customer(phone=PHONE)
    visitor = Visitor(app)
    visitor.ask_code(PHONE)
    visitor.type_code(newest_code())
    visitor.page("/login/choose")
    db.session.get_one(Customer, ani.id).phone = "+628999999999"
    db.session.get_one(Customer, third.id).status = "closed"
    db.session.commit()
    for gone in (ani, third):
        assert visitor.post("/login/choose", customer=str(gone.id)).status_code == 404


def test_a_new_session_at_login(app: Flask, budi: Customer) -> None:
    """T7: what was planted before the login is gone after it, the language stays."""
    visitor = Visitor(app)
    visitor.page("/login?lang=en")
    with visitor.client.session_transaction("/") as session:
        session["planted"] = "x"
        csrf_before = session["csrf_token"]
    visitor.ask_code(PHONE)
    visitor.type_code(newest_code())
    with visitor.client.session_transaction("/") as session:
        assert "planted" not in session and "otp" not in session
        assert session.get("csrf_token") != csrf_before
        assert "lang" not in session and session.permanent
    assert factories.fresh(Customer, budi.id).language == "en", "the customer's own from now on"
    assert '<html lang="en"' in visitor.page("/me/profile").text


GOOD = ["/me/invoices", "/me/invoices/7?x=1", "/me/profile#top"]


BAD = [
    "https://evil.example", "//evil.example", "///evil.example", "////evil.example",
    "\\\\evil.example", "/\\evil.example", "/\\/evil.example", "\\/evil.example",
    "http:evil.example", "https:/evil.example", "https:///evil.example", "javascript:alert(1)",
    "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "evil.example", "www.evil.example",
    "@evil.example", ".evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
    "\t//evil.example", " //evil.example",
    "//evil.example@localhost", "//localhost@evil.example", "https://localhost@evil.example",
    "https://localhost.evil.example", "//evil.example/%2e%2e", "///@evil.example", "//[::1]",
    "//127.0.0.1:9", "http://127.0.0.1", "ftp://evil.example", "mailto:a@evil.example",
    "?next=//evil.example", "#//evil.example", "login", "../evil", "%2f%2fevil.example",
    "/\\\\evil.example", "/\x0b/evil.example", "/\x1f/evil.example", "//%65vil.example",
    "//evil%E3%80%82example", "https:\\\\evil.example", "\\evil.example", "/a\\..\\b", "",
    "//", "///", "\\\\", "/\\", "//\\", "http://", "https:", ":", "//@", "//?", "//#",
]  # fmt: skip


@pytest.mark.parametrize("next_page", GOOD + BAD)
def test_next_stays_on_this_site(app: Flask, budi: Customer, next_page: str) -> None:
    """T21. The cookie is read too: a bad one must not even be kept."""
    visitor = Visitor(app)
    visitor.page("/login")
    visitor.client.post(
        "/login",
        query_string={"next": next_page},
        data={"csrf_token": visitor.token, "phone": PHONE},
    )
    visitor.page("/login/code")
    assert target(visitor.type_code(newest_code())) == (next_page if next_page in GOOD else "/")


def test_the_way_on_survives_form_and_choice(app: Flask, budi: Customer) -> None:
    factories.customer(phone=PHONE)
    visitor = Visitor(app)
    sent_away = visitor.page("/me/invoices?page=2")
    assert sent_away.status_code == 303
    form = visitor.page(target(sent_away)).text
    assert 'action="/login?next=/me/invoices?page%3D2"' in form or "next=%2Fme" in form
    visitor.client.post(target(sent_away), data={"csrf_token": visitor.token, "phone": PHONE})
    visitor.page("/login/code")
    visitor.type_code(newest_code())
    visitor.page("/login/choose")
    answer = visitor.post("/login/choose", customer=str(budi.id))
    assert target(answer) == "/me/invoices?page=2"


def test_a_fragment_without_session_is_sent_to_login(app: Flask) -> None:
    answer = app.test_client().get(
        "/me/invoices/3",
        headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/me/invoices/3"},
    )
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/me/invoices/3"


@pytest.mark.parametrize(
    "url", ["/login", "/login/code", "/login/resend", "/login/choose", "/logout", "/admin/login"]
)
@pytest.mark.parametrize("token", ["", "forged"])
def test_nothing_is_posted_without_a_token(app: Flask, url: str, token: str) -> None:
    visitor = Visitor(app)
    visitor.ask_code(PHONE)
    visitor.token = token
    assert visitor.post(url, phone=PHONE, code="123456").status_code == 419
    assert factories.every(OtpChallenge)[-1].tries == 0


def test_logged_in_people_are_sent_home(visitor: Visitor, budi: Customer) -> None:
    factories.log_in(visitor.client, budi)
    for url in ("/login", "/login/code", "/login/choose"):
        assert target(visitor.get(url)) == "/"


def test_logout(visitor: Visitor, budi: Customer) -> None:
    visitor.ask_code(PHONE)
    visitor.type_code(newest_code())
    visitor.page("/me/profile")
    assert visitor.client.get("/logout").status_code == 405
    assert target(visitor.post("/logout")) == "/login"
    assert visitor.logged_in_as() is None
    assert target(visitor.page("/me/profile")).startswith("/login")


def test_without_a_challenge_one_starts_again(visitor: Visitor) -> None:
    for url in ("/login/code", "/login/choose"):
        assert target(visitor.get(url)) == "/login"
    visitor.page("/login")
    for url in ("/login/code", "/login/resend", "/login/choose"):
        assert target(visitor.post(url, code="123456")) == "/login"
