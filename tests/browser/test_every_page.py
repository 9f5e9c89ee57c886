"""Every page there is, taken from the application's own map, in a real browser: nothing in the
console, nothing against the policy, nothing axe finds at A or AA, nothing wider than the screen.

Each page is seen in one of four ways, so that all ways are seen on some; `python -m
tests.browser.walk` sees all pages in all ways, on the demo."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server
from werkzeug.test import Client

from tests import factories
from tests.browser import keyboard
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.looking import Way, look
from tests.browser.watching import Watched
from tests.visitor import Visitor
from tests.web.house import address, house, routes

__all__ = ["house"]
pytestmark = pytest.mark.browser

WAYS = (
    Way("phone", PHONE),
    Way("desktop-dark", DESKTOP, dark=True),
    Way("phone-dark-en", PHONE, dark=True, language="en"),
    Way("desktop-en", DESKTOP, language="en"),
)


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The application of this test on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)


def cookies(client: Client, url: str, path: str) -> list[dict[str, Any]]:
    """The session of a test's browser, for a real one."""
    name = "loket_staff" if path == "/admin" else "loket"
    found = client.get_cookie(name, path=path)
    assert found is not None
    return [{"name": name, "value": found.value, "url": url + path}]


def pages(app: Flask, visitor: Visitor, who: str, things: dict[str, Any]) -> list[str]:
    """The addresses that answer this visitor with a whole page."""
    found = []
    for rule, method, _permission in routes(app, who):
        if method != "GET":
            continue
        url = address(app, rule, things)
        answer = visitor.client.get(url)
        if answer.status_code == 200 and b"</html>" in answer.data:
            found.append(url)
    return found


@pytest.mark.parametrize("who", ["staff", "customer", "public"])
def test_every_page(
    app: Flask, house: dict[str, Any], served: str, chromium: Any, shots: Path, who: str
) -> None:
    visitor = Visitor(app)
    path = "/admin" if who == "staff" else "/"
    if who != "public":
        factories.log_in(visitor.client, factories.staff() if who == "staff" else house["budi"])
    addresses = pages(app, visitor, who, house)
    problems = []
    for number, way in enumerate(WAYS):
        visit = Watched(chromium.new_context(viewport=way.size, **way.context()), shots, served)
        visit.expected = ("Failed to load resource",)
        if who != "public":
            visitor.client.get(f"{path}?lang={way.language}")
            visit.context.add_cookies(cookies(visitor.client, served, path))
        for url in addresses[number :: len(WAYS)]:
            look(visit, served + url, f"{who}-{way.name}{url.replace('/', '-')}")
        visit.context.close()
        problems += [f"{way.name} {problem}" for problem in visit.problems]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(("who", "every"), [("staff", 6), ("customer", 2), ("public", 2)])
def test_the_keyboard_alone(
    app: Flask, house: dict[str, Any], served: str, chromium: Any, shots: Path, who: str, every: int
) -> None:
    """Tab reaches whatever can be pressed, and one sees where one is."""
    visitor = Visitor(app)
    path = "/admin" if who == "staff" else "/"
    # Smooth scrolling takes longer than the next press.
    context = chromium.new_context(viewport=DESKTOP, reduced_motion="reduce")
    visit = Watched(context, shots, served)
    if who != "public":
        factories.log_in(visitor.client, factories.staff() if who == "staff" else house["budi"])
        visitor.client.get(path)
        visit.context.add_cookies(cookies(visitor.client, served, path))
    problems = []
    for url in pages(app, visitor, who, house)[::every]:
        visit.page.goto(served + url)
        problems += [f"{url}: {wrong}" for wrong in keyboard.walk(visit.page)]
    visit.context.close()
    assert not problems, "\n".join(problems)
