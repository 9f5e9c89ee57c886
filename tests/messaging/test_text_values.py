"""Values in a text: whatever a person is called, the message keeps its structure."""

import re
import unicodedata

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal.messaging import bubble, text_store, text_values, texts
from portal.messaging.kinds import FREE_KINDS, KINDS, SAMPLES

QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
MARKED = st.text(alphabet="aé1 *_~`[]{}>-.\n\t\u202e\u200b\u2060/w", max_size=14)
VALUES = st.one_of(MARKED, st.text(max_size=40))
CHOSEN = ("name", "plan", "status", "customer_number", "invoice_number", "payment_number")
FRAMES = (
    "[[v]]",
    "Halo *[[v]]*, ya",
    "_[[v]]_ ~[[v]]~ *x*",
    "> [[v]] kata",
    "- [[v]]\n[[v]] ekor *tebal*",
    "```[[v]]``` [[v]]",
    "[[[v]]wa]] *a* [[v]]",
    "(*[[v]]* dan *[[v]]*)",
)


def structure(text: str) -> list[tuple[str, str, list[tuple[str, ...]]]]:
    """Shape of every line and the styles on it; links count as the words they are."""
    found = []
    for line in bubble.lines(text):
        styles: list[tuple[str, ...]] = []
        for piece in line.pieces:
            if not styles or styles[-1] != piece.styles:
                styles.append(piece.styles)
        found.append((line.shape, line.marker, styles))
    return found


@pytest.mark.parametrize("frame", FRAMES)
@QUIET
@given(value=VALUES)
@example(value="x* y")
@example(value="1.")
@example(value="- a")
@example(value="https://a.b/c*d*")
def test_the_structure_of_a_text_is_independent_of_its_values(frame: str, value: str) -> None:
    shown = text_values.harmless(value) or texts.EMPTY
    assert structure(texts.substitute(frame, {"v": shown})) == structure(
        texts.substitute(frame, {"v": "x"})
    )


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(FREE_KINDS)))
@QUIET
@given(values=st.lists(VALUES, min_size=len(CHOSEN), max_size=len(CHOSEN)))
def test_every_shipped_text_keeps_its_structure(app: Flask, kind: str, values: list[str]) -> None:
    usual = {name: SAMPLES[name] for name in KINDS[kind].expects if name != "code"}
    odd = usual | {name: value for name, value in zip(CHOSEN, values, strict=True) if name in usual}
    for language in text_store.LANGUAGES:
        assert structure(texts.render(kind, language, odd, "123456")) == structure(
            texts.render(kind, language, usual, "123456")
        )


@QUIET
@given(value=VALUES, around=st.text(alphabet="[]wa/ ", max_size=4))
@example(value="[[wa]]", around="")
@example(value="[", around="[")
@example(value="x[", around="[wa]]")
def test_no_value_can_open_a_placeholder(value: str, around: str) -> None:
    shown = text_values.harmless(value)
    assert "[[" not in shown and "]]" not in shown and "{{" not in shown
    openings = (around + "\0" + around).count("[[")
    assert (around + (shown or "\0") + around).count("[[") <= max(openings, 2 * around.count("[["))


@QUIET
@given(value=VALUES)
def test_a_value_is_one_visible_line_and_making_it_harmless_again_changes_nothing(
    value: str,
) -> None:
    shown = text_values.harmless(value)
    assert shown == shown.strip() and "  " not in shown
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Zl", "Zp", "Cs"}
    assert text_values.harmless(shown) == shown


@pytest.mark.parametrize(
    "number", ["PLG-0042", "PLG_1_A", "INV-202611-00042", "0812-8000-1111", "A*1", "12.5", "1/2"]
)
def test_a_number_that_is_copied_stays_what_it_is(number: str) -> None:
    assert text_values.harmless(number) == number


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Budi [RT 03]", "Budi (RT 03)"),
        ("[[code]]", "((code))"),
        ("*Budi*", "\uff0aBudi\uff0a"),
        ("```x```", "\uff40\uff40\uff40x\uff40\uff40\uff40"),
        ("> kutip", "\uff1e kutip"),
        ("Budi\r\nSantoso\t\t  S", "Budi Santoso S"),
        ("\u202eidub\u200b", "idub"),
        ("\u3164\u2800", ""),
        ("Rumah 20 Mbps", "Rumah 20 Mbps"),
    ],
)
def test_what_becomes_of_a_value(value: str, shown: str) -> None:
    assert text_values.harmless(value) == shown


@QUIET
@given(kind=st.sampled_from(sorted(KINDS)), value=st.one_of(VALUES, st.none()))
def test_parameters_of_an_approved_template_are_never_refused_for_their_form(
    app: Flask, kind: str, value: str | None
) -> None:
    expects = KINDS[kind].expects
    params = {
        name: value if name in (*CHOSEN, "text") else SAMPLES[name]
        for name in expects
        if name != "code"
    }
    found = texts.template_params(kind, "id", params)
    assert len(found) == len(expects)
    for param in found:
        assert param.strip() and not re.search(r"[\n\r\t]| {5}", param)


def test_a_value_that_is_missing_or_blank_is_a_dash(app: Flask) -> None:
    text = texts.fill("*[[name]]* [[plan]]", "id", {"name": " \u200b", "plan": None})
    assert text == "*–* –"


def test_paragraphs_keep_lines_and_emoji() -> None:
    family = "\U0001f468\u200d\U0001f469"
    assert text_values.paragraphs(f"a\rb\r\n\tc\u202e {family}\u200b \n\n") == f"a\nb\n c {family}"
