"""Staff at a laptop: every page of the menu, another WhatsApp driver, the invoice run."""

import time
from typing import Any

import pytest

from portal.dashboard.navigation import GROUPS
from portal.local.env import read
from tests.browser.conftest import DESKTOP, PHONE
from tests.stack import Stack, until

pytestmark = pytest.mark.browser


def log_in(stack: Stack, page: Any) -> None:
    values = read(stack.var / "local.env")
    page.goto(f"{stack.url}/admin/login")
    page.get_by_label("E-mail").fill(values["DEMO_STAFF_EMAIL"])
    page.get_by_label("Kata sandi").fill(values["DEMO_STAFF_PASSWORD"])
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_url(f"{stack.url}/admin")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_of_the_menu(
    stack: Stack, watched: Any, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    kind = "desktop" if size is DESKTOP else "phone"
    visit = watched(size)
    page = visit.page
    page.goto(f"{stack.url}/admin/login")
    visit.check(f"{kind}-admin-login")
    log_in(stack, page)
    menu = page.get_by_role("navigation", name="Menu petugas")
    assert menu.is_visible() == (kind == "desktop")
    visit.check(f"{kind}-admin-home")
    if kind == "phone":
        page.get_by_text("Menu", exact=True).click()
        assert menu.is_visible()
        visit.check("phone-admin-menu")
    # Closed groups included; the switches of look and language are no pages.
    hrefs = [str(link.get_attribute("href")) for link in menu.locator("a").all()]
    links = [href for href in hrefs if "?" not in href]
    assert len(links) > sum(len(lines) for _key, _label, _open, lines in GROUPS)
    for href in links:
        page.goto(stack.url + href)
        assert page.locator("h1").is_visible()
        here = page.locator('nav[aria-label="Menu petugas"] [aria-current="page"]')
        assert here.get_attribute("href") == href
        visit.check(f"{kind}-{href.strip('/').replace('/', '-')}")


def test_one_of_each_on_the_desktop(stack: Stack, watched: Any) -> None:
    """The pages behind the lists."""
    visit = watched(DESKTOP)
    page = visit.page
    log_in(stack, page)
    for name in ("customers", "invoices", "messages", "plans"):
        page.goto(f"{stack.url}/admin/{name}")
        page.locator("tbody a").first.click()
        page.wait_for_url(f"**/admin/{name}/*")
        visit.check(f"desktop-one-{name}")
    page.goto(f"{stack.url}/admin/customers")
    page.locator("tbody a").first.click()
    page.get_by_role("link", name="Ubah data").click()
    visit.check("desktop-customer-edit")
    page.get_by_label("Nama").fill("")
    page.locator("form.card").evaluate("form => form.noValidate = true")
    visit.expected = ("422 (UNPROCESSABLE ENTITY)",)
    page.get_by_role("button", name="Simpan").click()
    page.get_by_text("Nama wajib diisi.").wait_for()
    visit.check("desktop-customer-edit-wrong")
    page.goto(f"{stack.url}/admin/settings/whatsapp")
    visit.check("desktop-whatsapp")


def test_searching_as_one_types(stack: Stack, watched: Any) -> None:
    visit = watched(DESKTOP)
    page = visit.page
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/customers")
    page.locator("#q").press_sequentially("0812-9000-0001", delay=20)
    page.wait_for_url("**q=0812-9000-0001**")
    until(lambda: page.locator("tbody tr").count() == 1, 10, "the one customer")
    visit.check("desktop-search")


def test_another_whatsapp_driver(stack: Stack, watched: Any) -> None:
    """From the settings page alone, and the test message arrives there."""
    visit = watched(DESKTOP)
    page = visit.page
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/settings/whatsapp")
    page.get_by_label("Driver", exact=True).select_option("gateway")
    page.wait_for_url("**driver=gateway")
    page.get_by_label("Alamat gateway (POST)").fill(f"{stack.sims}/gateway/ext/{{secret}}/wa")
    visit.check("desktop-whatsapp-gateway")
    page.locator("#fields input[type=password]").first.fill("a-secret-of-mine")
    page.get_by_role("button", name="Simpan dan pakai").click()
    page.get_by_text("Konfigurasi disimpan dan dipakai.").wait_for()
    number = "081255550001"
    page.get_by_label("Nomor tujuan").fill(number)
    page.get_by_role("button", name="Kirim uji coba").click()
    page.locator("#test .alert").wait_for()
    assert "ok" in (page.locator("#test .alert").get_attribute("class") or "")
    visit.check("desktop-whatsapp-tested")
    assert until(lambda: stack.inbox(number), 15, "the test message")
    page.get_by_role("link", name="Periksa sekarang").click()
    page.locator("#health .alert").wait_for()
    visit.check("desktop-whatsapp-health")


def test_the_invoice_run(stack: Stack, watched: Any) -> None:
    """Next month's, typed; the page follows it to its end."""
    visit = watched(DESKTOP)
    page = visit.page
    log_in(stack, page)
    month = time.strftime("%Y-%m", time.localtime(time.time() + 32 * 86400))
    page.get_by_role("link", name="Terbitkan tagihan").click()
    page.get_by_label("Periode").fill(month)
    page.get_by_role("button", name="Lihat").click()
    page.get_by_text("Akan diterbitkan").wait_for()
    visit.check("desktop-run-preview")
    page.get_by_label(f"Ketik {month} untuk menerbitkan").fill(month)
    page.get_by_role("button", name="Terbitkan").click()
    page.get_by_text("sudah ditagih").wait_for(timeout=60_000)
    visit.check("desktop-run-done")


def test_an_import_from_a_laptop(stack: Stack, watched: Any) -> None:
    """Upload, report, confirm, and the customer is there."""
    visit = watched(DESKTOP)
    page = visit.page
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/import")
    rows = (
        b"no_pelanggan,nama,telepon,paket,harga,login_layanan\n"
        b"WEB-1,Rina Peramban,081255550002,Rumah 20 Mbps,165000,rina.web\n"
        b"WEB-2,Salah,abc,Rumah 20 Mbps,165000,salah.web\n"
    )
    file = {"name": "pelanggan.csv", "mimeType": "text/csv", "buffer": rows}
    page.get_by_label("Berkas").set_input_files(file)
    page.get_by_role("button", name="Unggah dan periksa").click()
    page.get_by_role("button", name="Periksa berkas").click()
    page.locator("#start").wait_for(timeout=60_000)
    visit.check("desktop-import-report")
    page.locator("#start").click()
    page.get_by_role("link", name="Lihat pelanggan").click()
    page.goto(f"{stack.url}/admin/customers?q=rina.web")
    assert page.get_by_text("Rina Peramban").is_visible()


def test_isolating_and_opening_by_hand(stack: Stack, watched: Any) -> None:
    """The button, the reason, and the router that follows."""
    visit = watched(DESKTOP)
    page = visit.page
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/customers?q=PLG-0005")
    page.locator("tbody a").first.click()
    page.get_by_role("link", name="Isolir…").click()
    visit.check("desktop-isolate")
    page.get_by_label("Alasan").fill("Uji coba petugas")
    page.get_by_role("button", name="Isolir layanan").click()
    page.get_by_text("Perintah dikirim ke router.").wait_for()
    until(lambda: _router_says(page, "diisolir"), 20, "the router")
    visit.check("desktop-isolated")
    page.goto(f"{stack.url}/admin/isolation")
    assert page.get_by_text("Uji coba petugas").is_visible()
    visit.check("desktop-isolation-board")
    page.go_back()
    page.get_by_role("link", name="Buka akses…").click()
    page.get_by_label("Alasan").fill("Selesai")
    page.get_by_role("button", name="Buka akses").click()
    page.get_by_text("Perintah dikirim ke router.").wait_for()
    until(lambda: _router_says(page, "terbuka"), 20, "the router")


def _router_says(page: Any, state: str) -> bool:
    page.reload()
    return bool(page.get_by_text(f"router: {state}").count())
