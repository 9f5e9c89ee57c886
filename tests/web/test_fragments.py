"""Pages and fragments for every route there is, generated from the application's own map.

With HTMX's header a view answers a part of a page, never a page inside of a page; a browser that
goes back in its history gets the whole page; and caches are told that the two differ.
"""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.visitor import Visitor
from tests.web.house import address, house, make_known, routes, somebody

__all__ = ["house"]
BACK = {"HX-Request": "true", "HX-History-Restore-Request": "true"}


@pytest.fixture
def people(app: Flask, house: dict[str, Any]) -> dict[str, Visitor]:
    owner = factories.staff()
    make_known(owner, house)
    return {
        "staff": somebody(app, owner),
        "customer": somebody(app, house["budi"]),
        "public": somebody(app),
    }


def asked(
    app: Flask, house: dict[str, Any], people: dict[str, Visitor], headers: dict[str, str]
) -> list[tuple[str, TestResponse]]:
    """What every GET route answers to a request with these headers."""
    answers = []
    for who, visitor in people.items():
        for rule, method, _permission in routes(app, who):
            if method == "GET":
                url = address(app, rule, house)
                answers.append((rule.rule, visitor.client.get(url, headers=headers)))
    assert len(answers) > 100
    return answers


def _is_page(answer: TestResponse) -> bool:
    shown = answer.mimetype == "text/html" and not 300 <= answer.status_code < 400
    return shown and "<html" in answer.text[:3000].lower()


def test_a_fragment_is_never_a_whole_page(
    app: Flask, house: dict[str, Any], people: dict[str, Visitor]
) -> None:
    wrong = []
    for rule, answer in asked(app, house, people, {"HX-Request": "true"}):
        assert "HX-Request" in answer.headers.get("Vary", ""), rule
        if _is_page(answer):
            wrong.append(rule)
    assert not wrong


def test_going_back_in_history_brings_the_whole_page(
    app: Flask, house: dict[str, Any], people: dict[str, Visitor]
) -> None:
    """The same answer as a click: what a click makes a page is one after "back" too."""
    wrong = []
    clicked = dict(asked(app, house, people, {}))
    for rule, answer in asked(app, house, people, BACK):
        if answer.status_code != clicked[rule].status_code or _is_page(answer) != _is_page(
            clicked[rule]
        ):
            wrong.append((rule, clicked[rule].status_code, answer.status_code))
    assert not wrong


def test_what_fails_inside_of_a_page_is_no_page(app: Flask, house: dict[str, Any]) -> None:
    """Errors, too: 404, 403, 405, 419 and the way to the login."""
    owner = somebody(app, factories.staff(role="technician"))
    owner.headers = {"HX-Request": "true"}
    budi = somebody(app, house["budi"], hx=True)
    for visitor, url, status in (
        (owner, "/admin/nowhere", 404),
        (owner, "/admin/settings", 403),
        (budi, "/me/invoices/999999", 404),
        (budi, "/nowhere", 404),
    ):
        answer = visitor.get(url)
        assert answer.status_code == status and not _is_page(answer), url
    answer = budi.client.post("/login/code", headers=budi.headers)
    assert answer.status_code == 419 and not _is_page(answer)
    gone = somebody(app, hx=True).get("/me/invoices")
    assert gone.status_code == 401 and gone.text == "" and "/login" in gone.headers["HX-Redirect"]
