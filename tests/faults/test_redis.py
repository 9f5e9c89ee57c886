"""Redis absent, flushed, frozen, killed, full: pages stay quick and no login code is lost.

The whole product as `make run` starts it, on a Redis that the test holds in its hand. The
scheduler takes over after seconds instead of a minute, so that waiting for it is bearable.
"""

import csv
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from portal.config import ROOT
from tests.faults.server import Server
from tests.stack import Browser, Stack, services, until

# One of Redis' timeouts (a second) and the page; never two.
PAGE_SECONDS = 1.5
BACK_SECONDS = 60
TAKES_OVER = 5
QUIET = 5.5
"""After this the bell is tried again, so a page pays for a frozen Redis once more."""

with (ROOT / "examples" / "pelanggan.csv").open(encoding="utf-8") as file:
    ALONE = (row["telepon"] for row in csv.DictReader(file) if row["telepon"].isdigit())
    PHONES = iter(list(dict.fromkeys(ALONE)))


class Visit:
    """A stack, its Redis, a logged-in owner and a logged-in customer."""

    def __init__(self, stack: Stack, redis: Server) -> None:
        self.stack, self.redis = stack, redis
        self.owner: Browser | None = None
        self.customer: Browser | None = None

    def asks_for_a_code(self) -> str:
        """Ask for a login code as a browser does; returns the phone."""
        browser, phone = Browser(self.stack.url), next(PHONES)
        form = self.timed(lambda: browser.get("/login"))
        # On a busy machine the form itself took long; asking may take that much more.
        self.timed(lambda: browser.post("/login", follow=False, phone=phone), 303, busy=form)
        return phone

    def timed(self, request: Callable[[], Any], status: int = 200, busy: float = 0.0) -> float:
        """How long it took, which is never longer than a page may."""
        started = time.monotonic()
        answer = request()
        took = time.monotonic() - started
        assert answer.status_code == status, answer.text[:300]
        assert took <= PAGE_SECONDS + busy, f"{answer.url} took {took:.2f} s"
        return took

    def pages(self) -> list[str]:
        """Every page of interest, one by one, then several visitors at once; returns the
        phones that wait for a code."""
        assert self.owner is not None and self.customer is not None
        phones = [self.asks_for_a_code()]
        for browser, path in (
            (self.customer, "/"),
            (self.owner, "/admin"),
            (self.owner, "/admin/messages"),
            (Browser(self.stack.url), "/login"),
            (Browser(self.stack.url), "/readyz"),
        ):
            self.timed(lambda: browser.get(path))  # noqa: B023
        time.sleep(QUIET)
        with ThreadPoolExecutor(4) as crowd:
            phones += list(crowd.map(lambda _: self.asks_for_a_code(), range(4)))
        return phones

    def arrived(self, phone: str) -> bool:
        return bool(self.stack.inbox(phone, "otp_code"))

    def arrive(self, phones: list[str], seconds: float, what: str) -> None:
        until(lambda: all(map(self.arrived, phones)), seconds, what)

    def lanes(self, number: int) -> None:
        """A signal to every worker process."""
        for pid, command in self.stack.processes():
            if "jobs.worker" in command:
                os.kill(pid, number)

    def halt_lanes(self) -> None:
        """Stop the workers at a moment when none of them holds SQLite's one write lock."""
        until(self._halted, 20, "a moment when no worker writes")

    def _halted(self) -> bool:
        self.lanes(signal.SIGSTOP)
        place = self.stack.var / "loket.db"
        if not place.exists():
            return True
        connection = sqlite3.connect(place, timeout=0.2, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            self.lanes(signal.SIGCONT)
            return False
        finally:
            connection.close()
        return True


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    redis = Server(tmp_path / "server")
    env = {**services("loket_redis_faults"), "REDIS_URL": redis.url}
    stack = Stack(tmp_path / "var", **env, INLINE_AFTER_SECONDS=str(TAKES_OVER))
    stack.start()
    try:
        yield Visit(stack, redis)
    finally:
        redis.thaw()
        stack.stop()
        redis.kill()


def absent_from_the_start(visit: Visit) -> None:
    """No Redis yet: people log in all the same, since the scheduler does the work."""
    phone = next(PHONES)
    visit.owner = visit.stack.staff()
    visit.customer = patient_customer(visit.stack, phone)
    visit.arrive(visit.pages(), 30, "codes without Redis")
    visit.redis.start()
    started = time.monotonic()
    until(lambda: working_lanes(visit) == 4, 20, "the lanes")
    visit.arrive([visit.asks_for_a_code()], BACK_SECONDS, "a code by the lanes")
    assert time.monotonic() - started < BACK_SECONDS


def patient_customer(stack: Stack, phone: str) -> Browser:
    """Logged in with a code that may take until the scheduler takes over."""
    browser = Browser(stack.url)
    browser.get("/login")
    browser.post("/login", phone=phone)
    (row, *_) = until(lambda: stack.inbox(phone, "otp_code"), TAKES_OVER + 25, "the code")
    found = re.search(r"\b(\d{6})\b", row["text"])
    assert found
    browser.post("/login/code", code=found[1])
    return browser


def working_lanes(visit: Visit) -> int:
    return len(visit.redis.ask().smembers("rq:workers"))


def flushed_with_work_in_it(visit: Visit) -> None:
    time.sleep(QUIET)
    visit.halt_lanes()
    try:
        phones = [visit.asks_for_a_code() for _ in range(3)]
        assert visit.redis.ask().llen("rq:queue:interactive") > 0
        visit.redis.ask().flushall()
    finally:
        visit.lanes(signal.SIGCONT)
    visit.arrive(phones, BACK_SECONDS, "codes whose bell was flushed")


def full(visit: Visit) -> None:
    """It answers and takes nothing: as good as away."""
    visit.redis.fill_up()
    try:
        phone = visit.asks_for_a_code()
        visit.arrive([phone], TAKES_OVER + 25, "a code past a full Redis")
    finally:
        visit.redis.empty_out()
    visit.arrive([visit.asks_for_a_code()], BACK_SECONDS, "a code after it was emptied")


def frozen(visit: Visit) -> None:
    visit.redis.freeze()
    try:
        visit.arrive(visit.pages(), TAKES_OVER + 25, "codes past a frozen Redis")
    finally:
        visit.redis.thaw()
    visit.arrive([visit.asks_for_a_code()], BACK_SECONDS, "a code after the thaw")


def killed_and_back_empty(visit: Visit) -> None:
    visit.redis.kill()
    phones = visit.pages()
    visit.redis.start()
    visit.redis.ask().flushall()
    visit.arrive([*phones, visit.asks_for_a_code()], BACK_SECONDS, "codes after the kill")


def after_all_of_it_the_books_are_sound(visit: Visit) -> None:
    until(
        lambda: visit.stack.flask("doctor", check=False).returncode == 0, 60, "a sound installation"
    )


def test_redis_in_every_kind_of_trouble(visit: Visit) -> None:
    """One after the other on one stack: starting it takes longer than the trouble."""
    absent_from_the_start(visit)
    flushed_with_work_in_it(visit)
    full(visit)
    frozen(visit)
    killed_and_back_empty(visit)
    after_all_of_it_the_books_are_sound(visit)
