"""Headless Chromium against the whole product; screenshots land in the test run's folder."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.watching import Watched
from tests.stack import Stack

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1366, "height": 850}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; without one the journeys are skipped, and say so."""
    place = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if place is None:
        pytest.skip("no chromium on this machine: install it to run the browser journeys")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def stack(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything `make run` starts, with demo data."""
    found = Stack(tmp_path_factory.mktemp("stack"))
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: `SHOTS` when set, else the run's temporary folder."""
    named = os.environ.get("SHOTS")
    place = Path(named) if named else tmp_path_factory.mktemp("shots")
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture
def watched(chromium: Any, stack: Stack, shots: Path) -> Iterator[Any]:
    """Opens pages that note every console error and every violation of the policy."""
    opened: list[Watched] = []

    def open_page(size: dict[str, int], **context: Any) -> Watched:
        one = Watched(chromium.new_context(viewport=size, **context), shots, stack.url)
        opened.append(one)
        return one

    yield open_page
    for one in opened:
        problems = list(one.problems)
        one.context.close()
        assert not problems, problems
