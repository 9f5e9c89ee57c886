"""Who may open what, for every route there is: generated from the application's own map."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.web.access import FIRST, PERMISSIONS
from tests import factories
from tests.visitor import Visitor, target
from tests.web.house import address, call, house, make_known, routes, somebody

__all__ = ["house"]
# Called by providers: they prove themselves otherwise.
CALLBACKS = {"/webhooks/pakasir", "/webhook/whatsapp/meta", "/hooks/messaging/<token>"}
BEFORE_LOGIN = {
    "/admin/login",
    "/admin/login/code",
    "/admin/look",
    "/admin/logout",
    "/admin/password/<link_token>",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def test_every_route_says_who_may_call_it(app: Flask) -> None:
    marks = {
        rule.rule: getattr(app.view_functions[rule.endpoint], "access", None)
        for rule, _method, _permission in routes(app)
    }
    assert [rule for rule, mark in marks.items() if mark is None] == []
    for rule, (who, permission) in marks.items():
        if rule == "/admin" or rule.startswith("/admin/"):
            assert who == "staff" or rule in BEFORE_LOGIN, rule
        else:
            assert who in {"public", "customer"}, rule
        if who == "staff" and permission:
            assert any(permission in granted for granted in PERMISSIONS.values()), rule
        elif who == "staff":
            # Everybody's own account; nothing else is for everybody.
            assert rule == "/admin/account" or rule.startswith("/admin/account/"), rule


def test_a_view_without_a_mark_is_closed(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert Visitor(app).get("/forgotten").status_code == 403


@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
@pytest.mark.parametrize(("who", "login"), [("staff", "/admin/login"), ("customer", "/login")])
def test_anonymous_is_sent_to_the_right_login(
    app: Flask, house: dict[str, Any], who: str, login: str, hx: bool
) -> None:
    visitor = somebody(app, hx=hx)
    wrong = []
    for rule, method, _permission in routes(app, who):
        url = address(app, rule, house)
        if method == "GET":
            answer = call(visitor, method, url)
            place = target(answer).partition("?")[0]
            if (answer.status_code, place) != (401 if hx else 303, login):
                wrong.append((url, answer.status_code, place))
    assert not wrong


def test_anonymous_posts_change_nothing(app: Flask, house: dict[str, Any]) -> None:
    """With a valid token of an anonymous session, still only the way to the login."""
    for who, login in (("staff", "/admin/login"), ("customer", "/login")):
        visitor = Visitor(app)
        visitor.page(login)
        for rule, method, _permission in routes(app, who):
            if method != "GET":
                answer = call(visitor, method, address(app, rule, house))
                assert answer.status_code == 303 and target(answer) == login, rule.rule


@pytest.mark.parametrize("role", sorted(PERMISSIONS))
def test_roles_open_what_their_permissions_say(
    app: Flask, house: dict[str, Any], role: str
) -> None:
    """Every staff route, read and write: opened or refused exactly by the table."""
    person = factories.staff(role=role)
    make_known(person, house)
    visitor = somebody(app, person)
    wrong = []
    for rule, method, permission in routes(app, "staff"):
        answer = call(visitor, method, address(app, rule, house))
        status = answer.status_code
        allowed = not permission or permission in PERMISSIONS[role]
        if rule.endpoint == FIRST and not allowed and may_start(role):
            assert target(answer) == "/admin/counter"
            continue
        fine = status == 200 if method == "GET" else status in {200, 204, 303, 400, 422}
        if fine != allowed or (not allowed and status != 403):
            wrong.append((method, rule.rule, status))
    assert not wrong


# No door is closed to the owner; dead links are found by whoever else walks.
@pytest.mark.parametrize("role", sorted(set(PERMISSIONS) - {"owner"}))
def test_no_page_leads_into_a_closed_door(app: Flask, house: dict[str, Any], role: str) -> None:
    """Every link on every page a role may open leads to a page that role may open."""
    person = factories.staff(role=role)
    make_known(person, house)
    visitor = somebody(app, person)
    first = "/admin/counter" if "view" not in PERMISSIONS[role] else "/admin"
    seen, waiting, closed = {"/admin"}, [first], []
    while waiting:
        url = waiting.pop()
        answer = visitor.get(url)
        if answer.status_code != 200:
            closed.append((url, answer.status_code))
            continue
        for link in _links(answer.text if answer.mimetype == "text/html" else ""):
            plain = link.partition("?")[0]
            if plain.startswith("/admin") and plain not in seen:
                seen.add(plain)
                waiting.append(link)
    assert not closed


def may_start(role: str) -> bool:
    """Whether somebody who may not open the first page is sent to the counter instead."""
    return "counter" in PERMISSIONS[role]


def _links(html: str) -> list[str]:
    import re
    from html import unescape

    return [unescape(found) for found in re.findall(r'href="([^"#]+)', html)]


def test_a_customer_opens_no_staff_page(app: Flask, house: dict[str, Any]) -> None:
    """Not even when the customer's session is moved into the staff cookie."""
    visitor = somebody(app, house["budi"])
    with visitor.client.session_transaction("/") as session:
        living = session["_user_id"]
    with visitor.client.session_transaction("/admin/") as session:
        session["_user_id"], session["_fresh"] = living, True
    for rule, method, _permission in routes(app, "staff"):
        answer = call(visitor, method, address(app, rule, house), token=False)
        refused = answer.status_code == 303 and target(answer).startswith("/admin/login")
        assert refused or (method != "GET" and answer.status_code == 419), rule.rule


def test_staff_open_no_customer_page(app: Flask, house: dict[str, Any]) -> None:
    owner = factories.staff()
    visitor = somebody(app, owner)
    for moved in (False, True):
        if moved:
            with visitor.client.session_transaction("/admin/") as session:
                living = session["_user_id"]
            with visitor.client.session_transaction("/") as session:
                session["_user_id"], session["_fresh"] = living, True
        for rule, method, _permission in routes(app, "customer"):
            answer = call(visitor, method, address(app, rule, house), token=False)
            refused = answer.status_code == 303 and target(answer).startswith("/login")
            assert refused or (method != "GET" and answer.status_code == 419), rule.rule


def test_no_write_without_a_csrf_token(app: Flask, house: dict[str, Any]) -> None:
    """By whomever, with the session that would be allowed to."""
    owner, budi = somebody(app, factories.staff()), somebody(app, house["budi"])
    owner_hx, budi_hx = Visitor(app, hx=True), Visitor(app, hx=True)
    owner_hx.client, budi_hx.client = owner.client, budi.client
    seen = set()
    for rule, method, _permission in routes(app):
        if method == "GET":
            continue
        seen.add(rule.rule)
        pair = (owner, owner_hx) if rule.rule.startswith("/admin") else (budi, budi_hx)
        for visitor in pair:
            answer = call(visitor, method, address(app, rule, house), token=False)
            assert (answer.status_code == 419) != (rule.rule in CALLBACKS), rule.rule
    assert seen >= CALLBACKS


def test_a_token_of_another_session_is_refused(app: Flask, house: dict[str, Any]) -> None:
    owner, other = somebody(app, factories.staff()), somebody(app, factories.staff())
    owner.token = other.token
    assert owner.post("/admin/plans/new", name="X", price="1000").status_code == 419


def test_security_headers_on_every_answer(app: Flask, house: dict[str, Any]) -> None:
    """Pages, redirects, fragments, errors."""
    people = {
        "staff": somebody(app, factories.staff()),
        "customer": somebody(app, house["budi"]),
        "public": somebody(app),
    }
    for who, visitor in people.items():
        for rule, method, _permission in routes(app, who):
            answer = call(visitor, method, address(app, rule, house))
            _check_headers(answer, rule.rule)
    for url in ("/nowhere", "/admin/nowhere", "/me/invoices/999999", "/admin/customers/999999"):
        _check_headers(people["staff"].get(url), url)


def _check_headers(answer: TestResponse, where: str) -> None:
    secret = where.startswith(("/t/", "/order/", "/admin/password/"))
    quieter = {"Referrer-Policy": "no-referrer"} if secret else {}
    # Nothing about anybody: what makes the portal an app, kept by browsers.
    kept = where in {"/manifest.webmanifest", "/icon-<int:size>.png", "/sw.js"}
    for name, value in (HEADERS | quieter).items():
        if kept and name == "Cache-Control":
            continue
        assert answer.headers.get(name) == value, (where, name)
    policy = answer.headers["Content-Security-Policy"]
    parts = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert parts["default-src"] == parts["script-src"] == parts["style-src"] == "'self'", where
    assert parts["frame-ancestors"] == parts["object-src"] == parts["base-uri"] == "'none'", where
    assert "unsafe" not in policy and "*" not in policy, where
    assert "HX-Request" in answer.headers.get("Vary", ""), where


def test_pages_hold_no_inline_script_or_style(app: Flask, house: dict[str, Any]) -> None:
    """The policy would silently disable it."""
    import re

    people = {
        "staff": somebody(app, factories.staff()),
        "customer": somebody(app, house["budi"]),
        "public": somebody(app),
    }
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\son[a-z]+=|\sstyle=|javascript:", re.I)
    for who, visitor in people.items():
        for rule, method, _permission in routes(app, who):
            if method == "GET":
                answer = call(visitor, method, address(app, rule, house))
                html = answer.text if answer.mimetype.startswith("text/") else ""
                assert not inline.search(html), (rule.rule, inline.search(html))


def test_ids_no_database_can_hold_are_not_found(app: Flask) -> None:
    """A number too big for a row id is a missing page, not a crash."""
    visitor = somebody(app, factories.staff())
    for path in ("customers/{}", "invoices/{}", "payments/{}", "plans/{}", "messages/{}"):
        assert visitor.get("/admin/" + path.format(10**30)).status_code == 404
    for query in ("customers?area={}", "messages?customer={}", "invoices?page={}"):
        assert visitor.get("/admin/" + query.format(10**30)).status_code == 200, query
