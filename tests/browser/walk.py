"""Walk the demo as everybody, by following links: every page as each role, in both languages,
light and dark, on a phone and a desktop; and once without JavaScript.

`python -m tests.browser.walk SHOTS [--quick]` starts the product, lives through some of the
month, and leaves a screenshot of each page and `problems.txt`. Exits 1 when something is wrong.
For whoever looks at pages: the figures are in the pictures, not in the exit code.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from portal import create_app
from portal.config import Settings
from portal.local.env import read
from tests.browser import keyboard
from tests.browser.conftest import ARGS, DESKTOP, PHONE
from tests.browser.looking import Way, look
from tests.browser.watching import Watched
from tests.conftest import environment
from tests.stack import DEMO_PHONE, Browser, Stack

# The demo's people, by the first part of their e-mail; all have the owner's password.
ROLES = {"owner": "", "finance": "kasir", "support": "cs", "technician": "teknisi",
         "collector": "penagih"}  # fmt: skip
WAYS = tuple(
    Way(f"{screen}-{'dark' if dark else 'light'}-{language}", size, dark, language)
    for screen, size in (("phone", PHONE), ("desktop", DESKTOP))
    for dark in (False, True)
    for language in ("id", "en")
)
EVERYBODY = (*ROLES, "customer", "public")


def main() -> int:
    """Walk; the number of problems decides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shots", type=Path)
    parser.add_argument("--quick", action="store_true", help="each kind of page once")
    parser.add_argument("--ways", help="some of the eight, with commas: phone-dark-id,desktop-…")
    parser.add_argument("--who", default=",".join(EVERYBODY), help="some of them, with commas")
    asked = parser.parse_args()
    who = asked.who.split(",")
    asked.shots.mkdir(parents=True, exist_ok=True)
    ways = tuple(way for way in WAYS if not asked.ways or way.name in asked.ways.split(","))
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        stack.start()
        try:
            problems = list(_walk_all(stack, asked.shots, ways, who, quick=asked.quick))
        finally:
            stack.stop()
    (asked.shots / "problems.txt").write_text("\n".join(problems))
    print(f"{len(problems)} problems, see {asked.shots / 'problems.txt'}")
    return 1 if problems else 0


def _walk_all(
    stack: Stack, shots: Path, ways: tuple[Way, ...], people: list[str], *, quick: bool
) -> Iterator[str]:
    stack.flask("demo", "advance", "12d")
    kinds = Kinds()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        for who in people:
            session = _session(stack, who)
            first = "/admin" if who in ROLES else "/" if who == "customer" else "/login"
            urls = crawl(session, kinds, first, quick=quick)
            print(who, len(urls), "pages", flush=True)
            for way in ways:
                session.get(f"{first}?lang={way.language}")
                context = chromium.new_context(viewport=way.size, **way.context())
                yield from _visit(
                    Watched(context, shots, stack.url), session, urls, f"{who}-{way.name}"
                )
            context = chromium.new_context(viewport=PHONE, java_script_enabled=False)
            yield from _without_script(context, session, stack.url, urls, who, shots)


class Kinds:
    """Tells pages of one kind by the endpoint that answers them."""

    def __init__(self) -> None:
        self.map = create_app(Settings.from_env(environment("sqlite://"))).url_map

    def of(self, path: str) -> str:
        """The endpoint, or nothing for no page of ours."""
        try:
            return str(self.map.bind("localhost").match(path, "GET")[0])
        except Exception:  # noqa: BLE001 - whatever werkzeug says: not a page
            return ""


def crawl(session: Browser, kinds: Kinds, first: str, *, quick: bool) -> list[str]:
    """Addresses of pages reached by links. A kind of page with the same filters twice, not a
    thousand customers; when quick each once, with whatever filters."""
    waiting, seen, found = [first], {first}, list[str]()
    count: dict[tuple[str, str], int] = {}
    while waiting:
        url = waiting.pop(0)
        path, _, query = url.partition("?")
        filters = "" if quick else "&".join(sorted(re.findall(r"(\w+)=", query)))
        kind = (kinds.of(path), filters)
        if (
            not kind[0]
            or count.get(kind, 0) >= (1 if quick else 2)
            or kind[0].endswith((".leave", ".static"))
        ):
            continue
        count[kind] = count.get(kind, 0) + 1
        answer = session.get(url)
        if (
            "text/html" not in answer.headers.get("content-type", "")
            or "</html>" not in answer.text
        ):
            continue
        found.append(url)
        for link in re.findall(r'<a [^>]*href="(/[^"#]*)"', answer.text):
            plain = link.replace("&amp;", "&")
            if plain not in seen and "lang=" not in plain and urlsplit(plain).netloc == "":
                seen.add(plain)
                waiting.append(plain)
    return found


def _session(stack: Stack, who: str) -> Browser:
    if who == "customer":
        return stack.customer(DEMO_PHONE)
    browser = Browser(stack.url)
    if who in ROLES:
        values = read(stack.var / "local.env")
        name, _, domain = values["DEMO_STAFF_EMAIL"].partition("@")
        email, password = f"{ROLES[who] or name}@{domain}", values["DEMO_STAFF_PASSWORD"]
        browser.get("/admin/login")
        browser.post("/admin/login", email=email, password=password)
        assert "/login" not in browser.last.url, browser.last.text[:2000]
    return browser


def _give(context: Any, session: Browser, home: str) -> None:
    """The session of requests, to the browser."""
    context.add_cookies(
        [
            {"name": one.name, "value": one.value or "", "url": home + (one.path or "/")}
            for one in session.session.cookies
        ]
    )


def _visit(visit: Watched, session: Browser, urls: list[str], name: str) -> Iterator[str]:
    _give(visit.context, session, visit.home)
    keys = name.endswith("desktop-light-id")
    for number, url in enumerate(urls):
        shot = f"{name}-{number:03}{re.sub(r'[^A-Za-z0-9]+', '-', url)[:80]}"
        try:
            status = look(visit, visit.home + url, shot)
        except Exception as fault:  # noqa: BLE001 - a page that does not open is a finding
            visit.problems.append(f"{url}: {type(fault).__name__}: {str(fault)[:200]}")
            continue
        if status != 200:
            visit.problems.append(f"{url}: {status}")
        if keys:
            visit.problems += [f"{url}: keyboard: {wrong}" for wrong in keyboard.walk(visit.page)]
    visit.context.close()
    yield from (f"{name}: {problem}" for problem in visit.problems)


def _without_script(
    context: Any, session: Browser, home: str, urls: list[str], who: str, shots: Path
) -> Iterator[str]:
    """Every form says where it goes, and nothing that only a script fills stays empty."""
    _give(context, session, home)
    page = context.new_page()
    for url in urls:
        page.goto(home + url)
        for control in page.locator("button:visible:not([type=button])").all():
            if control.evaluate("one => !one.form"):
                words = control.inner_text()
                yield f"{who} without JavaScript {url}: a button without a form: {words}"
        if page.locator("h1").count() == 0:
            yield f"{who} without JavaScript {url}: no heading"
    page.screenshot(path=str(shots / f"{who}-no-script.png"), full_page=True)
    context.close()


if __name__ == "__main__":
    sys.exit(main())
