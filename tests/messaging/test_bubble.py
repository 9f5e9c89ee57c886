"""The preview reads WhatsApp's marks as a phone does, and nothing else."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging import bubble
from portal.messaging.bubble import Line, Piece


def pieces(text: str) -> list[tuple[str, str]]:
    """(styles, words) of a one-line text."""
    (line,) = bubble.lines(text)
    return [("".join(s[0] for s in piece.styles), piece.text) for piece in line.pieces]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("biasa", [("", "biasa")]),
        ("*tebal*", [("b", "tebal")]),
        ("a *b* c", [("", "a "), ("b", "b"), ("", " c")]),
        ("_i_ ~s~ `k`", [("i", "i"), ("", " "), ("s", "s"), ("", " "), ("c", "k")]),
        ("*_dua_*", [("bi", "dua")]),
        ("2*3*4", [("", "2*3*4")]),
        ("a * bukan * b", [("", "a * bukan * b")]),
        ("*tanpa teman", [("", "*tanpa teman")]),
        ("\uff0aBudi\uff0a", [("", "\uff0aBudi\uff0a")]),
        ("*halo!*, ya", [("b", "halo!"), ("", ", ya")]),
        ("**x**", [("", "*"), ("b", "x"), ("", "*")]),
        ("Kode: ```*1*``` ya", [("", "Kode: "), ("c", "*1*"), ("", " ya")]),
        ("`*x*`", [("c", "*x*")]),
        ("*a `b` c*", [("b", "a "), ("bc", "b"), ("b", " c")]),
        ("(*x*)", [("", "("), ("b", "x"), ("", ")")]),
        ("a_b_c", [("", "a_b_c")]),
        ("**", [("", "**")]),
    ],
)
def test_marks(text: str, expected: list[tuple[str, str]]) -> None:
    assert pieces(text) == expected


def test_lines_have_shapes() -> None:
    found = bubble.lines("> kutip\n- satu\n2. dua\n```\n*apa adanya*\n```")
    shapes = [(line.shape, line.marker) for line in found]
    assert shapes[:3] == [("quote", ""), ("item", "•"), ("item", "2.")]
    assert Line([Piece("*apa adanya*")], "block") in found


def test_links_end_before_the_full_stop() -> None:
    (line,) = bubble.lines("Bayar di https://isp.test/a_b_c?x=1.")
    assert [piece.href for piece in line.pieces] == ["", "https://isp.test/a_b_c?x=1", ""]


def test_a_link_inside_bold_stays_whole() -> None:
    (line,) = bubble.lines("*lihat https://x.test/a_b_*")
    assert [(piece.text, piece.styles) for piece in line.pieces] == [
        ("lihat ", ("b",)),
        ("https://x.test/a_b", ("b",)),
        ("_", ("b",)),
    ]


def test_addresses_without_a_scheme_lead_to_the_safe_one() -> None:
    (line,) = bubble.lines("wa.me/62812 atau www.isp.test, bukan swww.x")
    assert [piece.href for piece in line.pieces if piece.href] == [
        "https://wa.me/62812",
        "https://www.isp.test",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*tebal* _i_ `k` ```m```", []),
        ("*tebal", ["*"]),
        ("2 * 3 dan a_b 5*6", []),
        ("_dua\nbaris_", ["_"]),
        ("```mono", ["```"]),
        ("- satu\n* dua", []),
        ("https://x.test/_a", []),
        ("*halo!*, ya", []),
    ],
)
def test_marks_without_a_twin_are_found(text: str, expected: list[str]) -> None:
    assert bubble.unpaired(text) == expected


@pytest.mark.parametrize(
    "part", ["*a* ", "*a ", "*_x_* ", "`", "```", "```a", "*_~`", "**a", "https://a.b ", "*a b_ "]
)
def test_a_pasted_page_of_marks_is_shown_in_time(part: str) -> None:
    begun = time.perf_counter()
    bubble.lines(part * (8000 // len(part)))
    assert time.perf_counter() - begun < 2


def test_only_web_addresses_become_links() -> None:
    assert all(not piece.href for piece in bubble.lines("javascript:alert(1)")[0].pieces)


@given(st.text(alphabet="ab *_~`\n>-1.\u2060[]", max_size=40))
def test_no_word_is_lost_or_invented(text: str) -> None:
    shown = "".join(piece.text for line in bubble.lines(text) for piece in line.pieces)
    letters = [char for char in text if char in "ab"]
    assert [char for char in shown if char in "ab"] == letters
