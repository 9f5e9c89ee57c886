"""Buttons under a message without writing a block by hand: from the form to the text field."""

import io
from typing import Any

import pytest

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_staff_journey import log_in
from tests.stack import Stack, until

pytestmark = pytest.mark.browser
BLOCK = """Halo [[name]],
[[wa]]
[type](template)
*Internet Anda aktif kembali.*
[headerType](1)
[headerText](Kabar baik)
[footer](Loket)
[button](url|Buka portal|https://portal.example.test)
[button](quick|1|Terima kasih)
[[/wa]]
Salam."""


def preview(page: Any) -> Any:
    return page.locator("#wa-preview")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_broadcast_gets_buttons_by_form(
    stack: Stack, watched: Any, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.id
    visit = watched(size)
    page = visit.page
    visit.expected = ("status of 422",)
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/broadcasts/new")
    page.get_by_label("Judul").fill("Survei")
    page.get_by_label("Isi pesan").fill("Halo [[name]],\napakah internet Anda *lancar*?")
    live = page.locator(".wa-live")
    until(lambda: "Halo Budi Santoso" in live.inner_text(), 10, "the live preview")
    page.get_by_role("button", name="Susun dengan formulir").click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert "apakah internet Anda *lancar*?" in dialog.get_by_label("Isi pesan").input_value()

    # Nothing typed is lost when something is missing, and the cursor goes there.
    dialog.get_by_label("Kaki pesan").fill("Loket Net")
    dialog.get_by_role("button", name="Pakai").click()
    dialog.get_by_text("Wajib diisi.").wait_for()
    assert dialog.get_by_label("Kaki pesan").input_value() == "Loket Net"
    assert page.evaluate("document.activeElement.id") == "wa-button-0-text"
    visit.check(f"{kind}-builder-errors")

    # By keyboard alone.
    page.keyboard.type("Lancar")
    until(lambda: "Lancar" in preview(page).inner_text(), 10, "the button in the preview")
    dialog.get_by_role("button", name="Tambah tombol").press("Enter")
    dialog.get_by_role("group", name="Tombol 2").wait_for()
    until(lambda: page.evaluate("document.activeElement.id") == "wa-button-1-text", 5, "the focus")
    page.keyboard.type("Tidak lancar")
    page.keyboard.press("Enter")
    until(lambda: "Tidak lancar" in preview(page).inner_text(), 10, "the second button")
    dialog.get_by_role("button", name="Tombol 2: naikkan").click()
    until(
        lambda: dialog.get_by_label("Teks tombol").first.input_value() == "Tidak lancar",
        10,
        "the other order",
    )
    visit.check(f"{kind}-builder-buttons")

    dialog.get_by_role("button", name="Pakai").click()
    dialog.wait_for(state="detached")
    text = page.get_by_label("Isi pesan").input_value()
    assert text.startswith("[[wa]]\n[type](buttons)\nHalo [[name]],\napakah")
    assert "[button](1|Tidak lancar)\n[button](2|Lancar)\n[[/wa]]" in text
    until(lambda: live.locator(".wa-presses li").count() == 2, 10, "buttons in the live preview")
    assert "Tombol menjadi teks" in live.inner_text() or "Tombol tampil" in live.inner_text()
    visit.check(f"{kind}-broadcast-with-buttons")
    page.get_by_role("button", name="Simpan dan periksa").click()
    page.get_by_text("Sebelum dikirim").wait_for()
    assert page.locator(".wa-presses li").all_inner_texts() == ["Tidak lancar", "Lancar"]
    visit.check(f"{kind}-broadcast-review-with-buttons")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_was_written_by_hand_opens_in_the_form(
    stack: Stack, watched: Any, size: dict[str, int], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.id
    visit = watched(size)
    page = visit.page
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/messages/texts/access_opened/id")
    page.locator("#body").fill(BLOCK)
    page.locator("#preview .wa-presses").wait_for()
    visit.check(f"{kind}-text-with-block")
    page.get_by_role("button", name="Susun dengan formulir").click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert dialog.get_by_label("Alamat tautan").input_value() == "https://portal.example.test"
    visit.check(f"{kind}-builder-template")
    dialog.get_by_label("Daftar pilihan").check()
    dialog.get_by_role("group", name="Pilihan 1").get_by_label("Judul").fill("Paket 20 Mbps")
    dialog.get_by_label("Teks tombol pembuka").fill("Pilih paket")
    dialog.get_by_role("button", name="Tambah pilihan").click()
    dialog.get_by_role("group", name="Pilihan 2").get_by_label("Judul").fill("Paket 50 Mbps")
    dialog.get_by_label("Kepala pesan").select_option("image")
    dialog.get_by_label("Unggah berkas").set_input_files(
        {"name": "promo.png", "mimeType": "image/png", "buffer": picture()}
    )
    preview(page).locator("img").wait_for()
    until(lambda: "Paket 50 Mbps" in preview(page).inner_text(), 10, "the list in the preview")
    visit.check(f"{kind}-builder-list")
    dialog.get_by_role("button", name="Pakai").click()
    dialog.wait_for(state="detached")
    text = page.locator("#body").input_value()
    assert text.startswith("Halo [[name]],\n[[wa]]\n[type](list)\n*Internet")
    assert text.endswith("[row](2|Paket 50 Mbps)\n[[/wa]]\nSalam.")
    page.get_by_role("button", name="Susun dengan formulir").click()
    dialog.wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.get_by_role("button", name="Susun dengan formulir").click()
    dialog.get_by_label("Kaki pesan").fill("Jangan hilang")
    answers = ["dismiss", "accept"]
    page.on("dialog", lambda asked: getattr(asked, answers.pop(0))())
    page.keyboard.press("Escape")
    assert dialog.get_by_label("Kaki pesan").input_value() == "Jangan hilang", "asked first"
    dialog.get_by_role("button", name="Tidak jadi").click()
    dialog.wait_for(state="detached")
    assert page.locator("#body").input_value() == text


def test_what_is_done_while_the_answer_is_on_its_way_is_kept(stack: Stack, watched: Any) -> None:
    """A slow line: the form's answers are held back while somebody goes on."""
    page = watched(DESKTOP).page
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/messages/texts/access_opened/id")
    page.locator("#body").fill(BLOCK)
    page.get_by_role("button", name="Susun dengan formulir").click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    held: list[Any] = []
    page.route("**/admin/messages/builder?*", lambda route: held.append(route))

    dialog.get_by_label("Kepala pesan").select_option("image")
    until(lambda: page.evaluate("1") and held, 5, "the question")
    dialog.get_by_label("Kaki pesan").fill("Sambil menunggu")
    dialog.get_by_label("Tombol jawaban").check()  # waits for its turn
    held.pop().continue_()
    dialog.get_by_label("Unggah berkas").wait_for()
    assert dialog.get_by_label("Kaki pesan").input_value() == "Sambil menunggu"
    until(lambda: page.evaluate("1") and held, 5, "the next question")
    dialog.get_by_label("Unggah berkas").set_input_files(
        {"name": "promo.png", "mimeType": "image/png", "buffer": picture()}
    )
    held.pop().continue_()
    preview(page).locator("img").wait_for()
    assert dialog.get_by_label("Tombol jawaban").is_checked()
    assert dialog.get_by_label("Kaki pesan").input_value() == "Sambil menunggu"
    until(lambda: "Sambil menunggu" in preview(page).inner_text(), 10, "the footer")


def test_a_preview_that_starts_later_does_not_stop_the_form_from_opening(
    stack: Stack, watched: Any
) -> None:
    page = watched(DESKTOP).page
    log_in(stack, page)
    page.goto(f"{stack.url}/admin/messages/texts/access_opened/id")
    held: list[Any] = []
    page.route("**/admin/messages/builder?*", lambda route: held.append(route))
    with page.expect_response(lambda answer: answer.url.endswith("/preview")):
        page.locator("#body").fill(BLOCK)
        page.get_by_role("button", name="Susun dengan formulir").click()
    until(lambda: page.evaluate("1") and held, 5, "the question")
    held.pop().continue_()
    page.get_by_role("dialog").wait_for()


def picture() -> bytes:
    """A small PNG."""
    from PIL import Image

    into = io.BytesIO()
    Image.new("RGB", (320, 160), (11, 102, 200)).save(into, "PNG")
    return into.getvalue()
