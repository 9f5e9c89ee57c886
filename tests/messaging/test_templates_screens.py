"""Settings > WhatsApp > templates, with and without HTMX, against the simulated Graph API."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import select

from portal.extensions import db
from portal.messaging import channel_config, sending
from portal.messaging.models import Message
from portal.messaging.models_inbound import MessageTemplate
from tests import factories
from tests.messaging import official
from tests.messaging.official import Graph
from tests.messaging.rows import queued
from tests.visitor import Visitor, target

PAGE = "/admin/settings/whatsapp/templates"


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    with official.running(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def channel(app: Flask, graph: Graph) -> int:
    """With the guide's seven templates."""
    return official.channel(graph)


@pytest.fixture
def empty(graph: Graph, channel: int) -> int:
    graph.post("/templates/clear")
    return channel


def said(visitor: Visitor, url: str = PAGE) -> str:
    return unescape(visitor.page(url).text)


def every() -> dict[str, MessageTemplate]:
    return {row.name: row for row in factories.every(MessageTemplate)}


def test_without_a_meta_channel_there_is_a_way_to_one(desk: Visitor) -> None:
    text = said(desk)
    assert "Belum ada saluran Meta yang tersimpan" in text
    assert "/admin/settings/whatsapp?driver=meta" in text
    assert target(desk.post(f"{PAGE}/sync")) == PAGE
    assert "Belum ada saluran Meta" in said(desk, f"{PAGE}/create")


def test_before_the_first_look_it_says_so(desk: Visitor, channel: int) -> None:
    text = said(desk)
    assert "Belum pernah dibaca dari Meta" in text
    assert text.count("Belum diketahui") == 7
    settings = said(desk, f"/admin/settings/whatsapp?channel={channel}")
    assert "pesan mungkin ditolak karena templatenya belum ada" in settings


def test_syncing_shows_what_meta_has(desk: Visitor, channel: int) -> None:
    answer = desk.post(f"{PAGE}/sync", channel=str(channel))
    if desk.headers:
        assert answer.status_code == 200 and 'id="templates"' in answer.text
        assert "7 template dibaca." in answer.headers["HX-Trigger"]
        assert "<html" not in answer.text
    else:
        assert target(answer) == f"{PAGE}?channel={channel}"
    text = said(desk)
    assert "7 dari 7 siap kirim" in text
    assert text.count("Disetujui") == 7 and "Autentikasi" in text
    settings = said(desk, f"/admin/settings/whatsapp?channel={channel}")
    assert "Semua disetujui dan cocok" in settings


def test_a_provider_that_refuses_is_heard(desk: Visitor, graph: Graph, channel: int) -> None:
    graph.post("/templates/patience", requests=0)
    answer = desk.post(f"{PAGE}/sync", channel=str(channel))
    where = answer.headers.get("HX-Trigger", "") if desk.headers else said(desk)
    assert "Batas panggilan" in where
    answer = desk.post(f"{PAGE}/create", channel=str(channel))
    assert answer.status_code == 422 and "Batas panggilan" in answer.text


def test_asking_for_all_seven(desk: Visitor, graph: Graph, empty: int) -> None:
    text = said(desk, f"{PAGE}/create?channel={empty}")
    assert "7 template berikut diajukan ke Meta" in text
    assert "Halo Budi Santoso, layanan" in re.sub(r"<[^>]+>", "", text)
    assert len(re.findall("<textarea", text)) == 6
    own = "Halo {{1}}, internet sudah aktif lagi. Telepon {{2}} bila masih ada kendala."
    answer = desk.post(f"{PAGE}/create", channel=str(empty), **{"text-access_opened": own})
    assert answer.status_code == 200
    assert answer.text.count("Diajukan") == 7 and "<textarea" not in answer.text
    there = {one["name"]: one for one in graph.listed()}
    assert there["access_opened"]["components"][0]["text"] == own
    assert len(there) == 7
    time.sleep(0.05)
    again = desk.post(f"{PAGE}/create", channel=str(empty))
    assert again.text.count("Sudah ada") == 7
    assert "Ketujuh template sudah ada" in said(desk, f"{PAGE}/create")


def test_a_refused_text_stays_to_be_repaired(desk: Visitor, graph: Graph, empty: int) -> None:
    wrong = "{{1}} silakan telepon {{2}}"
    answer = desk.post(f"{PAGE}/create", channel=str(empty), **{"text-access_opened": wrong})
    text = unescape(answer.text)
    assert text.count("Diajukan") == 6 and text.count("Tidak diterima") == 1
    assert "Teks tidak boleh diawali isian" in text
    assert text.count("<textarea") == 1 and wrong in text
    assert len(graph.listed()) == 6


def test_the_provider_stops_halfway(desk: Visitor, graph: Graph, empty: int) -> None:
    graph.post("/templates/patience", requests=2)
    text = desk.post(f"{PAGE}/create", channel=str(empty)).text
    assert text.count("Diajukan") == 1 and text.count("Gagal") == 1
    assert text.count("Belum dicoba") == 5
    assert set(every()) == {"payment_confirmation"}


def test_problems_are_named_where_they_are(desk: Visitor, graph: Graph, channel: int) -> None:
    graph.event("payment_reminder", category="MARKETING")
    graph.event("overdue_notice", status="PAUSED")
    graph.event("access_opened", quality="RED")
    desk.post(f"{PAGE}/sync", channel=str(channel))
    text = said(desk)
    assert "6 dari 7 siap kirim" in text
    assert "ke kategori Pemasaran, bukan Utilitas" in text
    assert "Belum dapat dikirim: dijeda." in text
    assert "Mutu rendah: banyak penerima memblokir" in text
    settings = said(desk, f"/admin/settings/whatsapp?channel={channel}")
    assert "Lewat jatuh tempo:" in settings and "Pesan tetap dicoba kirim" in settings


def test_a_name_or_language_that_is_not_there(desk: Visitor, channel: int, graph: Graph) -> None:
    official.channel(graph, template_otp_code="kode_lain")
    desk.post(f"{PAGE}/sync", channel=str(channel))
    text = said(desk)
    assert "Belum ada di Meta." in text and "Template lain di akun ini" in text
    official.channel(graph, language="en")
    desk.post(f"{PAGE}/sync", channel=str(channel))
    assert "Ada di Meta, tetapi tidak dalam bahasa en (id)." in said(desk)


def test_choosing_what_carries_a_kind(desk: Visitor, graph: Graph, channel: int) -> None:
    desk.post(f"{PAGE}/sync", channel=str(channel))
    answer = desk.post(
        f"{PAGE}/map", channel=str(channel), **{"use-overdue_notice": "isolation_notice"}
    )
    assert answer.status_code in {200, 303}
    assert channel_config.stored_values("meta")["template_overdue_notice"] == "isolation_notice"
    db.session.rollback()
    assert "Template punya 4 isian, padahal pesan ini mengirim 3." in said(desk)
    wrong = desk.post(f"{PAGE}/map", channel=str(channel), **{"use-otp_code": "Bukan Nama"})
    assert wrong.status_code == 422 and "garis bawah" in wrong.text
    assert "template_otp_code" not in channel_config.stored_values("meta")


def test_one_template_and_another_text_for_it(desk: Visitor, graph: Graph, channel: int) -> None:
    desk.post(f"{PAGE}/sync", channel=str(channel))
    one = every()["access_opened"]
    url = f"{PAGE}/{one.id}"
    text = said(desk, url)
    assert "Ajukan teks lain" in text and "{{2}} = telepon layanan pelanggan" in text
    wrong = desk.post(url, text="Halo {{1}}, hubungi {{2}}")
    assert wrong.status_code == 422 and "diakhiri isian" in wrong.text
    fine = "Halo {{1}}, internet sudah aktif lagi. Telepon {{2}} bila masih ada kendala."
    assert target(desk.post(url, text=fine)) == f"{PAGE}?channel={channel}"
    assert every()["access_opened"].status == "PENDING"
    code = every()["otp_code"]
    assert "<textarea" not in said(desk, f"{PAGE}/{code.id}")
    assert desk.post(f"{PAGE}/{code.id}", text=fine).status_code == 422
    assert desk.get(f"{PAGE}/999999").status_code == 404


def test_only_what_carries_nothing_can_be_deleted(
    desk: Visitor, graph: Graph, channel: int
) -> None:
    official.channel(graph, template_otp_code="kode_lain")
    desk.post(f"{PAGE}/sync", channel=str(channel))
    rows = every()
    assert "Hapus di Meta" in said(desk, f"{PAGE}/{rows['otp_code'].id}")
    assert "Hapus di Meta" not in said(desk, f"{PAGE}/{rows['access_opened'].id}")
    desk.post(f"{PAGE}/{rows['access_opened'].id}/remove")
    desk.post(f"{PAGE}/{rows['otp_code'].id}/remove")
    assert {one["name"] for one in graph.listed()} == set(rows) - {"otp_code"}
    assert set(every()) == set(rows) - {"otp_code"}


def test_another_channel_is_not_one_of_these(desk: Visitor, channel: int) -> None:
    console = channel_config.create("console").id
    db.session.commit()
    for wanted in (str(console), "99999", "x"):
        assert desk.get(f"{PAGE}?channel={wanted}").status_code == 404
        assert desk.post(f"{PAGE}/sync", channel=wanted).status_code == 404


def test_a_channel_that_is_not_complete_says_what_is_missing(desk: Visitor, graph: Graph) -> None:
    own = official.channel(graph, waba_id="2")
    row = db.session.scalars(select(MessageTemplate)).all()
    assert row == []
    db.session.rollback()
    bare = channel_config.add("meta", "Kedua")
    db.session.commit()
    text = said(desk, f"{PAGE}?channel={bare}")
    assert "wajib diisi" in text and "Lengkapi saluran" in text
    assert f'value="{own}"' in text
    assert "Lengkapi isian saluran dahulu" in said(desk, f"/admin/settings/whatsapp?channel={bare}")


def test_a_message_leads_to_its_template(desk: Visitor, graph: Graph, channel: int) -> None:
    """One that waits for a paused template, and one Meta refused for it."""
    graph.event("payment_confirmation", status="PAUSED")
    desk.post(f"{PAGE}/sync", channel=str(channel))
    waiting = queued()
    text = said(desk, f"/admin/messages/{waiting}")
    assert "Template payment_confirmation: Belum dapat dikirim: dijeda." in text
    assert "Buka template WhatsApp" in text
    for _other_channel in range(2):
        sending.drain("messages")
    text = said(desk, f"/admin/messages/{waiting}")
    assert factories.every(Message)[0].state == "failed"
    assert "Buka daftar template, sinkronkan" in text
    assert "Belum dapat dikirim: dijeda." in text


def test_what_meta_says_is_shown_as_text(desk: Visitor, channel: int) -> None:
    desk.post(f"{PAGE}/sync", channel=str(channel))
    canary = "<script>alert(1)</script>"
    row = db.session.scalars(
        select(MessageTemplate).where(MessageTemplate.name == "overdue_notice")
    ).one()
    row.components = [
        {"type": "BODY", "text": f"Halo {canary}"},
        {"type": "FOOTER", "text": canary},
    ]
    row.status = row.category = canary
    row.problem = row.reason = canary
    row_id = row.id
    db.session.commit()
    for url in (PAGE, f"{PAGE}/{row_id}", f"/admin/settings/whatsapp?channel={channel}"):
        page = desk.page(url).text
        assert canary not in page and "&lt;script&gt;" in page


def test_a_channel_that_is_deleted_takes_its_templates_along(
    desk: Visitor, graph: Graph, channel: int
) -> None:
    desk.post(f"{PAGE}/sync", channel=str(channel))
    channel_config.choose("console")
    db.session.commit()
    answer = desk.post(f"/admin/settings/whatsapp/channels/{channel}/remove")
    assert answer.status_code in {204, 303}
    assert every() == {}


def test_nothing_is_locked_while_meta_is_asked(
    app: Flask, desk: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a request is at Meta somebody else can write, also after a refusal."""
    if db.engine.dialect.name != "sqlite":
        return
    path, asked = str(db.engine.url.database), list[str]()

    def write() -> None:
        with closing(sqlite3.connect(path, timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
        asked.append(request.method)

    with official.running(tmp_path, monkeypatch, meanwhile=write) as graph:
        graph.post("/templates/clear")
        channel = official.channel(graph)
        asked.clear()
        wrong = {"text-payment_confirmation": "{{1}} salah"}
        assert desk.post(f"{PAGE}/create", channel=str(channel), **wrong).status_code == 200
        assert desk.post(f"{PAGE}/sync", channel=str(channel)).status_code in {200, 303}
        fine = "Halo {{1}}, internet sudah aktif lagi. Telepon {{2}} bila masih ada kendala."
        row_id = every()["access_opened"].id
        assert desk.post(f"{PAGE}/{row_id}", text=fine).status_code in {204, 303}
    assert asked == ["GET", *["POST"] * 6, "GET", "POST"]
