"""The draft before everybody gets it: the test to one number, confirming, what it costs."""

import re
from typing import Any

from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import channel_config, optouts
from portal.settings import service as settings
from tests import factories
from tests.broadcasts.crowd import BASE, actions, broadcast, crowd, draft, queued, tick
from tests.messaging.conftest import provider
from tests.messaging.fakes import Provider
from tests.visitor import Visitor, target

__all__ = ["provider"]


def test_a_test_goes_out_at_night_and_only_once_per_click(
    desk: Visitor, provider: Provider, clock: FixedClock
) -> None:
    crowd(1)
    clock.move(hours=14)
    row_id = draft()
    url = f"{BASE}/{row_id}/test"
    desk.post(url, number="081299990000", turn="1")
    assert desk.post(url, number="081299990000", turn="1").status_code == 422
    assert len(provider.arrived) == 1
    desk.post(url, number="081299990000", turn="2")
    assert len(provider.arrived) == 2
    assert queued(row_id) == []


def test_a_test_that_failed_is_no_test(desk: Visitor, provider: Provider) -> None:
    crowd(1)
    row_id = draft()

    def refuse(_message: Any) -> Any:
        raise Permanent("Nomor ini tidak ada di WhatsApp.")

    provider.always = refuse
    answer = desk.post(f"{BASE}/{row_id}/test", number="081299990000", turn="1")
    assert answer.status_code == 422 and "tidak ada di WhatsApp" in answer.text
    assert broadcast(row_id).tested_at is None
    answer = desk.post(f"{BASE}/{row_id}/test", number="satu dua", turn="1")
    assert answer.status_code == 422 and 'value="satu dua"' in answer.text


def test_another_text_must_be_tested_again_another_audience_need_not(
    desk: Visitor, provider: Provider
) -> None:
    crowd(1)
    row_id = draft("Satu.")
    desk.post(f"{BASE}/{row_id}/test", number="081299990000", turn="1")
    desk.post(f"{BASE}/{row_id}/edit", title="Baru", body="Satu.", states="active")
    row = broadcast(row_id)
    assert row.tested_at is not None and row.audience == {"states": ["active"]}
    desk.post(f"{BASE}/{row_id}/edit", title="Baru", body="Dua.")
    assert broadcast(row_id).tested_at is None


def test_without_a_test_one_has_to_say_so(desk: Visitor) -> None:
    crowd(2)
    row_id = draft()
    answer = desk.post(f"{BASE}/{row_id}/start", count="2")
    assert answer.status_code == 422 and "centang kirim tanpa uji" in answer.text
    assert target(desk.post(f"{BASE}/{row_id}/start", count="2", untested="y"))
    assert broadcast(row_id).state == "queueing"
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "broadcast.start"]
    assert entry.after["tested"] is False and entry.after["messages"] == 2


def test_a_second_click_and_a_second_person_start_nothing(desk: Visitor) -> None:
    crowd(2)
    row_id = draft()
    for _ in range(3):
        desk.post(f"{BASE}/{row_id}/start", count="2", untested="y")
    tick()
    desk.post(f"{BASE}/{row_id}/start", count="2", untested="y")
    tick()
    assert len(queued(row_id)) == 2
    assert actions() == ["broadcast.start"]


def test_when_the_number_has_changed_it_must_be_typed_anew(desk: Visitor) -> None:
    ids = crowd(3)
    row_id = draft()
    optouts.set(ids[0], "broadcast", "customer")
    db.session.commit()
    answer = desk.post(f"{BASE}/{row_id}/start", count="3", untested="y")
    assert answer.status_code == 422 and "Ketik 2 untuk mengirim" in answer.text
    assert broadcast(row_id).state == "draft"


def test_nobody_to_send_to_cannot_be_sent(desk: Visitor) -> None:
    row_id = draft()
    assert "/start" not in desk.page(f"{BASE}/{row_id}").text
    assert desk.post(f"{BASE}/{row_id}/start", count="0", untested="y").status_code == 422


def test_meta_is_warned_about(app: Flask, desk: Visitor) -> None:
    crowd(1)
    row_id = draft()
    values = {"access_token": "EAAtoken", "phone_number_id": "123456", "app_secret": "rahasia"}
    assert channel_config.save("meta", values) == {}
    channel_config.choose("meta")
    db.session.commit()
    assert "24 jam terakhir" in desk.page(f"{BASE}/{row_id}").text


def test_the_cost_or_where_to_fill_it_in_is_always_shown(app: Flask, desk: Visitor) -> None:
    crowd(3)
    row_id = draft()
    html = desk.page(f"{BASE}/{row_id}").text
    assert "24 jam terakhir" not in html
    to_fill = re.search(r'<dt>Perkiraan biaya</dt><dd><a href="([^"#]+)#([^"]+)">belum diisi', html)
    assert to_fill and f'id="{to_fill[2]}"' in desk.page(to_fill[1]).text
    clerk = Visitor(app)
    factories.log_in(clerk.client, factories.staff(role="finance"))
    assert "<dd>belum diisi: isi biaya per pesan" in clerk.page(f"{BASE}/{row_id}").text
    settings.change("messages.cost_rupiah", 465)
    db.session.commit()
    html = desk.page(f"{BASE}/{row_id}").text
    assert "Rp1.395" in html and "belum diisi" not in html
