"""The phone as people use it: a weak line, the back button, no script, large text, a dark room."""

import re
from typing import Any

import pytest
import requests

from portal.local.env import read
from tests.browser.conftest import PHONE
from tests.browser.test_customer_journey import log_in
from tests.stack import Stack, until

pytestmark = pytest.mark.browser
FIRST_VISIT, AGAIN = 60 * 1024, 8 * 1024
"""Bytes over the line, headers included."""
# People of the demo that no other journey pays for.
READER, PAYER, TALKER = "081290000011", "081290000010", "081290000014"


class Line:
    """What came over the line to a page, as the browser counts it."""

    def __init__(self, page: Any) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.urls: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.session.on("Network.requestWillBeSent", self._asked)
        self.session.on("Network.loadingFinished", self._came)

    def _asked(self, event: Any) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]

    def _came(self, event: Any) -> None:
        url = self.urls.get(event["requestId"], "")
        if url.startswith("http"):
            self.sizes[event["requestId"]] = int(event["encodedDataLength"])

    def weight(self) -> int:
        """Bytes since the last time asked."""
        total = sum(self.sizes.values())
        self.sizes.clear()
        return total


def test_what_a_first_visit_weighs(stack: Stack, watched: Any) -> None:
    """The login as nobody ever was here; then home, cold, and once more."""
    page = watched(PHONE).page
    line = Line(page)
    page.goto(f"{stack.url}/login", wait_until="networkidle")
    first = line.weight()
    assert 10_000 < first <= FIRST_VISIT, first
    log_in(stack, page, READER)
    cookies = page.context.storage_state()
    page = watched(PHONE, storage_state=cookies).page
    line = Line(page)
    page.goto(stack.url, wait_until="networkidle")
    assert page.get_by_role("heading", name="Beranda").count() == 1
    cold = line.weight()
    assert 10_000 < cold <= FIRST_VISIT, cold
    for path in ("/", "/me/invoices", "/me/history"):
        page.goto(stack.url + path, wait_until="networkidle")
        warm = line.weight()
        assert warm <= AGAIN, (path, warm)


def test_back_brings_pages_and_never_a_fragment(stack: Stack, watched: Any) -> None:
    visit = watched(PHONE)
    page = visit.page
    log_in(stack, page, READER)
    page.goto(f"{stack.url}/me/invoices")
    page.get_by_role("link", name="Lunas", exact=True).click()
    page.wait_for_url("**/me/invoices?status=paid*")
    page.locator("a.item").first.click()
    page.wait_for_url("**/me/invoices/*")
    page.go_back()
    page.wait_for_url("**/me/invoices?status=paid*")
    assert page.get_by_role("banner").is_visible()
    assert page.locator("#list [aria-current=true]").first.inner_text() == "Lunas"
    page.go_back()
    page.wait_for_url(re.compile(r"/me/invoices$"))
    page.locator("#list [aria-current=true]").get_by_text("Semua").first.wait_for()
    assert page.get_by_role("banner").is_visible() and page.locator("#list").count() == 1
    page.goto(f"{stack.url}/me/history")
    page.get_by_label("Status").select_option("reversal")
    page.get_by_text("Tidak ada pembayaran dengan pilihan ini.").wait_for()
    assert "status=reversal" in page.url
    page.reload()
    page.get_by_role("heading", name="Riwayat pembayaran").wait_for()
    assert page.get_by_label("Status").input_value() == "reversal"
    visit.check()


def test_after_logging_out_back_shows_nothing(stack: Stack, watched: Any) -> None:
    page = watched(PHONE).page
    log_in(stack, page, READER)
    page.goto(f"{stack.url}/me/profile")
    page.get_by_role("button", name=re.compile("^Keluar dari perangkat ini|^Keluar$")).click()
    page.wait_for_url("**/login")
    page.go_back()
    page.wait_for_url(re.compile("/login"))
    assert page.get_by_label("Nomor WhatsApp").is_visible()


def test_a_lost_connection_loses_nothing(stack: Stack, watched: Any) -> None:
    """A banner, what was typed stays, and one press sends it once the line is back."""
    visit = watched(PHONE)
    visit.expected = ("ERR_INTERNET_DISCONNECTED", "htmx:sendError")
    page = visit.page
    page.goto(f"{stack.url}/login")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.get_by_label("Nomor WhatsApp").fill(TALKER)
    page.context.set_offline(True)
    banner = page.get_by_text("Koneksi terputus")
    banner.wait_for()
    page.get_by_role("button", name="Kirim kode").click()
    assert page.get_by_label("Nomor WhatsApp").input_value() == TALKER
    assert page.url.endswith("/login") and banner.is_visible()
    visit.check("phone-offline")
    # Another page cannot be had: the kept one says so, and knows nobody.
    away = page.context.new_page()
    away.goto(f"{stack.url}/me/invoices")
    away.get_by_role("heading", name="Tidak ada koneksi").wait_for()
    assert "Rp" not in away.content()
    away.close()
    page.context.set_offline(False)
    banner.wait_for(state="hidden")
    page.get_by_role("button", name="Kirim kode").dblclick()
    page.wait_for_url("**/login/code")
    sent = until(lambda: stack.inbox(TALKER, "otp_code"), 30, "the login code")
    page.reload()
    assert page.get_by_label("Kode masuk").is_visible(), "survives a reload"
    assert len(stack.inbox(TALKER, "otp_code")) == len(sent) == 1, "pressed twice, sent once"
    kept = page.evaluate(
        "caches.keys().then(names => Promise.all(names.map(name => caches.open(name)"
        ".then(one => one.keys()))).then(all => all.flat().map(one => new URL(one.url).pathname)))"
    )
    assert "/offline" in kept
    assert all(path == "/offline" or path.startswith("/static/") for path in kept), kept


def test_paying_without_a_script(stack: Stack, watched: Any) -> None:
    """Each step is a plain form; the page is asked again by hand."""
    visit = watched(PHONE, java_script_enabled=False)
    # Paid between the page and its picture: there is no code to draw any more.
    visit.expected = ("404 (NOT FOUND)",)
    page = visit.page
    log_in(stack, page, PAYER)
    page.get_by_role("button", name="Bayar sekarang").click()
    page.wait_for_url("**/me/pay?invoice=*")
    page.get_by_role("button", name=re.compile("^QRIS")).click()
    page.wait_for_url("**/me/orders/*")
    page.get_by_role("img", name=re.compile("Kode QRIS")).wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Simpan QR").click()
    assert saved.value.suggested_filename.endswith(".png")
    order = page.url.rpartition("/")[2]
    url = f"{stack.sims}/pakasir/orders/{order}/pay"
    requests.post(url, json={"method": "qris"}, timeout=10).raise_for_status()

    def arrived() -> bool:
        page.reload()
        return bool(page.get_by_text("Pembayaran diterima").count())

    until(arrived, 20, "the payment")
    with page.expect_download() as receipt:
        page.get_by_role("button", name="Kuitansi (PDF)").click()
    assert receipt.value.suggested_filename.endswith(".pdf")
    page.goto(f"{stack.url}/me/history")
    page.get_by_label("Status").select_option("received")
    page.get_by_role("button", name="Tampilkan").click()
    page.wait_for_url("**/me/history?*status=received*")
    assert page.get_by_text("QRIS").first.is_visible()


def test_a_dark_room_is_remembered(stack: Stack, watched: Any) -> None:
    visit = watched(PHONE, color_scheme="light")
    page = visit.page
    page.goto(f"{stack.url}/login")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    bright = page.evaluate(ground)
    page.get_by_role("link", name="Gelap").click()
    page.locator("html[data-theme=dark]").wait_for()
    log_in(stack, page, READER)
    page.goto(f"{stack.url}/me/invoices")
    assert page.locator("html").get_attribute("data-theme") == "dark", "the login keeps it"
    dark = page.evaluate(ground)
    assert dark != bright
    page.get_by_role("link", name="Otomatis").click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("data-theme") is None


def test_what_is_wrong_is_listed_and_leads_there(stack: Stack, watched: Any) -> None:
    """By a fragment the field has the focus; by a page several errors are listed above."""
    visit = watched(PHONE)
    visit.expected = ("422 (UNPROCESSABLE ENTITY)",)
    page = visit.page
    page.goto(f"{stack.url}/login")
    page.get_by_label("Nomor WhatsApp").fill("12")
    page.get_by_role("button", name="Kirim kode").click()
    page.locator("#phone[aria-invalid=true]:focus").wait_for()
    known = read(stack.var / "local.env")
    page.goto(f"{stack.url}/admin/login?next=/admin/plans/new")
    page.locator("[name=email]").fill(known["DEMO_STAFF_EMAIL"])
    page.locator("[name=password]").fill(known["DEMO_STAFF_PASSWORD"])
    page.locator("main button[type=submit], main button:not([type])").first.click()
    page.wait_for_url(re.compile("/admin/plans/new$"))
    page.get_by_label("Nama paket").fill("Rumah")
    page.get_by_label("Harga per bulan").fill("banyak")
    page.get_by_label("Tanggal terbit").fill("99")
    page.get_by_role("button", name="Simpan").click()
    listed = page.locator(".error-summary a")
    listed.first.wait_for()
    assert listed.count() == 2
    assert page.get_by_label("Harga per bulan").evaluate("one => one === document.activeElement")
    listed.nth(1).click()
    assert page.get_by_label("Tanggal terbit").evaluate("one => one === document.activeElement")
    assert page.get_by_label("Nama paket").input_value() == "Rumah"
    visit.check("phone-error-summary")


@pytest.mark.parametrize("width", [320, 390])
def test_large_text_is_not_cut(stack: Stack, watched: Any, width: int) -> None:
    """200 %: nothing wider than the screen, no button whose words are cut off."""
    visit = watched({"width": width, "height": 844})
    page = visit.page
    log_in(stack, page, READER)
    for path in ("/", "/me/invoices", "/me/history", "/me/pay", "/isolir"):
        page.goto(stack.url + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        visit.check(f"phone-{width}-large{path.replace('/', '-')}")
        cut = page.evaluate(
            "[...document.querySelectorAll('a,button,h1,h2,strong,small,.badge,td,dd')].filter("
            "one => one.offsetParent && one.scrollWidth > one.clientWidth + 1"
            " && getComputedStyle(one).display != 'inline'"
            " && getComputedStyle(one).overflowX != 'visible').map(one => one.textContent.trim())"
        )
        assert cut == [], (path, cut)
