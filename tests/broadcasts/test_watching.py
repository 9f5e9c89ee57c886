"""How far a broadcast is: the figures, how often the page asks again, and when it stops."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.broadcasts import service
from portal.core.clock import FixedClock
from portal.extensions import db
from portal.messaging import sending
from portal.messaging.models import Message
from tests import factories
from tests.broadcasts.crowd import BASE, actions, broadcast, confirmed, crowd, queued, tick
from tests.messaging.conftest import provider
from tests.messaging.fakes import Provider
from tests.visitor import Visitor, target

__all__ = ["provider"]


def become(broadcast_id: int, *states: str) -> None:
    """Its messages, in order, in these states."""
    for row, state in zip(queued(broadcast_id), states, strict=True):
        db.session.execute(update(Message).where(Message.id == row.id).values(state=state))
    db.session.commit()


def finished(*states: str) -> int:
    """A broadcast that is over, with one message in each of these states."""
    crowd(len(states))
    row_id = confirmed()
    tick()
    sending.drain("bulk")
    become(row_id, *states)
    tick()
    return row_id


def asks_again(html: str, every: str) -> str:
    """The address the page asks again, so often."""
    found = re.search(rf'hx-get="([^"]+)" hx-trigger="every {every}"', html)
    assert found, html
    return found[1].replace("&amp;", "&")


def test_watching_stops_when_it_is_over(app: Flask, siti: Any, provider: Provider) -> None:
    crowd(3)
    row_id = confirmed()
    desk = Visitor(app, hx=True)
    factories.log_in(desk.client, siti)
    url = f"{BASE}/{row_id}"
    html = desk.get(url).text
    asking = asks_again(html, "2s")
    assert "<html" not in html
    assert desk.get(asking).status_code == 204
    tick()
    changed = desk.get(asking)
    assert changed.status_code == 200 and asks_again(changed.text, "4s")
    sending.drain("bulk")
    become(row_id, "delivered", "read", "failed")
    tick()
    assert "hx-trigger" not in desk.get(url).text


@pytest.mark.parametrize("state", ["accepted", "sent", "unknown"])
def test_after_the_end_it_goes_on_slowly_until_the_last_word(
    app: Flask, siti: Any, provider: Provider, state: str
) -> None:
    row_id = finished("delivered", state)
    assert broadcast(row_id).state == "done"
    desk = Visitor(app, hx=True)
    factories.log_in(desk.client, siti)
    asking = asks_again(desk.get(f"{BASE}/{row_id}").text, "10s")
    assert desk.get(asking).status_code == 204
    become(row_id, "delivered", "delivered")
    settled = desk.get(asking)
    assert settled.status_code == 200 and "hx-trigger" not in settled.text
    assert "<small>Sampai</small><b>2</b>" in settled.text


def test_a_word_that_never_comes_is_waited_for_a_quarter_of_an_hour(
    app: Flask, siti: Any, provider: Provider, clock: FixedClock
) -> None:
    row_id = finished("unknown")
    desk = Visitor(app, hx=True)
    factories.log_in(desk.client, siti)
    clock.move(minutes=14)
    asking = asks_again(desk.get(f"{BASE}/{row_id}").text, "10s")
    clock.move(minutes=1)
    over = desk.get(asking)
    assert over.status_code == 200 and "hx-trigger" not in over.text


def test_a_cancelled_one_is_watched_to_the_end_too(desk: Visitor, provider: Provider) -> None:
    crowd(2)
    row_id = confirmed()
    tick()
    become(row_id, "sending", "pending")
    service.cancel(row_id, "")
    db.session.commit()
    assert "masih diselesaikan" in desk.page(f"{BASE}/{row_id}").text
    become(row_id, "unknown", "cancelled")
    tick()
    html = desk.page(f"{BASE}/{row_id}").text
    assert broadcast(row_id).finished_at is not None
    assert "masih diselesaikan" not in html and 'hx-trigger="every 10s"' in html


def test_every_state_of_a_message_is_counted_once(desk: Visitor) -> None:
    crowd(10)
    row_id = confirmed()
    tick()
    states = [
        "pending",
        "sending",
        "accepted",
        "sent",
        "delivered",
        "read",
        "failed",
        "unknown",
        "expired",
        "manual",
    ]
    become(row_id, *states)
    html = desk.page(f"{BASE}/{row_id}").text
    shown = dict(re.findall(r"<small>([^<]+)</small><b>(\d+)</b>", html))
    assert shown == {
        "Menunggu": "2", "Diterima penyedia": "1", "Terkirim": "1", "Sampai": "2",
        "Gagal": "1", "Perlu dicek": "1", "Kedaluwarsa": "1", "Dikirim manual": "1",
    }  # fmt: skip
    assert "8 dari 10 pesan (80%)" in html


def test_pause_resume_cancel_from_the_page_each_once_and_audited(desk: Visitor) -> None:
    crowd(3)
    row_id = confirmed()
    tick()
    url = f"{BASE}/{row_id}"
    for action in ("pause", "pause", "resume", "resume", "cancel", "cancel"):
        assert target(desk.post(f"{url}/{action}")) == url
    assert broadcast(row_id).state == "cancelled"
    assert actions()[1:] == ["broadcast.pause", "broadcast.resume", "broadcast.cancel"]
    html = desk.page(url).text
    assert "/pause" not in html and "/resume" not in html and "/cancel" not in html
