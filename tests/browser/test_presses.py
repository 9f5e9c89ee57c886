"""What the page's own script does about presses and errors, against answers made up here."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portal.config import ROOT

pytestmark = pytest.mark.browser
STATIC = ROOT / "portal" / "static"
HEAD = """<!doctype html><html lang="id"><head><title>x</title><meta name="csrf-token" content="t">
<script src="/htmx.js" defer></script><script src="/app.js" defer></script></head><body>"""
Answer = Callable[[Any], None]


class Desk:
    """A page, and what was posted to it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.posts: list[str] = []
        self.body = ""
        self.answer: Answer = lambda route: None  # never
        page.clock.install()
        page.route("**/*", self._serve)

    def _serve(self, route: Any) -> None:
        path = re.sub(r"^https?://[^/]+", "", route.request.url)
        if path == "/app.js":
            route.fulfill(path=STATIC / "app.js")
        elif path == "/htmx.js":
            route.fulfill(path=next((STATIC / "vendor").glob("htmx*.js")))
        elif path.startswith("/do"):
            self.posts.append(path)
            self.answer(route)
        else:
            route.fulfill(content_type="text/html", body=HEAD + self.body)

    def show(self, body: str) -> None:
        self.body = body
        self.page.goto("http://portal.test/")

    def press(self) -> None:
        """As a person does, without waiting for what comes of it."""
        self.page.evaluate("document.querySelector('button').click()")
        self.page.wait_for_timeout(50)


@pytest.fixture
def desk(chromium: Any) -> Iterator[Desk]:
    page = chromium.new_page()
    yield Desk(page)
    page.close()


def test_a_form_that_led_nowhere_can_be_sent_again(desk: Desk) -> None:
    """Stopped by the person, or answered by nothing: the page is still there."""
    desk.answer = lambda route: route.fulfill(status=204)
    desk.show('<form method="post" action="/do" data-once><button>Kirim</button></form>')
    desk.press()
    desk.press()
    assert len(desk.posts) == 1
    desk.page.clock.fast_forward(31_000)
    desk.press()
    assert len(desk.posts) == 2


def test_a_form_whose_answer_leads_elsewhere_is_sent_once(desk: Desk) -> None:
    """The page stays for a while on a slow line, with its button."""
    desk.answer = lambda route: route.fulfill(status=204, headers={"HX-Redirect": "#there"})
    desk.show('<form hx-post="/do"><button>Kirim</button></form>')
    desk.press()
    desk.press()
    desk.page.wait_for_timeout(100)
    assert len(desk.posts) == 1


def test_a_question_may_be_asked_anew_before_the_answer(desk: Desk) -> None:
    desk.show(
        '<form hx-get="/do" hx-target="#a"><input name="q"><button>?</button></form><p id="a"></p>'
    )
    desk.page.fill("input", "a")
    desk.press()
    desk.page.fill("input", "ab")
    desk.press()
    assert [one.partition("q=")[2] for one in desk.posts] == ["a", "ab"]


def test_an_error_without_a_field_has_the_focus(desk: Desk) -> None:
    desk.show('<div class="alert error-summary" role="alert" tabindex="-1">Tidak dapat.</div>')
    assert desk.page.locator(".error-summary:focus").count() == 1
    desk.show(
        '<div class="alert error-summary" tabindex="-1">Salah.</div><input aria-invalid="true">'
    )
    assert desk.page.locator("input:focus").count() == 1


def test_a_countdown_that_was_exchanged_stops(desk: Desk) -> None:
    """It would go on for a day beside each of its successors."""
    desk.show('<b data-countdown="3" data-countdown-target="go"></b><button id="go">x</button>')
    desk.page.evaluate("document.querySelector('b').remove()")
    desk.page.clock.run_for(10_000)
    assert desk.page.locator("#go").is_disabled()
