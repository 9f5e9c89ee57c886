"""A customer on a phone: code, invoice, pay, and the page turns to "Lunas" by itself."""

import re
from typing import Any

import pytest

from tests.browser.conftest import PHONE
from tests.stack import DEMO_PHONE, Stack, until

pytestmark = pytest.mark.browser


def log_in(stack: Stack, page: Any, phone: str = DEMO_PHONE) -> None:
    """With the code that arrives in the simulated WhatsApp."""
    known = {row["id"] for row in stack.inbox(phone, "otp_code")}
    page.goto(f"{stack.url}/login")
    page.get_by_label("Nomor WhatsApp").fill(phone)
    page.get_by_role("button", name="Kirim kode").click()
    page.wait_for_url("**/login/code")
    fresh = until(
        lambda: [row for row in stack.inbox(phone, "otp_code") if row["id"] not in known],
        15,
        "the login code",
    )
    found = re.search(r"\b(\d{6})\b", fresh[0]["text"])
    assert found
    page.get_by_label("Kode masuk").fill(found[1])
    page.get_by_role("button", name="Masuk", exact=True).click()
    page.wait_for_url(f"{stack.url}/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_on_a_phone(stack: Stack, watched: Any, scheme: str) -> None:
    """Looks only; also what a wrong number and a wrong code look like."""
    visit = watched(PHONE, color_scheme=scheme)
    page = visit.page
    # Fragment answers with 422 are swapped in; Chromium reports them as failed loads.
    visit.expected = ("422 (UNPROCESSABLE ENTITY)",)
    page.goto(f"{stack.url}/login")
    visit.check(f"phone-{scheme}-login")
    page.get_by_label("Nomor WhatsApp").fill("123")
    page.get_by_role("button", name="Kirim kode").click()
    page.get_by_role("alert").first.wait_for()
    assert page.get_by_label("Nomor WhatsApp").input_value() == "123"
    visit.check(f"phone-{scheme}-login-wrong")
    log_in(stack, page)
    visit.check(f"phone-{scheme}-home")
    for name, path in (("invoices", "Tagihan"), ("history", "Riwayat"), ("profile", "Profil")):
        page.get_by_role("navigation", name="Menu utama").get_by_role("link", name=path).click()
        page.wait_for_url(f"**/me/{name}")
        visit.check(f"phone-{scheme}-{name}")
    page.goto(f"{stack.url}/me/invoices")
    page.locator("a.item").first.click()
    page.wait_for_url("**/me/invoices/*")
    visit.check(f"phone-{scheme}-invoice")


def test_a_wrong_code_keeps_the_page(stack: Stack, watched: Any) -> None:
    visit = watched(PHONE)
    visit.expected = ("422 (UNPROCESSABLE ENTITY)",)
    page = visit.page
    page.goto(f"{stack.url}/login")
    page.get_by_label("Nomor WhatsApp").fill("081290000009")
    page.get_by_role("button", name="Kirim kode").click()
    page.wait_for_url("**/login/code")
    visit.check("phone-code")
    page.get_by_label("Kode masuk").fill("000000")
    page.get_by_role("button", name="Masuk", exact=True).click()
    page.get_by_text("Kode salah.").wait_for()
    visit.check("phone-code-wrong")


def test_paying_an_invoice(stack: Stack, watched: Any) -> None:
    visit = watched(PHONE)
    page = visit.page
    log_in(stack, page)
    page.locator("a.item", has=page.get_by_text("Belum dibayar")).first.click()
    page.wait_for_url("**/me/invoices/*")
    invoice_url = page.url
    visit.check("phone-invoice-open")
    page.get_by_role("button", name="Bayar sekarang").click()
    page.wait_for_url("**/me/pay?invoice=*")
    visit.check("phone-pay-choose")
    page.get_by_role("button", name="Halaman Pakasir").click()
    page.wait_for_url(f"{stack.sims}/pakasir/pay*/**")
    page.screenshot(path=str(visit.shots / "phone-pay-page.png"), full_page=True)
    # Left without paying: the portal waits, and offers to go on.
    page.goto(invoice_url)
    page.get_by_role("button", name="Lanjutkan pembayaran").wait_for()
    visit.check("phone-invoice-waiting")
    page.get_by_role("button", name="Lanjutkan pembayaran").click()
    page.wait_for_url(f"{stack.url}/me/orders/**")
    page.get_by_role("button", name="Lanjutkan pembayaran").click()
    page.wait_for_url(f"{stack.sims}/pakasir/pay*/**")
    page.get_by_role("button", name=re.compile("Bayar")).first.click()
    page.get_by_role("link", name="Kembali ke merchant").click()
    page.wait_for_url(f"{stack.url}/me/orders/**")
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    page.get_by_text("Pembayaran diterima").wait_for()
    page.get_by_text("Lunas").first.wait_for()
    assert loads == [], "it turned without a reload"
    visit.check("phone-paid")
    page.goto(invoice_url)
    assert page.get_by_text("Lunas").first.is_visible()
    visit.check("phone-invoice-paid")


def test_english_and_back(stack: Stack, watched: Any) -> None:
    """The profile's language rules every page from then on."""
    visit = watched(PHONE)
    page = visit.page
    log_in(stack, page)
    page.goto(f"{stack.url}/me/profile")
    page.get_by_role("main").get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Profile").wait_for()
    for path in ("/", "/me/invoices", "/me/history", "/me/profile"):
        page.goto(stack.url + path)
        assert page.locator("html").get_attribute("lang") == "en"
        visit.check(f"phone-english{path.replace('/', '-')}")
    page.get_by_role("main").get_by_role("button", name="Bahasa Indonesia").click()
    page.get_by_role("heading", name="Profil", exact=True).wait_for()
