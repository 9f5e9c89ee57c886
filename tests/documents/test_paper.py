"""Any text becomes a PDF, the same rows the same bytes, nothing runs off the paper."""

import io
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from portal.config import ROOT
from portal.documents import lettering
from portal.documents.paper import A4, ROLL, Columns, Pair, Paper, Rule, Words, pdf
from portal.documents.spelled import rupiah_in_words

ODD = st.text(max_size=900)
CALM = settings(max_examples=120, deadline=None)
BOTH = pytest.mark.parametrize("paper", [A4, ROLL], ids=["a4", "80"])


def made(rows: list, paper: Paper = A4, title: str = "t") -> bytes:  # type: ignore[type-arg]
    return pdf(rows, paper, title=title, author="Net", language="id")


def read(data: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


@BOTH
@CALM
@given(text=ODD, other=ODD)
def test_no_text_stops_it(paper: Paper, text: str, other: str) -> None:
    rows = [Words(text), Pair(text, other), Columns([Words(other)], [Pair(other, text)]), Rule()]
    data = made(rows, paper, title=text)
    assert data.startswith(b"%PDF-") and data == made(rows, paper, title=text)


@CALM
@given(st.text(max_size=900), st.floats(20, 400))
def test_lines_stay_within_the_paper_and_lose_nothing(text: str, room: float) -> None:
    lines = lettering.wrapped(text, lettering.BOLD, 10, room)
    whole = lettering.drawable(text).replace(" ", "")
    assert "".join(lines).replace(" ", "") == whole
    for line in lines:
        assert len(line) == 1 or lettering.width_of(line, lettering.BOLD, 10) <= room


@CALM
@given(st.text(max_size=300))
def test_what_is_drawn_can_be_seen(text: str) -> None:
    drawn = lettering.drawable(text)
    assert {unicodedata.category(char) for char in drawn} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()
    assert lettering.drawable(drawn) == drawn


def test_markup_in_a_name_is_a_name() -> None:
    odd = "<b>Budi</b> & <a href='x'>PT \"A\"</a> (Tbk) \\ %d {{x}}"
    assert odd in read(made([Words(odd, size=0.6)]))


def test_letters_people_have() -> None:
    names = "Ñáçö Łukasz Đặng Ευαγγελία Юлия I Gusti Ngurah – “Ā” Rp"
    assert names in read(made([Words(names)]))


def test_what_the_font_lacks_is_a_box() -> None:
    assert lettering.drawable("Budi 中ꦲ\u202e\x00\ud800") == "Budi □□"


@BOTH
def test_long_names_wrap(paper: Paper) -> None:
    name = "Panjang" * 40
    assert name in read(made([Words(name, 1.2, bold=True)], paper)).replace("\n", "")


def test_the_roll_is_as_long_as_its_words() -> None:
    one = PdfReader(io.BytesIO(made([Words("a")] * 2, ROLL))).pages
    many = PdfReader(io.BytesIO(made([Words("a")] * 200, ROLL))).pages
    assert len(one) == len(many) == 1
    assert many[0].mediabox.height > one[0].mediabox.height * 10
    assert round(float(one[0].mediabox.width) / 72 * 25.4) == 80


def test_a4_goes_on_over_pages_with_their_numbers() -> None:
    pages = PdfReader(io.BytesIO(made([Pair(f"baris {n}", "1") for n in range(150)]))).pages
    assert len(pages) == 4
    text = [page.extract_text() for page in pages]
    assert "baris 0\n" in text[0] and "1/4" in text[0]
    assert "baris 149" in text[3] and "4/4" in text[3]


def test_another_process_makes_the_same_bytes() -> None:
    code = (
        "import sys, hashlib\n"
        "from portal.documents.paper import *\n"
        "rows = [Words('Budi 中 Юлия', bold=True), Pair('a', 'b'), Rule()]\n"
        "data = pdf(rows, A4, title='t', author='Net', language='id')\n"
        "print(hashlib.sha256(data).hexdigest(), b'CreationDate (D:2000' in data)"
    )
    found = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Jakarta"))
    }
    assert len(found) == 1, found


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "nol rupiah"),
        (11, "sebelas rupiah"),
        (19, "sembilan belas rupiah"),
        (100, "seratus rupiah"),
        (1_000, "seribu rupiah"),
        (1_111, "seribu seratus sebelas rupiah"),
        (21_000, "dua puluh satu ribu rupiah"),
        (165_000, "seratus enam puluh lima ribu rupiah"),
        (1_000_000, "satu juta rupiah"),
        (1_500_101, "satu juta lima ratus ribu seratus satu rupiah"),
        (2_000_000_001, "dua miliar satu rupiah"),
    ],
)
def test_rupiah_in_words(amount: int, words: str) -> None:
    assert rupiah_in_words(amount) == words
