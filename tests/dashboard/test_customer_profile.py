"""The profile: what it shows, the language, and ending the sessions."""

import pytest
from flask import Flask

from portal.accounts.models_sessions import SessionRow
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from tests import factories
from tests.visitor import Visitor, target


def test_profile_masks_phones(app: Flask) -> None:
    ani = factories.customer(name="Ani", phone="+6281299998888", phone_alt="+6281377776666")
    factories.subscription(ani)
    visitor = Visitor(app)
    factories.log_in(visitor.client, ani)
    text = visitor.get("/me/profile").text
    assert "+62 812-••••-8888" in text and "+62 813-••••-6666" in text
    assert "99998888" not in text and ani.number in text and "Rumah 20 Mbps" in text


@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
def test_language(app: Flask, budi: Customer, hx: bool) -> None:
    visitor = Visitor(app, hx=hx)
    factories.log_in(visitor.client, budi)
    visitor.page("/me/profile")
    assert target(visitor.post("/me/profile/language", language="en")) == "/me/profile"
    assert factories.fresh(Customer, budi.id).language == "en"
    assert '<html lang="en">' in visitor.page("/me/profile").text
    assert visitor.post("/me/profile/language", language="xx").status_code == 404


@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
def test_leaving_everywhere(app: Flask, budi: Customer, hx: bool) -> None:
    here, there = Visitor(app, hx=hx), Visitor(app)
    for device in (here, there):
        factories.log_in(device.client, budi)
        assert device.page("/me/profile").status_code == 200
    assert target(here.post("/me/profile/leave-everywhere")) == "/login"
    for device in (here, there):
        assert target(device.page("/me/profile")).startswith("/login")


def test_a_stolen_cookie_dies_with_leaving_everywhere(app: Flask, budi: Customer) -> None:
    here, thief = Visitor(app), Visitor(app)
    factories.log_in(here.client, budi)
    here.page("/me/profile")
    thief.client.set_cookie("loket", here.cookie())
    assert thief.page("/me/profile").status_code == 200
    here.post("/me/profile/leave-everywhere")
    assert thief.page("/me/profile").status_code == 303


def test_a_closed_customer_is_out(visitor: Visitor, budi: Customer) -> None:
    db.session.get_one(Customer, budi.id).status = "closed"
    db.session.commit()
    assert target(visitor.page("/me/profile")).startswith("/login")


def test_the_email_is_checked_kept_and_logged(visitor: Visitor, budi: Customer) -> None:
    visitor.page("/me/profile")
    for typed in ("ani", "ani@", "a b@contoh.id", "ani@contoh", "x@" + "y" * 190 + ".id"):
        answer = visitor.post("/me/profile/email", email=typed)
        assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text, typed
    assert factories.fresh(Customer, budi.id).email is None
    visitor.post("/me/profile/email", email=" ani.dewi+wifi@contoh.co.id ")
    visitor.post("/me/profile/email", email="ani.dewi+wifi@contoh.co.id")
    assert factories.fresh(Customer, budi.id).email == "ani.dewi+wifi@contoh.co.id"
    visitor.post("/me/profile/email", email="")
    assert factories.fresh(Customer, budi.id).email is None
    logged = [row for row in factories.every(AuditEntry) if row.action == "customer.email"]
    assert len(logged) == 2 and logged[0].actor == f"customer:{budi.id}"


def test_devices_end_one_by_one_and_all_but_this(app: Flask, budi: Customer) -> None:
    here, there, third, foreign = (Visitor(app) for _ in range(4))
    for device in (here, there, third):
        factories.log_in(device.client, budi)
    tini = factories.customer()
    factories.log_in(foreign.client, tini)
    ids = [row.id for row in factories.every(SessionRow)]
    here.page("/me/profile")
    assert here.post(f"/me/profile/devices/{ids[3]}/leave").status_code == 404, "another's device"
    assert target(here.post(f"/me/profile/devices/{ids[1]}/leave")) == "/me/profile"
    assert here.post(f"/me/profile/devices/{ids[1]}/leave").status_code == 404
    assert target(there.page("/me/profile")).startswith("/login")
    assert third.page("/me/profile").status_code == 200
    here.post("/me/profile/devices/leave-others")
    assert target(third.page("/me/profile")).startswith("/login")
    for device in (here, foreign):
        assert device.page("/me/profile").status_code == 200
    assert target(here.post(f"/me/profile/devices/{ids[0]}/leave")) == "/login"
    assert target(here.page("/me/profile")).startswith("/login")
