"""The queue health page, with and without HTMX, and `/metrics`."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.schedule import ENTRIES
from portal.extensions import db
from portal.health import board
from portal.infra import locks, queue
from portal.infra.audit import AuditEntry
from portal.infra.schedule import ScheduleRun
from portal.infra.timekeeping import wall
from portal.messaging import channels, meters
from tests import factories
from tests.health.life import ROLES, beats, put
from tests.visitor import Visitor, target

URL = "/admin/health"


@pytest.fixture
def frozen() -> Iterator[str]:
    """A Redis that accepts connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def paused() -> None:
    channel = channels.active()
    assert channel is not None
    meters.pause(channel, "misconfigured", "Token dicabut.")
    db.session.commit()


def entry(name: str, error: str = "", late: int = 0) -> None:
    at = wall()
    due = at - timedelta(seconds=late)
    db.session.add(ScheduleRun(name=name, started_at=at, finished_at=at, next_at=due, error=error))
    db.session.commit()


def test_all_well_in_words(app: Flask) -> None:
    beats(*ROLES)
    entry("sweep_messages")
    found = board.read()

    assert [state.level for _lane, state in found.lanes] == ["ok"] * 4
    assert (found.scheduler.level, found.entries[0].state.sentence) == ("ok", "Baik")
    assert found.bell_state.level == "warn"
    assert found.overall == board.State("warn", "Berjalan, tetapi ada yang perlu dilihat.")


def test_the_page_and_its_board(desk: Visitor) -> None:
    beats(*ROLES)
    put("1", due=600)
    put("2", lane="held")
    put("3", state="unknown")
    page = desk.get(URL).text

    assert page.lstrip().startswith("<div" if desk.headers else "<!doctype")
    assert 'hx-trigger="every 5s, look"' in page and "data-live" in page
    assert "Ada yang berhenti." in page
    assert "Macet: yang tertua menunggu 10 menit." in page
    assert "1 pesan ditahan karena siarannya dijeda." in page
    assert "/admin/messages?status=unknown" in page
    assert "Redis tidak menjawab" in page


def test_without_any_process(desk: Visitor) -> None:
    page = desk.get(URL).text
    assert page.count("Tidak ada pekerja: nyalakan pekerja jalur ini.") == 4
    assert "Tidak ada penjadwal" in page
    assert "Penjadwal belum pernah dinyalakan." in page


def test_a_silent_process_is_named(desk: Visitor) -> None:
    beats("messages", silent=600)
    page = desk.get(URL).text
    assert "Tidak terdengar sejak 10 menit" in page
    assert "box · 7" in page


@pytest.mark.parametrize(
    ("error", "late", "level", "says"),
    [
        ("", 0, "ok", "Baik"),
        ("OperationalError", 0, "warn", "Gagal: OperationalError"),
        ("", 119, "ok", "Baik"),
        ("", 180, "bad", "Terlambat 3 menit"),
    ],
)
def test_the_timetable(app: Flask, error: str, late: int, level: str, says: str) -> None:
    entry("remind", error, late)
    (line,) = board.read().entries
    assert (line.state.level, line.state.sentence) == (level, says)


def test_every_entry_has_a_name_for_people() -> None:
    assert set(board.ENTRIES) == {entry.name for entry in ENTRIES}


def test_a_paused_channel_is_resumed_from_here(desk: Visitor, app: Flask) -> None:
    paused()
    page = desk.get(URL).text
    assert "Token dicabut." in page
    assert "Tidak ada saluran yang dapat mengirim; semua pesan menunggu." in page

    assert target(desk.post(f"{URL}/resume", key="env")) == URL
    db.session.rollback()
    channel = channels.active()
    assert channel is not None and channel.usable
    assert [row.action for row in factories.every(AuditEntry)][-1:] == ["channel.resume"]
    assert "Lanjutkan" not in desk.get(URL).text


def test_a_channel_that_is_gone(desk: Visitor) -> None:
    for key in ("7", "x", ""):
        assert target(desk.post(f"{URL}/resume", key=key)) == URL
    assert "Saluran ini tidak dipakai lagi." in desk.page(URL).text


def test_the_scheduler_that_leads_is_marked(desk: Visitor) -> None:
    beats("scheduler")
    beats("scheduler", pid=70)
    locks.lead("scheduler", "box:7:a1b2", wall(), 30)
    assert desk.get(URL).text.count("memimpin") == 1


def test_who_may_only_look_is_not_offered_to_act(app: Flask) -> None:
    paused()
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff(role="technician"))
    assert "Lanjutkan" not in visitor.page(URL).text
    assert visitor.post(f"{URL}/resume", key="env").status_code == 403


def test_sending_switched_off(app: Flask) -> None:
    settings = app.extensions["loket.settings"]
    settings.env["WHATSAPP_ENABLED"] = "false"
    note = board.read().channel_note
    assert note is not None and "WHATSAPP_ENABLED=false" in note.sentence


def test_a_frozen_redis_does_not_hold_the_page(app: Flask, frozen: str) -> None:
    began = time.monotonic()
    assert queue.look(frozen) == queue.BellState(alive=False)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 detik"), (89, "89 detik"), (90, "2 menit"), (5400, "2 jam"), (200_000, "2 hari")],
)
def test_lengths_of_time(app: Flask, seconds: int, words: str) -> None:
    assert board.span(timedelta(seconds=seconds)) == words


def test_metrics(app: Flask, client: FlaskClient) -> None:
    beats("scheduler", "messages", silent=20)
    put("1", due=42)
    paused()
    text = client.get("/metrics").text

    assert 'loket_oldest_waiting_seconds{lane="messages"} 42.0' in text
    assert "loket_paused_channels 1.0" in text
    assert 'loket_processes{role="messages"} 1.0' in text
    assert 'loket_processes{role="bulk"} 0.0' in text
    assert 'loket_heartbeat_age_seconds{role="scheduler"} 20.0' in text
    assert 'loket_inbound_hooks{state="received"} 0.0' in text
