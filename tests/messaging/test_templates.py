"""Approved texts against the simulated Graph API: asked for, read back, chosen, told about."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from jobs import messaging as message_jobs
from jobs import schedule
from portal.core.driverkit import Misconfigured, RateLimited
from portal.extensions import db
from portal.infra import queue
from portal.infra.timekeeping import now
from portal.messaging import (
    channel_config,
    template_rows,
    template_status,
    template_texts,
    templates,
)
from portal.messaging.models import Message, NoticeRecipient
from portal.messaging.models_inbound import MessageTemplate
from portal.messaging.receipts import Scope
from portal.messaging.template_texts import TEMPLATE_KINDS
from tests import factories
from tests.messaging import official
from tests.messaging.official import Graph

META = Scope("meta")


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    with official.running(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def channel(app: Flask, graph: Graph) -> int:
    """With an account that has no template yet."""
    graph.post("/templates/clear")
    return official.channel(graph)


def synced(channel_id: int) -> templates.Synced:
    done = templates.sync(channel_id)
    db.session.commit()
    return done


def row(name: str) -> MessageTemplate:
    db.session.rollback()
    found = db.session.scalars(select(MessageTemplate).where(MessageTemplate.name == name)).one()
    db.session.expunge(found)
    db.session.rollback()
    return found


def approved(channel_id: int) -> None:
    """All seven, approved and read back."""
    templates.create_all(channel_id)
    db.session.commit()
    time.sleep(0.05)
    synced(channel_id)


def rung() -> list[tuple[Any, ...]]:
    """The jobs the bell will be rung for at the commit."""
    return list(db.session().info.get("rings", {}))


def told() -> list[str]:
    return [m.params["text"] for m in factories.every(Message) if m.kind == "staff_notice"]


@pytest.fixture
def follower(app: Flask) -> None:
    """Somebody who is told about channels."""
    person = NoticeRecipient(
        name="Kas", recipient="+6281299990000", topics=["channel"], created_at=now()
    )
    db.session.add(person)
    db.session.commit()


def test_all_seven_are_made_in_an_empty_account(channel: int, graph: Graph) -> None:
    made = templates.create_all(channel)
    db.session.commit()
    assert {one.kind: one.outcome for one in made} == dict.fromkeys(TEMPLATE_KINDS, "made")
    # A review takes a hundredth of a second here.
    assert {one.status for one in made} <= {"PENDING", "APPROVED"}
    assert {one["name"] for one in graph.listed()} == set(TEMPLATE_KINDS)
    stored = factories.every(MessageTemplate)
    assert {one.kind for one in stored} == set(TEMPLATE_KINDS)
    assert {one.wanted_category for one in stored} == {"UTILITY", "AUTHENTICATION"}


def test_asking_twice_makes_nothing_twice(channel: int, graph: Graph) -> None:
    templates.create_all(channel)
    db.session.commit()
    time.sleep(0.05)
    again = templates.create_all(channel)
    db.session.commit()
    assert {one.outcome for one in again} == {"there"}
    assert {one.status for one in again} == {"APPROVED"}
    assert len(graph.listed()) == 7 and len(factories.every(MessageTemplate)) == 7


def test_a_refused_one_does_not_stop_the_others(channel: int) -> None:
    """One our own rules refuse, one Meta refuses: its name was deleted a moment ago."""
    templates.create_all(channel)
    db.session.commit()
    admin: Any = templates.channel_of(channel).driver()
    admin.delete_template("access_opened")
    admin.delete_template("overdue_notice")
    db.session.rollback()
    made = templates.create_all(channel, {"access_opened": "{{1}} hubungi {{2}}"})
    db.session.commit()
    outcomes = {one.kind: one.outcome for one in made}
    assert outcomes.pop("access_opened") == outcomes.pop("overdue_notice") == "refused"
    assert set(outcomes.values()) == {"there"}
    said = {one.kind: one.sentence for one in made}
    assert "diawali isian" in said["access_opened"]
    assert "terkunci 30 hari" in said["overdue_notice"]


def test_a_provider_that_goes_away_ends_the_asking(
    channel: int, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.post("/faults", target="graph", rate_429=1)
    with pytest.raises(RateLimited):
        templates.create_all(channel)
    db.session.rollback()
    graph.post("/faults/reset")
    # The list and two creations are answered, then it is too much.
    graph.post("/templates/patience", requests=3)
    made = templates.create_all(channel)
    db.session.commit()
    assert [one.outcome for one in made] == ["made", "made", "stopped", *["skipped"] * 4]
    assert "Batas panggilan" in made[2].sentence
    assert len(factories.every(MessageTemplate)) == len(graph.listed()) == 2


def test_a_name_of_its_own_and_a_language_we_do_not_write(app: Flask, graph: Graph) -> None:
    graph.post("/templates/clear")
    own = official.channel(graph, template_otp_code="kode_masuk", language="jv")
    made = templates.create_all(own)
    db.session.commit()
    assert {one.outcome for one in made} == {"refused"}
    own = official.channel(graph, template_otp_code="kode_masuk", language="en_US")
    made = templates.create_all(own)
    db.session.commit()
    assert {one.outcome for one in made} == {"made"}
    there = {one["name"]: one for one in graph.listed()}
    assert there["kode_masuk"]["category"] == "AUTHENTICATION"
    assert {one["language"] for one in there.values()} == {"en_US"}
    assert row("kode_masuk").kind == "otp_code"


def test_a_list_is_read_back_page_by_page(app: Flask, graph: Graph) -> None:
    """The guide's seven are there already; sixty more need a second page."""
    own = official.channel(graph)
    admin: Any = templates.channel_of(own).driver()
    for number in range(60):
        admin.create_template(template_texts.draft("access_opened", f"buka_{number}", "id"))
    db.session.rollback()
    assert synced(own) == templates.Synced(67, 0)
    assert len(factories.every(MessageTemplate)) == 67
    code = row("otp_code")
    assert (code.status, code.kind, code.category) == ("APPROVED", "otp_code", "AUTHENTICATION")
    assert template_status.problems("otp_code", code) == []
    assert row("buka_7").kind == ""


def test_what_is_gone_at_meta_is_gone_here(channel: int, follower: None) -> None:
    approved(channel)
    admin: Any = templates.channel_of(channel).driver()
    admin.delete_template("access_opened")
    db.session.rollback()
    assert synced(channel) == templates.Synced(6, 1)
    assert "access_opened" not in {one.name for one in factories.every(MessageTemplate)}
    assert told() == [
        "Template WhatsApp access_opened (id) sekarang dihapus. "
        "Periksa Pengaturan > WhatsApp > Template."
    ]


def test_the_daily_look_tells_once_what_no_callback_told(
    channel: int, graph: Graph, follower: None
) -> None:
    approved(channel)
    graph.event("payment_reminder", category="MARKETING")
    graph.event("overdue_notice", status="PAUSED")
    graph.event("access_opened", quality="YELLOW")
    for _day in range(2):
        message_jobs.sync_templates(channel)
    assert sorted(told()) == [
        "Template WhatsApp overdue_notice (id) sekarang dijeda. "
        "Periksa Pengaturan > WhatsApp > Template.",
        "Template WhatsApp payment_reminder (id) masuk kategori pemasaran. "
        "Periksa Pengaturan > WhatsApp > Template.",
    ]
    moved = row("payment_reminder")
    assert (moved.category, moved.wanted_category) == ("MARKETING", "UTILITY")
    assert row("access_opened").quality == "YELLOW"


def test_once_a_day_every_channel_is_asked_for(channel: int) -> None:
    other = channel_config.create("meta").id
    db.session.commit()
    (entry,) = [one for one in schedule.ENTRIES if one.run is schedule.sync_templates]
    assert entry.every == 86_400
    templates.request_syncs()
    assert rung() == [(queue.SYNC_TEMPLATES, one) for one in (channel, other)]
    db.session.rollback()
    # One that cannot be asked does not fail the job.
    for channel_id in (channel, other):
        message_jobs.sync_templates(channel_id)


def test_choosing_which_template_carries_a_kind(channel: int) -> None:
    approved(channel)
    admin: Any = templates.channel_of(channel).driver()
    admin.create_template(template_texts.draft("overdue_notice", "telat_v2", "id"))
    db.session.rollback()
    synced(channel)
    assert templates.choose(channel, {"overdue_notice": "telat_v2"}) == {}
    db.session.commit()
    assert channel_config.stored_values("meta")["template_overdue_notice"] == "telat_v2"
    assert (row("telat_v2").kind, row("overdue_notice").kind) == ("overdue_notice", "")
    assert templates.choose(channel, {"overdue_notice": "overdue_notice"}) == {}
    db.session.commit()
    # The usual name is nothing to keep.
    assert "template_overdue_notice" not in channel_config.stored_values("meta")
    assert templates.choose(channel, {"overdue_notice": "Salah Nama"}).keys() == {"overdue_notice"}


def test_another_text_is_checked_then_reviewed_again(channel: int, graph: Graph) -> None:
    approved(channel)
    mine = db.session.scalars(
        select(MessageTemplate).where(MessageTemplate.name == "access_opened")
    ).one()
    few = "Halo {{1}}, internet Anda sudah aktif kembali seperti biasa."
    assert templates.rewrite(mine, few) == ["Pesan ini mengirim 2 isian; pakai semuanya."]
    assert any("diakhiri" in one for one in templates.rewrite(mine, "Halo {{1}}, telepon {{2}}"))
    better = "Halo {{1}}, internet Anda sudah aktif. Hubungi {{2}} bila masih ada kendala."
    assert templates.rewrite(mine, better) == []
    db.session.commit()
    assert row("access_opened").status == "PENDING"
    (there,) = [one for one in graph.listed() if one["name"] == "access_opened"]
    assert there["components"][0]["text"] == better


def test_a_channel_without_templates_is_refused(app: Flask) -> None:
    console = channel_config.create("console").id
    db.session.commit()
    with pytest.raises(Misconfigured, match="tidak memakai template"):
        templates.sync(console)
    with pytest.raises(Misconfigured, match="tidak ditemukan"):
        templates.sync(10**6)
    assert templates.channel_ids() == []


def test_staffs_own_words_may_have_a_template(channel: int, graph: Graph) -> None:
    approved(channel)
    assert templates.choose(channel, {"broadcast": "access_opened"}) == {}
    db.session.commit()
    assert row("access_opened").kind == "access_opened"
    assert channel_config.stored_values("meta")["template_broadcast"] == "access_opened"
    assert templates.choose(channel, {"broadcast": ""}) == {}
    db.session.commit()
    assert "template_broadcast" not in channel_config.stored_values("meta")


def test_names_and_language_of_a_channel(channel: int) -> None:
    found = templates.channel_of(channel)
    assert template_rows.language(found) == "id"
    names = template_rows.names(found)
    assert {kind for kind, name in names.items() if name} == set(TEMPLATE_KINDS)
    assert {kind for kind, name in names.items() if not name} == set(template_texts.FREE_KINDS)
