"""First paint of the customer's pages on a slow line, in a real browser; reported, not judged."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.stack import Stack

SLOW_3G = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 50_000,
    "uploadThroughput": 50_000,
}
SLOWER_CPU = 6
PAINT = "Math.round((performance.getEntriesByName('first-contentful-paint')[0] || {}).startTime)"
TIMES = 3


def main() -> None:
    """Cold visits to the login, then a warm one."""
    place = shutil.which("chromium") or shutil.which("chromium-browser")
    if place is None:
        print("first paint: no chromium on this machine")
        return
    from playwright.sync_api import sync_playwright

    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        stack = Stack(Path(folder))
        stack.start()
        browser = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])
        try:
            for path in ("/login", "/isolir"):
                seen = [_visit(browser, stack.url + path) for _ in range(TIMES)]
                cold, warm = zip(*seen, strict=True)
                print(f"first paint {path}: cold {sorted(cold)} ms, again {sorted(warm)} ms")
        finally:
            browser.close()
            stack.stop()


def _visit(browser: Any, url: str) -> tuple[int, int]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
    times = []
    for _ in range(2):
        page.goto(url, wait_until="load", timeout=60_000)
        page.wait_for_function(f"{PAINT} > 0")
        times.append(int(page.evaluate(PAINT)))
    context.close()
    return times[0], times[1]
