"""The builder over HTTP: opened from three pages, pressed, refused, used; by click and by HTMX."""

import io
import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from portal.extensions import db
from portal.media.models import MediaFile
from portal.messaging import channel_config, text_checks
from portal.messaging.models import Message
from tests import factories
from tests.messaging.rows import queued
from tests.visitor import Visitor

URL = "/admin/messages/builder"
TEXT = "Halo\n[[wa]]\n[type](buttons)\nPilih <b>\n[button](y|Ya)\n[[/wa]]\nSalam."
FIELDS = {
    "source": TEXT,
    "mode": "buttons",
    "text": "Pilih",
    "header": "none",
    "button-0-text": "Ya",
    "button-0-id": "y",
    "button-1-text": "Tidak",
    "section-0-title": "",
    "section-0-row-0-title": "",
}


def value(html: str, name: str) -> str:
    """What stands in a field of the form."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*?value="([^"]*)"', html)
    assert found, name
    return unescape(found[1])


def area(html: str, where: str) -> str:
    found = re.search(rf"<textarea[^>]*{where}[^>]*>\n?([^<]*)</textarea>", html)
    assert found, where
    return unescape(found[1])


def test_it_opens_with_what_the_field_says(desk: Visitor) -> None:
    answer = desk.post(f"{URL}?into=body", body=TEXT)
    assert answer.status_code == 200
    assert area(answer.text, 'name="text"') == "Pilih <b>"
    assert value(answer.text, "button-0-text") == "Ya" and "&lt;b&gt;" in answer.text
    assert value(answer.text, "source") == TEXT
    dialog = answer.text.lstrip().startswith("<dialog")
    assert dialog == bool(desk.headers), "HTMX gets a dialog, a click a page"


def test_a_key_changes_the_form_and_keeps_what_was_typed(desk: Visitor) -> None:
    answer = desk.post(URL, **FIELDS, op="button-add")
    assert 'name="button-2-text"' in answer.text and value(answer.text, "button-1-text") == "Tidak"
    assert re.search(r'id="wa-button-2-text"[^>]*autofocus', answer.text)
    assert ("<form" in answer.text) != bool(desk.headers), "only its fields are exchanged"
    up = desk.post(URL, **FIELDS, op="button-up-1").text
    assert [value(up, f"button-{n}-text") for n in (0, 1)] == ["Tidak", "Ya"]
    other = desk.post(URL, **{**FIELDS, "mode": "list"}, op="stay").text
    assert 'name="section-0-row-0-title"' in other and value(other, "button-1-text") == "Tidak"


def test_what_will_not_do_comes_back_with_sentences(desk: Visitor) -> None:
    answer = desk.post(URL, **{**FIELDS, "button-1-text": "", "footer": "Kaki"}, op="apply")
    assert answer.status_code == 422
    assert re.search(r'id="wa-button-1-text"[^>]*aria-invalid="true"', answer.text)
    assert 'id="wa-button-1-text-error">Wajib diisi.' in answer.text
    assert value(answer.text, "footer") == "Kaki" and value(answer.text, "source") == TEXT


def test_more_than_a_message_holds_is_refused(desk: Visitor) -> None:
    long = {**FIELDS, "source": "x" * 3990 + TEXT}
    answer = desk.post(URL, **long, op="apply")
    assert answer.status_code == 422 and "Teks terlalu panjang" in answer.text


def test_a_flood_is_not_read(desk: Visitor) -> None:
    assert desk.post(URL, body="[[wa]]\n" + "[row](1|x)\n" * 20_000).status_code == 413


def test_used_it_answers_the_text_for_the_field(app: Flask, siti: Any) -> None:
    visitor = Visitor(app, hx=True)
    factories.log_in(visitor.client, siti)
    visitor.page("/admin/plans/new")
    crlf = {name: text.replace("\n", "\r\n") for name, text in FIELDS.items()}
    answer = visitor.post(f"{URL}?into=f-body", **crlf, op="apply")
    made = area(answer.text, 'data-fill="f-body"')
    assert made == (
        "Halo\n[[wa]]\n[type](buttons)\nPilih\n[button](y|Ya)\n[button](1|Tidak)\n[[/wa]]\nSalam."
    )
    assert answer.headers["HX-Retarget"] == "#builder"
    assert text_checks.doubts(made) == [], "the block's keys are no slips"


def test_without_scripts_the_text_is_there_to_copy(app: Flask, siti: Any) -> None:
    visitor = Visitor(app)
    factories.log_in(visitor.client, siti)
    page = visitor.page(URL)
    assert "<dialog" not in page.text and "Susun pesan" in page.text
    answer = visitor.post(f"{URL}?into=f-body", **FIELDS, op="apply")
    assert "<html" in answer.text and "Salin seluruhnya" in answer.text
    assert area(answer.text, 'id="wa-done"').startswith("Halo\n[[wa]]\n[type](buttons)")


def test_the_preview_follows_what_is_typed(desk: Visitor) -> None:
    channel_config.choose("console")
    db.session.commit()
    answer = desk.post(f"{URL}/preview", **{**FIELDS, "text": "*Halo* [[name]]"})
    assert 'class="wa-b ">Halo' in answer.text and "Budi Santoso" in answer.text
    assert "<li> Tidak</li>" in answer.text and "Tombol menjadi teks." in answer.text
    assert answer.text.lstrip().startswith("<section") == bool(desk.headers)


def test_the_places_are_those_of_the_page(desk: Visitor) -> None:
    broadcast = desk.post(f"{URL}?into=f-body", body="x").text
    assert "[[customer_number]]" in broadcast and "[[amount]]" not in broadcast
    kind = desk.post(f"{URL}?into=body&kind=payment_reminder", body="[[amount]]").text
    assert 'data-insert="[[amount]]"' in kind and "Rp165.000" in kind
    own = desk.post(f"{URL}?into=body&message=1&kind=broadcast", body="[[name]]").text
    assert "data-insert" not in own and '<span class="">[[name]]</span>' in own
    bill = desk.post(f"{URL}?into=body&message=1&kind=payment_reminder", body="x").text
    assert re.findall(r'data-insert="([^"]*)"', bill) == ["[[pay_link]]"]


def test_what_the_form_drops_is_said_before(desk: Visitor) -> None:
    answer = desk.post(URL, body='{"text": "a", "contacts": [{"phone": "1"}], "interactive": {}}')
    assert "hilang bila formulir dipakai" in answer.text and "<li>contacts</li>" in answer.text


@pytest.mark.parametrize("into", ["<x>", "a b", "x" * 30, "UPPER"])
def test_an_odd_field_name_is_no_field(desk: Visitor, into: str) -> None:
    answer = desk.client.post(
        URL, query_string={"into": into}, data={"csrf_token": desk.token, **FIELDS, "op": "apply"}
    )
    assert answer.status_code == 200 and "data-fill" not in answer.text


def picture() -> io.BytesIO:
    into = io.BytesIO()
    Image.new("RGB", (40, 20)).save(into, "PNG")
    into.seek(0)
    return into


def upload(desk: Visitor, file: io.BytesIO, name: str) -> Any:
    form = {"csrf_token": desk.token, **FIELDS, "header": "document", "file": (file, name)}
    return desk.client.post(
        f"{URL}/upload?into=body",
        data=form,
        headers=desk.headers,
        content_type="multipart/form-data",
    )


def test_a_file_is_uploaded_into_the_form(desk: Visitor) -> None:
    answer = upload(desk, picture(), "Promo November.png")
    address = value(answer.text, "header_media")
    assert answer.status_code == 200 and "/Promo-November." in address
    assert '<option value="image" selected>' in answer.text, "its own kind is chosen"
    assert value(answer.text, "button-1-text") == "Tidak"
    path = address[address.index("/media/") :]
    assert f'<img src="{path}"' in answer.text and desk.client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [(b"MZ...", "a.png", "Jenis berkas tidak didukung"), (b"", "", "Pilih berkas dahulu")],
)
def test_a_file_that_will_not_do_loses_nothing(
    desk: Visitor, data: bytes, name: str, sentence: str
) -> None:
    answer = upload(desk, io.BytesIO(data), name)
    assert answer.status_code == 422 and sentence in answer.text
    assert value(answer.text, "button-1-text") == "Tidak"
    assert factories.every(MediaFile) == []


def test_support_may_build_but_not_upload(app: Flask) -> None:
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff("rina@example.test", role="support"))
    page = visitor.page(URL)
    assert page.status_code == 200
    head = visitor.post(URL, **{**FIELDS, "header": "image"}, op="stay").text
    assert "Alamat berkas" in head and "Unggah berkas" not in head
    assert upload(visitor, picture(), "a.png").status_code == 403


def test_a_message_shows_its_buttons(desk: Visitor) -> None:
    channel_config.choose("console")
    db.session.commit()
    message_id = queued(kind="broadcast", params={"text": TEXT, "name": "Budi"})
    page = desk.page(f"/admin/messages/{message_id}").text
    assert "<li> Ya</li>" in page and "Pilih &lt;b&gt;" in page
    assert "Tombol menjadi teks." in page, "it has not left yet"
    row = db.session.get(Message, message_id)
    assert row is not None
    row.state = "failed"
    db.session.commit()
    assert "Tombol menjadi teks." not in desk.page(f"/admin/messages/{message_id}").text


def test_the_look_of_a_field_s_words(app: Flask, siti: Any) -> None:
    visitor = Visitor(app, hx=True)
    factories.log_in(visitor.client, siti)
    visitor.page("/admin/plans/new")
    shown = visitor.post(f"{URL}/look", body="*Halo* [[name]]").text
    assert 'class="wa-b ">Halo' in shown and "Budi Santoso" in shown and "<html" not in shown
    assert visitor.post(f"{URL}/look", body="  ").text.strip() == ""


def test_a_file_that_is_gone_is_said_to_be(desk: Visitor) -> None:
    channel_config.choose("console")
    db.session.commit()
    answer = upload(desk, picture(), "a.png")
    address = value(answer.text, "header_media")
    row = factories.every(MediaFile)[0]
    db.session.delete(db.session.get(MediaFile, row.id))
    db.session.commit()
    shown = desk.post(f"{URL}/preview", **{**FIELDS, "header": "image", "header_media": address})
    assert "sudah dihapus karena umurnya" in shown.text and "<img" not in shown.text
