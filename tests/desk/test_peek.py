"""Looking as a customer: the customer's own pages, read only, apart from every other session."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.desk import peek
from portal.desk.models import Impersonation
from portal.extensions import db
from portal.infra.audit import AuditEntry
from tests import factories
from tests.desk.conftest import Enter
from tests.visitor import Visitor, target
from tests.web.house import address, house, routes

__all__ = ["house"]


def begin(visitor: Visitor, customer: Customer) -> str:
    """Start a look; returns where its pages are."""
    answer = visitor.post(f"/admin/customers/{customer.id}/view-as")
    place = target(answer)
    assert place.startswith("/admin/as/")
    return place.rstrip("/")


def entries(action: str) -> list[AuditEntry]:
    return [one for one in factories.every(AuditEntry) if one.action == action]


def test_exactly_the_customers_pages(app: Flask, enter: Enter, house: dict[str, Any]) -> None:
    """Every page a customer may open says the same, with a banner and links that stay inside."""
    budi = house["budi"]
    own = Visitor(app)
    factories.log_in(own.client, budi)
    ani = enter("support")
    inside = begin(ani, budi)
    seen = 0
    for rule, method, _permission in routes(app, "customer"):
        if method != "GET" or not set(rule.arguments) <= set(house):
            continue
        url = address(app, rule, house)
        theirs, looked = own.client.get(url), ani.client.get(inside + url)
        assert looked.status_code == theirs.status_code, url
        if theirs.status_code == 200 and theirs.mimetype == "text/html":
            if "<html" not in theirs.text[:400]:
                continue  # a part of a page
            seen += 1
            assert "Anda melihat sebagai" in looked.text, url
            assert 'href="/me' not in looked.text and 'action="/me' not in looked.text, url
    assert seen >= 6
    home = ani.client.get(f"{inside}/")
    assert "Anda melihat sebagai" in home.text and budi.name in home.text


def test_nothing_can_be_done(app: Flask, enter: Enter, house: dict[str, Any]) -> None:
    """Every unsafe method of every address there is."""
    ani = enter("owner")
    inside = begin(ani, house["budi"])
    tried = 0
    for rule, method, _permission in routes(app):
        if method != "GET" and set(rule.arguments) <= set(house):
            url = inside + address(app, rule, house)
            answer = ani.client.open(url, method=method, data={"csrf_token": ani.token})
            assert answer.status_code == 403, url
            tried += 1
    assert tried > 50


def test_no_way_to_logins_staff_or_callbacks(
    app: Flask, enter: Enter, house: dict[str, Any]
) -> None:
    ani = enter("owner")
    inside = begin(ani, house["budi"])
    for rule, method, _permission in routes(app):
        marked, _ = getattr(app.view_functions[rule.endpoint], "access", ("", ""))
        closed = marked == "staff" or rule.rule.startswith(("/login", "/t/", "/order"))
        if method == "GET" and closed and set(rule.arguments) <= set(house):
            answer = ani.client.get(inside + address(app, rule, house))
            assert answer.status_code == 403, rule.rule


def test_apart_from_a_customers_own_session(
    app: Flask, enter: Enter, people: dict[str, Customer]
) -> None:
    """The same browser is logged in as another customer: both stay who they are."""
    ani = enter("support")
    factories.log_in(ani.client, people["joko"])
    inside = begin(ani, people["tini"])
    assert "Joko" in ani.client.get("/me/profile").text
    before = ani.cookie()
    assert "Warung Bu Tini" in ani.client.get(f"{inside}/me/profile").text
    assert ani.cookie() == before
    looked = ani.client.get(f"{inside}/me/profile?lang=en&look=dark")
    assert "Set-Cookie" not in looked.headers


def test_it_is_nobody_elses(app: Flask, enter: Enter, people: dict[str, Customer]) -> None:
    ani = enter("support")
    inside = begin(ani, people["tini"])
    for other in (enter("owner"), Visitor(app)):
        answer = other.client.get(f"{inside}/me/profile")
        assert target(answer) == "/admin/customers" and "Tini" not in answer.text
    customer = Visitor(app)
    factories.log_in(customer.client, people["tini"])
    assert target(customer.client.get(f"{inside}/")) == "/admin/customers"
    hx = ani.client.get("/admin/as/999/me/profile", headers={"HX-Request": "true"})
    assert hx.status_code == 401 and hx.headers["HX-Redirect"] == "/admin/customers"
    for role in ("technician", "collector"):
        answer = enter(role).post(f"/admin/customers/{people['budi'].id}/view-as")
        assert answer.status_code == 403


def test_it_ends_by_the_button(app: Flask, enter: Enter, people: dict[str, Customer]) -> None:
    ani = enter("support")
    inside = begin(ani, people["tini"])
    row = factories.every(Impersonation)[0]
    page = ani.get(f"{inside}/")
    assert f'action="/admin/view-as/{row.id}/end"' in page.text
    # The token in the banner is the staff session's.
    import re

    banner = page.text.split('class="peek"')[1].split("</aside>")[0]
    token = re.search(r'name="csrf_token" value="([^"]+)"', banner)
    assert token
    answer = ani.client.post(f"/admin/view-as/{row.id}/end", data={"csrf_token": token[1]})
    assert target(answer) == f"/admin/customers/{people['tini'].id}"
    assert target(ani.client.get(f"{inside}/")) == "/admin/customers"
    started, ended = entries("impersonate.start"), entries("impersonate.end")
    assert [one.subject for one in started + ended] == [f"customer:{people['tini'].id}"] * 2
    assert started[0].actor == ended[0].actor == f"staff:{row.staff_id}"


def test_it_ends_by_itself(
    app: Flask, enter: Enter, people: dict[str, Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    ani = enter("support")
    inside = begin(ani, people["tini"])
    row = db.session.get_one(Impersonation, 1)
    row.until -= peek.LASTS
    row.started_at -= timedelta(minutes=15)
    db.session.commit()
    assert target(ani.client.get(f"{inside}/")) == "/admin/customers"
    assert peek.end_overdue() == 1
    db.session.commit()
    assert peek.end_overdue() == 0
    assert entries("impersonate.end")[0].reason == "waktunya habis"


def test_it_ends_with_the_login_and_the_customer(
    app: Flask, enter: Enter, people: dict[str, Customer], clock: FixedClock
) -> None:
    ani = enter("support")
    inside = begin(ani, people["tini"])
    tini = db.session.get_one(Customer, people["tini"].id)
    tini.status = "closed"
    db.session.commit()
    assert target(ani.client.get(f"{inside}/")) == "/admin/customers"
    tini.status = "active"
    db.session.commit()
    assert ani.client.get(f"{inside}/").status_code == 200
    ani.page("/admin/customers")
    ani.post("/admin/logout")
    assert target(ani.client.get(f"{inside}/")) == "/admin/customers"
