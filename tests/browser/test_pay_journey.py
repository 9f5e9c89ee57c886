"""Paying on our own page: choose with fees, see the code, save it, pay it elsewhere, done."""

import re
from typing import Any

import pytest
import requests

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_customer_journey import log_in
from tests.browser.test_staff_journey import log_in as staff_log_in
from tests.stack import Stack

pytestmark = pytest.mark.browser
# People of the demo with an open bill that no other journey pays.
PAYERS = {"light": "081290000004", "dark": "081290000005", "elsewhere": "081290000007"}


def order_id_of(page: Any) -> str:
    found = re.search(r"/me/orders/(LKT[A-Z2-7]{26})", page.url)
    assert found, page.url
    return found[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_code_of_our_own(stack: Stack, watched: Any, scheme: str) -> None:
    visit = watched(PHONE, color_scheme=scheme)
    page = visit.page
    log_in(stack, page, PAYERS[scheme])
    page.goto(f"{stack.url}/me/pay")
    page.get_by_text("Biaya Rp").first.wait_for()
    visit.check(f"phone-{scheme}-choose")
    page.get_by_role("button", name=re.compile("^BRI Virtual")).click()
    page.wait_for_url("**/me/orders/*")
    page.get_by_role("button", name="Salin").wait_for()
    visit.check(f"phone-{scheme}-va")

    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Ganti cara bayar").click()
    page.wait_for_url("**/me/pay?invoice=*")
    page.get_by_role("button", name=re.compile("^QRIS")).click()
    page.wait_for_url("**/me/orders/*")
    image = page.get_by_role("img", name=re.compile("Kode QRIS"))
    image.wait_for()
    assert image.evaluate("one => one.complete && one.naturalWidth") >= 240
    countdown = page.locator("[data-countdown]")
    first = countdown.inner_text()
    page.wait_for_function(
        "first => document.querySelector('[data-countdown]').textContent != first", arg=first
    )
    assert re.fullmatch(r"\d{1,2}:\d{2}:\d{2}", countdown.inner_text())
    visit.check(f"phone-{scheme}-qr")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Simpan QR").click()
    assert saved.value.suggested_filename == f"qris-{order_id_of(page)}.png"


def test_paid_elsewhere_the_page_turns(stack: Stack, watched: Any) -> None:
    visit = watched(DESKTOP)
    page = visit.page
    log_in(stack, page, PAYERS["elsewhere"])
    page.goto(f"{stack.url}/me/pay")
    page.get_by_role("button", name=re.compile("^QRIS")).click()
    page.wait_for_url("**/me/orders/*")
    visit.check("desktop-qr")
    url = f"{stack.sims}/pakasir/orders/{order_id_of(page)}/pay"
    requests.post(url, json={"method": "qris"}, timeout=10).raise_for_status()
    page.get_by_text("Pembayaran diterima").wait_for()
    visit.check("desktop-qr-paid")


def test_a_bill_by_its_link_on_our_own_page(stack: Stack, watched: Any) -> None:
    """Nobody logs in: the link of a message, the choice with fees, the code, paid."""
    desk = watched(DESKTOP).page
    staff_log_in(stack, desk)
    desk.goto(f"{stack.url}/admin/invoices?status=open")
    desk.locator('a[href^="/admin/invoices/"]').get_by_text("INV-").first.click()
    found = re.search(r"/t/[a-z2-7]{40}", desk.content())
    assert found, desk.url
    link = found[0]
    visit = watched(PHONE)
    page = visit.page
    page.goto(stack.url + link)
    visit.check("phone-link")
    page.get_by_role("button", name="Bayar sekarang").click()
    page.wait_for_url("**/pay")
    page.get_by_text("Biaya Rp").first.wait_for()
    visit.check("phone-link-choose")
    page.get_by_role("button", name=re.compile("^BRI Virtual")).click()
    page.get_by_role("button", name="Salin").wait_for()
    assert page.url.endswith(link)
    visit.check("phone-link-va")
