"""The preview reads WhatsApp's marks as a phone does, and nothing else."""

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
        ("\u2060*Budi\u2060*", [("", "*Budi*")]),
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


def test_only_web_addresses_become_links() -> None:
    assert all(not piece.href for piece in bubble.lines("javascript:alert(1)")[0].pieces)


@given(st.text(alphabet="ab *_~`\n>-1.\u2060[]", max_size=40))
def test_no_word_is_lost_or_invented(text: str) -> None:
    shown = "".join(piece.text for line in bubble.lines(text) for piece in line.pieces)
    letters = [char for char in text if char in "ab"]
    assert [char for char in shown if char in "ab"] == letters
