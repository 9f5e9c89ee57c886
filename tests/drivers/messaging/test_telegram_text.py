"""Our words as Telegram's HTML: it always parses, and says nothing else."""

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging.drivers import _telegram_text


class Reader(HTMLParser):
    """What Telegram would make of it: words, and tags that must match."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"b", "i", "s", "pre"} and not attrs
        assert tag not in self.open
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_entityref(self, name: str) -> None:
        assert name in {"lt", "gt", "amp"}
        self.text += html.unescape(f"&{name};")

    def handle_charref(self, name: str) -> None:
        raise AssertionError(name)

    handle_comment = handle_decl = handle_pi = unknown_decl = handle_charref


def read(text: str) -> str:
    reader = Reader()
    reader.feed(_telegram_text.html(text))
    reader.close()
    assert reader.open == []
    return reader.text


WILD = st.text(st.sampled_from("*_~`<>&;/\"'ab1 \n.#!-\u2060é") | st.characters(), max_size=80)


@given(WILD)
def test_whatever_is_said_the_html_parses_and_loses_only_marks(text: str) -> None:
    kept = iter(read(text))
    clean = text.replace("\0", "").encode("utf-8", "replace").decode()
    ahead = next(kept, None)
    for letter in clean:
        if letter == ahead:
            ahead = next(kept, None)
        else:
            assert letter in "*_~`"
    assert ahead is None


@given(st.text(st.characters(exclude_characters="*_~`\0", exclude_categories=["Cs"])))
def test_words_without_marks_arrive_as_they_are(text: str) -> None:
    assert read(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*a* _b_ ~c~", "<b>a</b> <i>b</i> <s>c</s>"),
        ("*a _b_ c*", "<b>a <i>b</i> c</b>"),
        ("2*3*4 a_b_c", "2*3*4 a_b_c"),
        ("* bukan*", "* bukan*"),
        ("*a\nb*", "*a\nb*"),
        ("https://x.id/_a_b_?q=*", "https://x.id/_a_b_?q=*"),
        ("```x < *y*```", "<pre>x &lt; *y*</pre>"),
        ("\u2060*harmless*", "\u2060*harmless*"),
    ],
)
def test_whatsapps_marks_become_tags(text: str, expected: str) -> None:
    assert _telegram_text.html(text) == expected
