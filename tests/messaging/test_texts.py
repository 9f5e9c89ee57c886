"""Texts: one pass, harmless values, the shape of a message independent of its values."""

import re
import time
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.extensions import db
from portal.messaging import text_preview, text_store, texts
from portal.messaging.kinds import KINDS, SAMPLES
from portal.messaging.models import MessageText
from tests.statements import counted

LANGUAGES = ("id", "en")
PLACES = re.compile(r"\[\[[a-z_]+\]\]")
WILD = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "[[code]]",
            "[[name]]",
            "[[[[name]]]]",
            "*Budi*",
            "a\nb",
            "\u202eevil",
            "{{1}}",
            "\\1",
            "[[",
        ]
    ),
)


def sample(kind: str) -> dict[str, Any]:
    return {name: SAMPLES[name] for name in KINDS[kind].expects if name != "code"}


def code_of(kind: str) -> str | None:
    return "123456" if kind == "otp_code" else None


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_text_whose_places_are_all_filled(
    app: Flask, kind: str, language: str
) -> None:
    text = texts.render(kind, language, sample(kind), code_of(kind))

    assert text
    assert not PLACES.search(text)
    known = {*KINDS[kind].expects, *KINDS[kind].extras, "company", "portal"}
    places = {place[2:-2] for place in PLACES.findall(text_store.default_text(kind, language))}
    assert places <= known


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "invoice_notification",
            [
                "Budi Santoso",
                "November 2026",
                "INV-202611-00042",
                "Rumah 20 Mbps",
                "165.000",
                "25 November 2026",
                "PLG-0042",
            ],
        ),
        ("payment_reminder", ["Budi Santoso", "165.000", "3", "PLG-0042"]),
        ("overdue_notice", ["Budi Santoso", "165.000", "PLG-0042"]),
        ("isolation_notice", ["Budi Santoso", "165.000", "0812-8000-1111", "PLG-0042"]),
        (
            "payment_confirmation",
            ["Budi Santoso", "165.000", "PAY-20261121-00007", "21 Nov 2026 10.00", "Lunas"],
        ),
        ("access_opened", ["Budi Santoso", "0812-8000-1111"]),
        ("otp_code", ["123456"]),
    ],
)
def test_template_parameters_in_the_order_that_meta_approved(
    app: Flask, kind: str, expected: list[str]
) -> None:
    assert texts.template_params(kind, "id", sample(kind), code_of(kind)) == expected


def test_an_invoice_text_says_what_it_costs_and_where_to_pay(app: Flask) -> None:
    text = texts.render("invoice_notification", "id", sample("invoice_notification"))

    assert "*Rp165.000*" in text
    assert "http://localhost" in text
    assert "25 November 2026" in text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(name=WILD, number=WILD, language=st.sampled_from(LANGUAGES))
def test_values_are_never_parsed_and_never_change_the_shape(
    app: Flask, name: str, number: str, language: str
) -> None:
    kind = "overdue_notice"
    text = texts.render(kind, language, {**sample(kind), "name": name, "customer_number": number})
    plain = texts.render(kind, language, {**sample(kind), "name": "x", "customer_number": "y"})

    assert len(text.split("\n")) == len(plain.split("\n"))
    assert "Rp165.000" in text
    for place in PLACES.findall(text):
        assert place in name or place in number
    for char in text:
        assert unicodedata.category(char) not in {"Cc", "Cf"} or char in "\n\u2060"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(template=st.text(alphabet="ab[]_ \n", max_size=60), value=WILD)
def test_substitution_is_one_pass(app: Flask, template: str, value: str) -> None:
    filled = texts.substitute(template, {"a": value, "b": "[[a]]"})

    parts = re.split(r"\[\[([a-z_]+)\]\]", template)
    expected = "".join(
        part if index % 2 == 0 else {"a": value, "b": "[[a]]"}.get(part, "")
        for index, part in enumerate(parts)
    )
    assert filled == expected


def test_whatsapp_marks_in_a_name_lose_their_effect_but_numbers_stay_as_they_are(
    app: Flask,
) -> None:
    values = {**sample("overdue_notice"), "name": "*Budi* _S_", "customer_number": "PLG_1_A"}
    text = texts.render("overdue_notice", "id", values)

    assert "*Budi*" not in text
    assert "Budi" in text
    assert "PLG_1_A" in text


def test_a_broadcast_keeps_its_lines_and_emoji_but_no_tricks(app: Flask) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    text = texts.render("broadcast", "id", {"text": f"Satu\r\nDua {family}\u202e\x07  \nTiga"})

    assert text == f"Satu\nDua {family}\nTiga"


@pytest.mark.parametrize(
    ("days", "words"), [(3, "dalam 3 hari"), (1, "besok"), (0, "hari ini"), (-2, "hari ini")]
)
def test_days_left_in_words(app: Flask, days: int, words: str) -> None:
    values = {**sample("payment_reminder"), "days_left": days}
    assert words in texts.render("payment_reminder", "id", values)


def test_english_for_those_who_want_it(app: Flask) -> None:
    text = texts.render("invoice_notification", "en", sample("invoice_notification"))
    assert "November 25" in text or "25 November 2026" in text
    assert text.startswith("Dear")


def test_an_unknown_phone_becomes_a_dash(app: Flask) -> None:
    text = texts.render("access_opened", "id", {"name": "Budi", "cs_phone": ""})
    assert "[[" not in text


def test_a_thousand_messages_ask_the_database_once(app: Flask) -> None:
    values = sample("payment_reminder")
    text_store.forget()
    with counted() as statements:
        for number in range(1000):
            texts.render("payment_reminder", "id", {**values, "name": f"Budi {number}"})
            texts.template_params("payment_reminder", "id", values)
    assert sum("message_text" in one for one in statements) == 1
    assert len(statements) <= 3, statements


def test_a_text_saved_elsewhere_is_sent_within_seconds_and_edited_at_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = texts.render("access_opened", "id", sample("access_opened"))
    db.session.add(
        MessageText(
            kind="access_opened",
            language="id",
            version=1,
            body="Buka, [[name]]!",
            created_at=datetime(2026, 11, 21, tzinfo=UTC),
        )
    )
    db.session.commit()
    assert texts.render("access_opened", "id", sample("access_opened")) == old
    assert text_preview.in_force("access_opened", "id") == "Buka, [[name]]!"
    later = time.monotonic() + text_store.FRESH_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert texts.render("access_opened", "id", sample("access_opened")) == "Buka, Budi Santoso!"


def test_a_value_that_is_not_there_is_a_dash_in_any_place(app: Flask) -> None:
    nothing = {name: None for name in SAMPLES if name != "code"}
    text = texts.fill(" ".join(f"[[{name}]]" for name in nothing), "id", nothing)
    assert set(text.split()) == {"–"}
