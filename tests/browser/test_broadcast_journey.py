"""A broadcast from the empty form to the last phone, and a customer who wants no more of them."""

import re
from typing import Any

import pytest
import requests

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_staff_journey import log_in
from tests.stack import DEMO_PHONE, Stack, until

pytestmark = pytest.mark.browser
MINE = "081355550001"


def inbox(stack: Stack, digits: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{stack.sims}/inbox/{digits}.json", timeout=5)
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_compose_test_confirm_watch(
    stack: Stack, watched: Any, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.id
    visit = watched(size)
    page = visit.page
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/broadcasts")
    visit.check(f"{kind}-broadcasts-list")
    page.get_by_role("link", name="Tulis siaran").click()
    page.get_by_label("Judul").fill(f"Pemeliharaan {kind}")
    page.get_by_label("Isi pesan").fill(
        "Halo [[name]],\n\n*Pemeliharaan jaringan* nanti malam 23.00–01.00.\n_Mohon maaf._"
    )
    everybody = page.locator("#count b").inner_text()
    with page.expect_response(re.compile(r"/admin/broadcasts/new\?")):
        page.locator("main details").first.locator("summary").click()
        page.locator('input[name="areas"]').first.check()
    until(lambda: page.locator("#count b").inner_text() != everybody, 10, "the count to follow")
    visit.check(f"{kind}-broadcast-form")
    page.get_by_role("button", name="Simpan dan periksa").click()
    page.get_by_text("Sebelum dikirim").wait_for()
    visit.check(f"{kind}-broadcast-review")

    page.get_by_label("Nomor WhatsApp Anda").fill(MINE)
    page.get_by_role("button", name="Kirim uji").click()
    page.get_by_text("Diuji").wait_for()
    visit.check(f"{kind}-broadcast-tested")
    heard = until(lambda: inbox(stack, "62" + MINE[1:]), 10, "the test message")
    assert "Pemeliharaan jaringan" in heard[0]["text"]

    label = page.get_by_label(re.compile(r"Ketik \d+ untuk mengirim"))
    number = re.search(r"Ketik (\d+)", page.locator('label[for="f-count"]').inner_text())
    assert number
    label.fill(number[1])
    page.get_by_role("button", name=re.compile("Kirim .* pesan")).click()
    page.locator("#progress").wait_for()
    visit.check(f"{kind}-broadcast-progress")
    page.locator("#progress .badge", has_text=re.compile("Selesai|Sedang dikirim")).wait_for()
    visit.check(f"{kind}-broadcast-sent")
    page.get_by_role("button", name="Salin jadi draf").click()
    page.get_by_text("Salinan dibuat").wait_for()
    page.goto(f"{stack.url}/admin/broadcasts")
    visit.check(f"{kind}-broadcasts-list-full")


def test_a_customer_wants_no_more_broadcasts(stack: Stack, watched: Any) -> None:
    visit = watched(PHONE)
    page = visit.page
    page.goto(f"{stack.url}/login")
    page.get_by_role("textbox", name="Nomor WhatsApp").fill(DEMO_PHONE)
    page.locator("form button").first.click()
    page.wait_for_url("**/login/code")
    digits = "62" + DEMO_PHONE[1:]
    code = until(
        lambda: next((m["text"] for m in inbox(stack, digits) if m["kind"] == "otp_code"), ""),
        20,
        "the code",
    )
    found = re.search(r"\b\d{6}\b", code)
    assert found
    page.locator("input.code").fill(found[0])
    page.locator("form", has=page.locator("input.code")).get_by_role("button").first.click()
    page.wait_for_url(f"{stack.url}/")
    page.goto(f"{stack.url}/me/profile/messages")
    page.get_by_label("Siaran").uncheck()
    visit.check("phone-profile-messages")
    page.get_by_role("button", name="Simpan pilihan pesan").click()
    page.get_by_text("Pilihan pesan disimpan").wait_for()
    assert not page.get_by_label("Siaran").is_checked()

    desk = watched(DESKTOP)
    log_in(stack, desk.page)
    desk.page.goto(f"{stack.url}/admin/customers?q={DEMO_PHONE}")
    desk.page.locator("tbody a").first.click()
    desk.page.get_by_role("link", name="Notifikasi").click()
    desk.page.get_by_text("Pesan yang diterima").wait_for()
    assert not desk.page.get_by_label("Siaran").is_checked()
    assert desk.page.get_by_label("Pengingat H-3").is_checked()
    desk.check("desktop-customer-messages")
