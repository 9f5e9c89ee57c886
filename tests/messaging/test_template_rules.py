"""Meta's rules for templates: our own texts pass, what it refuses is told beforehand."""

import re

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging import template_rules, template_texts
from portal.messaging.kinds import KINDS
from portal.messaging.template_rules import body_problems, parameters, problems

# Word for word from the guide many ISPs follow; Meta refuses both.
GUIDE_ISOLATION = (
    "Yth. {{1}}, layanan internet Anda telah diisolasi karena tunggakan sebesar Rp {{2}}.\n\n"
    "Silakan hubungi CS kami di {{3}} atau lakukan pembayaran untuk mengaktifkan kembali "
    "layanan.\n\nID Pelanggan: {{4}}"
)
GUIDE_CODE = (
    "Kode OTP Anda: {{1}}\n\nJangan berikan kode ini kepada siapapun. Kode berlaku 5 menit."
)


@pytest.fixture(autouse=True)
def _language(app: Flask) -> None:
    """Sentences need an application."""


@pytest.mark.parametrize("language", ["id", "en", "en_US"])
@pytest.mark.parametrize("kind", template_texts.TEMPLATE_KINDS)
def test_our_own_texts_pass(kind: str, language: str) -> None:
    draft = template_texts.draft(kind, kind, language)
    assert problems(draft.name, draft.category, draft.components) == []


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", template_texts.BODIES)
def test_our_own_texts_take_what_the_kind_sends(kind: str, language: str) -> None:
    text = template_texts.body(kind, language)
    assert re.findall(r"\{\{(\d+)\}\}", text) == [
        str(number) for number in range(1, len(KINDS[kind].expects) + 1)
    ]
    assert len(template_texts.examples(kind)) == len(KINDS[kind].expects)


def test_no_text_for_a_language_we_do_not_write() -> None:
    with pytest.raises(KeyError):
        template_texts.draft("otp_code", "otp_code", "de")
    with pytest.raises(KeyError):
        template_texts.draft("access_opened", "access_opened", "pt_BR")


def test_what_the_guide_says_would_be_refused() -> None:
    assert body_problems(GUIDE_ISOLATION) == [
        "Teks tidak boleh diakhiri isian. Tulis kata di belakangnya."
    ]
    code = [{"type": "BODY", "text": GUIDE_CODE}]
    assert problems("otp_code", "AUTHENTICATION", code) == [
        "Template kode masuk memakai kalimat Meta; isinya tidak dapat ditulis.",
        "Template kode masuk wajib punya satu tombol salin kode.",
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "kosong"),
        ("   \n", "kosong"),
        ("{{1}} adalah nama Anda yang tercatat", "diawali isian"),
        ("*{{1}}*, nama Anda yang tercatat di sini", "diawali isian"),
        ("Nama Anda yang tercatat di sini {{1}}.", "diakhiri isian"),
        ("Nama Anda {{1}} {{2}} tercatat di kantor kami sekarang", "berdampingan"),
        ("Nama Anda {{1}}\n\n{{2}} tercatat di kantor kami sekarang", "berdampingan"),
        ("Nama {{1}} dan alamat {{3}} Anda tercatat di kantor kami", "urut"),
        ("Nama {{nama}} Anda tercatat di kantor kami", "hanya boleh angka"),
        ("Nama {1}} Anda tercatat", "tidak berpasangan"),
        ("Halo {{1}} dan {{2}} salam", "butuh paling sedikit 6 kata, ada 3"),
        ("Halo\n\n\n\nsemua", "dua baris kosong"),
        ("a" * 1025, "paling panjang 1024"),
    ],
)
def test_a_refusal_is_foreseen(text: str, part: str) -> None:
    assert any(part in sentence for sentence in body_problems(text)), body_problems(text)


def test_a_parameter_used_twice_counts_once() -> None:
    text = "Halo {{1}}, apakah benar {{1}} pemilik rumah ini sekarang"
    assert parameters(text) == ["1"]
    assert body_problems(text, ["Budi"]) == []


def test_examples_must_fit() -> None:
    text = "Halo {{1}}, tagihan Anda sebesar {{2}} sudah terbit hari ini"
    assert body_problems(text, ["Budi", "10.000"]) == []
    assert body_problems(text, ["Budi"]) == ["Contoh isian harus 2, ada 1."]
    assert body_problems(text, ["Budi", " "]) == ["Ada contoh isian yang kosong."]
    flat = [{"type": "BODY", "text": text, "example": {"body_text": ["Budi", "10.000"]}}]
    assert problems("x", "UTILITY", flat) == ["Contoh isian harus 2, ada 0."]


def test_the_other_parts() -> None:
    body = {"type": "body", "text": "Halo semua"}
    header = {"type": "header", "text": "x" * 61 + "\n{{1}}{{2}}"}
    footer = {"type": "FOOTER", "text": "sejak {{1}}" + "x" * 60}
    link = {"type": "URL", "text": "Buka {{1}} di halaman yang panjang"}
    buttons = {"type": "BUTTONS", "buttons": [link] * 11}
    assert problems("Nama", "UTILITY", [body, header, footer, buttons]) == [
        "Nama hanya boleh huruf kecil, angka dan garis bawah.",
        "Judul paling panjang 60 huruf.",
        "Judul harus satu baris.",
        "Judul paling banyak memuat satu isian.",
        "Catatan kaki paling panjang 60 huruf.",
        "Catatan kaki tidak boleh memuat isian.",
        "Tombol paling banyak 10.",
        "Tombol tautan paling banyak 2.",
        "Tulisan tombol 1 sampai 25 huruf.",
        "Tulisan tombol tidak boleh memuat isian.",
    ]
    late = [{"type": "FOOTER", "code_expiration_minutes": 91}]
    assert "Masa berlaku kode 1 sampai 90 menit." in problems("x", "AUTHENTICATION", late)


@given(text=st.text(alphabet="ab {}12\n*.", max_size=80))
def test_a_text_that_passes_has_words_around_every_parameter(text: str) -> None:
    found = body_problems(text)
    if not found and parameters(text):
        pieces = re.split(r"\{\{\s*[^{}]*\s*\}\}", text)
        assert all(re.search(r"\w", piece) for piece in pieces)


def test_a_preview_shows_the_examples(app: Flask) -> None:
    draft = template_texts.draft("access_opened", "access_opened", "id")
    said = template_texts.shown(draft.components, "access_opened", "id")
    assert said.startswith("Halo Budi Santoso, layanan") and "0812-8000-1111 kapan" in said
    code = template_texts.draft("otp_code", "otp_code", "id")
    assert "*123456* adalah kode" in template_texts.shown(code.components, "otp_code", "id")
    assert template_rules.text_of(code.components) == ""
