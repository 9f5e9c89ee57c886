"""Connecting a WhatsApp number in the simulated window: to its end, closed early, and deceived."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.local.env import read
from tests.browser.conftest import DESKTOP, PHONE
from tests.stack import Stack

pytestmark = pytest.mark.browser
CONNECT = "/admin/settings/whatsapp/connect"
FOREIGN = """origin => {
  const data = {error_message: "Dari " + origin, error_id: "1"};
  const told = JSON.stringify({type: "WA_EMBEDDED_SIGNUP", event: "CANCEL", data});
  window.dispatchEvent(new MessageEvent("message", {origin, data: told}));
}"""


def log_in(stack: Stack, page: Page) -> None:
    values = read(stack.var / "local.env")
    page.goto(f"{stack.url}/admin/login")
    page.get_by_label("E-mail").fill(values["DEMO_STAFF_EMAIL"])
    page.get_by_label("Kata sandi").fill(values["DEMO_STAFF_PASSWORD"])
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_url(f"{stack.url}/admin")


def opened(stack: Stack, page: Page) -> None:
    """A new attempt, its button ready."""
    page.goto(stack.url + CONNECT)
    page.get_by_role("button", name="Hubungkan WhatsApp").click()
    page.wait_for_url(re.compile(CONNECT + r"/\d+$"))
    expect(page.get_by_role("button", name="Buka jendela Facebook")).to_be_enabled()


def window(page: Page, **chosen: str) -> None:
    """Go through the window."""
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Buka jendela Facebook").click()
    dialog = popup.value
    dialog.wait_for_load_state()
    for name, value in chosen.items():
        dialog.locator(f"[name={name}]").select_option(value)
    dialog.get_by_role("button", name="Lanjutkan").click()


def test_a_number_from_the_button_to_the_tick(stack: Stack, watched: Any) -> None:
    visit = watched(PHONE)
    page = visit.page
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/settings/whatsapp")
    page.get_by_role("link", name="Hubungkan WhatsApp").click()
    visit.check("phone-connect")
    opened(stack, page)
    visit.check("phone-connect-open")
    window(page, order="code_first")
    expect(page.get_by_text("Nomor terhubung.")).to_be_visible(timeout=30_000)
    assert page.locator("#signup[hx-get]").count() == 0
    visit.check("phone-connect-done")


def test_a_window_closed_early_says_what_to_prepare(stack: Stack, watched: Any) -> None:
    visit = watched(DESKTOP)
    page = visit.page
    log_in(stack, page)
    opened(stack, page)
    window(page, outcome="CANCEL", step="PHONE_NUMBER_VERIFICATION")
    expect(page.get_by_text("kode verifikasi")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("button", name="Buka jendela Facebook")).to_be_enabled()
    visit.check("desktop-connect-cancelled")


def test_words_of_other_sites_are_not_heard(stack: Stack, watched: Any) -> None:
    """Only facebook.com, its real subdomains and the simulator reach the server."""
    visit = watched(DESKTOP)
    page = visit.page
    log_in(stack, page)
    opened(stack, page)
    posts: list[str] = []
    page.on("request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None)
    for origin in (
        "https://evilfacebook.com",
        "https://facebook.com.evil.test",
        "http://www.facebook.com",
        "https://www.facebook.com:8443",
        "https://www-facebook.com",
        "null",
        "",
        stack.url,
    ):
        page.evaluate(FOREIGN, origin)
    page.wait_for_timeout(300)
    assert posts == []
    for origin in ("https://facebook.com", "https://business.facebook.com"):
        with page.expect_response(re.compile(r"/event$")):
            page.evaluate(FOREIGN, origin)
        expect(page.get_by_text(f"Dari {origin}")).to_be_visible()
    assert len(posts) == 2
