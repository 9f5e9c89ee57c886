"""Where a template differs from what messages of a kind bring along."""

from typing import Any

import pytest
from flask import Flask

from portal.extensions import db
from portal.messaging import template_status, template_texts, templates
from portal.messaging.drivers.approved import Brings
from portal.messaging.models_inbound import MessageTemplate
from tests.messaging import official
from tests.messaging.official import Graph
from tests.messaging.test_templates import graph, row, synced

__all__ = ["graph"]


@pytest.mark.parametrize(
    ("components", "brings", "part"),
    [
        ([{"type": "HEADER", "format": "DOCUMENT"}], Brings(("a",), header="media"), ""),
        ([{"type": "HEADER", "text": "Nota {{1}}"}], Brings(("a",), header="text"), ""),
        ([{"type": "HEADER", "text": "Nota"}], Brings(("a",), header="text"), "isian judul"),
        ([], Brings(("a",), links=frozenset({0})), "tombol yang tidak ada"),
        ([], Brings(("a",), named=True), "isian bernomor"),
        (
            [{"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x/{{1}}"}]}],
            Brings(("a",), links=frozenset({0})),
            "",
        ),
    ],
)
def test_what_a_channel_brings_besides_the_body(
    app: Flask, components: list[dict[str, Any]], brings: Brings, part: str
) -> None:
    body = {"type": "BODY", "text": "Halo {{1}} di sana"}
    one = MessageTemplate(parameter_format="POSITIONAL", components=[body, *components])
    said = template_status.drift("broadcast", one, brings)
    assert [part in sentence for sentence in said] == ([True] if part else [])


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"components": [{"type": "BODY", "text": "Halo {{1}} saja"}]}, "punya 1 isian"),
        ({"parameter_format": "NAMED"}, "bernama"),
        ({"components": [{"type": "HEADER", "format": "IMAGE"}]}, "Judulnya butuh berkas"),
        (
            {
                "components": [
                    {"type": "BODY", "text": "{{1}} {{2}} {{3}}"},
                    {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://x/{{1}}"}]},
                ]
            },
            "tombol yang butuh isian",
        ),
        ({"status": "PENDING"}, "sedang ditinjau"),
        ({"status": "NEVER_SEEN"}, "never_seen"),
        ({"category": "MARKETING"}, "bukan Utilitas"),
    ],
)
def test_where_a_template_does_not_fit(app: Flask, changes: dict[str, Any], part: str) -> None:
    good = {
        "name": "overdue_notice",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": template_texts.draft("overdue_notice", "x", "id").components,
    }
    assert template_status.problems("overdue_notice", MessageTemplate(**good)) == []
    said = template_status.problems("overdue_notice", MessageTemplate(**{**good, **changes}))
    assert any(part in sentence for sentence in said), said


def test_a_code_template_without_its_button(app: Flask) -> None:
    bare = MessageTemplate(
        name="otp_code",
        status="APPROVED",
        category="UTILITY",
        parameter_format="POSITIONAL",
        components=[{"type": "BODY", "text": "Kode Anda {{1}} ya"}],
    )
    said = template_status.problems("otp_code", bare)
    assert len(said) == 2 and "salin kode" in said[1] and "bukan Autentikasi" in said[0]


def test_parameters_by_name(app: Flask, graph: Graph) -> None:
    graph.post("/templates/clear")
    own = official.channel(graph, parameter_format="named")
    made = templates.create_all(own)
    db.session.commit()
    assert {one.outcome for one in made} == {"made"}, made
    there = {one["name"]: one for one in graph.listed()}
    reminder = there["payment_reminder"]
    assert reminder["parameter_format"] == "NAMED"
    assert "Rp {{amount}} akan jatuh tempo dalam {{days_left}}" in reminder["components"][0]["text"]
    assert there["otp_code"]["parameter_format"] == "POSITIONAL"
    synced(own)
    brings = templates.brings(templates.channel_of(own), "payment_reminder")
    mine = row("payment_reminder")
    assert template_status.drift("payment_reminder", mine, brings) == []
    said = template_texts.shown(mine.components, "payment_reminder", "id")
    assert "sebesar Rp 165.000 akan jatuh tempo dalam 3 hari" in said
    assert "bernomor" in template_status.problems("payment_reminder", mine)[-1]
    assert not templates.rewritable(mine)


def test_extra_parts_of_the_configuration(app: Flask, graph: Graph) -> None:
    own = official.channel(
        graph, template_parts="overdue_notice: header=media, url1=name; access_opened: quick0=X"
    )
    found = templates.channel_of(own)
    late = templates.brings(found, "overdue_notice")
    assert (late.header, late.links, late.named) == ("media", frozenset({1}), False)
    assert templates.brings(found, "access_opened") == Brings(("name", "cs_phone"))
