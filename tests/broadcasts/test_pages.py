"""The screens: compose, look at the figures, test, confirm, watch, pause, resume, cancel, copy."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import update

from jobs.schedule import BY_NAME
from portal.broadcasts import service
from portal.broadcasts.models import Broadcast
from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import channel_config, optouts, sending
from portal.messaging.models import Message
from portal.settings import service as settings
from tests import factories
from tests.broadcasts.crowd import broadcast, confirmed, crowd, draft, queued
from tests.messaging.conftest import provider
from tests.messaging.fakes import Provider
from tests.visitor import Visitor, target

__all__ = ["provider"]
BASE = "/admin/broadcasts"


def tick() -> None:
    BY_NAME["continue_broadcasts"].run()
    db.session.rollback()


def the_only() -> Broadcast:
    (row,) = factories.every(Broadcast)
    return row


def actions() -> list[str]:
    return [
        row.action for row in factories.every(AuditEntry) if row.action.startswith("broadcast.")
    ]


def test_from_an_empty_form_to_everybody_told(desk: Visitor, provider: Provider) -> None:
    ids = crowd(3)
    optouts.set(ids[0], "broadcast", "staff")
    db.session.commit()
    assert 'name="body"' in desk.page(f"{BASE}/new").text
    answer = desk.post(
        f"{BASE}/new", title="Gangguan", body="Halo [[name]],\r\n*maaf*.", states="active"
    )
    row = the_only()
    show = f"{BASE}/{row.id}"
    assert target(answer) == show
    assert (row.state, row.body) == ("draft", "Halo [[name]],\n*maaf*.")
    assert row.audience == {"states": ["active"]} and row.created_by.startswith("staff:")

    html = desk.page(show).text
    assert f"Halo Orang {ids[1]}," in html and '<span class="wa-b ">maaf</span>' in html
    assert "Ketik 2 untuk mengirim" in html and "1 tidak mau menerima siaran" in html
    assert desk.post(f"{show}/start", count="2").status_code == 422
    assert the_only().state == "draft"

    assert target(desk.post(f"{show}/test", number="0812 9999 0000", turn="1")) == show
    (sent,) = provider.arrived
    assert (sent.to, sent.key) == ("+6281299990000", f"broadcast:test:{row.id}:1")
    assert sent.text == f"Halo Orang {ids[1]},\n*maaf*."
    assert the_only().tested_at is not None

    assert desk.post(f"{show}/start", count="3").status_code == 422
    assert target(desk.post(f"{show}/start", count=" 2 ")) == show
    tick()
    sending.drain("bulk")
    tick()
    assert len(provider.arrived) == 3
    assert "2 dari 2 pesan (100%)" in desk.page(show).text
    assert the_only().state == "done"
    assert actions() == ["broadcast.test", "broadcast.start"]


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


def test_the_same_draft_twice_is_one_draft(desk: Visitor) -> None:
    for _ in range(2):
        desk.post(f"{BASE}/new", title="A", body="B", language="en")
    desk.post(f"{BASE}/new", title="A", body="B")
    assert len(factories.every(Broadcast)) == 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"title": ""}, "Judul wajib diisi"),
        ({"title": "x" * 81}, "Judul wajib diisi"),
        ({"body": " \n "}, "Isi pesan wajib diisi"),
        ({"body": "Halo [[nama]]"}, "Isian [[nama]] tidak dikenal"),
        ({"body": "Halo [[ name ]]"}, "tidak dikenal"),
        ({"body": "x" * 4001}, "Terlalu panjang"),
        ({"body": "[[name]]" * 40}, "Terlalu panjang"),
        ({"arrears": "owes", "owes": "banyak"}, "Isi dengan angka bulat"),
    ],
)
def test_wrong_values_are_said_beside_the_field(
    desk: Visitor, values: dict[str, str], sentence: str
) -> None:
    form = {"title": "Judul", "body": "Isi"} | values
    answer = desk.post(f"{BASE}/new", **form)
    assert answer.status_code == 422 and sentence in answer.text
    assert factories.every(Broadcast) == []


def test_the_count_follows_the_filter(app: Flask, siti: Any) -> None:
    budi = factories.customer(area="Cibiru")
    factories.subscription(budi)
    factories.subscription(factories.customer(area="Lain"))
    desk = Visitor(app, hx=True)
    factories.log_in(desk.client, siti)
    for query, number in (({}, 2), ({"areas": budi.area_id}, 1), ({"states": "paused"}, 0)):
        html = desk.get(f"{BASE}/new?{urlencode(query)}").text
        assert "<html" not in html and f"<b>{number} pelanggan cocok</b>" in html
    row_id = draft()
    html = desk.get(f"{BASE}/{row_id}/edit?states=paused").text
    assert "<html" not in html and "<b>0 pelanggan cocok</b>" in html


def test_cost_is_shown_when_the_owner_set_a_rate_and_meta_is_warned_about(desk: Visitor) -> None:
    crowd(3)
    row_id = draft()
    html = desk.page(f"{BASE}/{row_id}").text
    assert "Perkiraan biaya" not in html and "24 jam terakhir" not in html
    settings.change("messages.cost_rupiah", 465)
    db.session.commit()
    assert "Rp1.395" in desk.page(f"{BASE}/{row_id}").text


def test_meta_is_warned_about(app: Flask, desk: Visitor) -> None:
    crowd(1)
    row_id = draft()
    values = {"access_token": "EAAtoken", "phone_number_id": "123456", "app_secret": "rahasia"}
    assert channel_config.save("meta", values) == {}
    channel_config.choose("meta")
    db.session.commit()
    assert "24 jam terakhir" in desk.page(f"{BASE}/{row_id}").text


def test_watching_stops_when_it_is_over(app: Flask, siti: Any, provider: Provider) -> None:
    crowd(3)
    row_id = confirmed()
    desk = Visitor(app, hx=True)
    factories.log_in(desk.client, siti)
    url = f"{BASE}/{row_id}"
    html = desk.get(url).text
    again = re.search(r'hx-get="([^"]+)" hx-trigger="every 2s"', html)
    assert again and "<html" not in html
    assert desk.get(again[1].replace("&amp;", "&")).status_code == 204
    tick()
    changed = desk.get(again[1].replace("&amp;", "&"))
    assert changed.status_code == 200 and 'hx-trigger="every 4s"' in changed.text
    sending.drain("bulk")
    tick()
    assert "hx-trigger" not in desk.get(url).text


def test_every_state_of_a_message_is_counted_once(desk: Visitor) -> None:
    crowd(9)
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
    ]
    for row, state in zip(queued(row_id), states, strict=True):
        db.session.execute(update(Message).where(Message.id == row.id).values(state=state))
    db.session.commit()
    html = desk.page(f"{BASE}/{row_id}").text
    shown = dict(re.findall(r"<small>([^<]+)</small><b>(\d+)</b>", html))
    assert shown == {
        "Menunggu": "2", "Diterima penyedia": "1", "Terkirim": "1", "Sampai": "2",
        "Gagal": "1", "Perlu dicek": "1", "Kedaluwarsa": "1",
    }  # fmt: skip
    assert "7 dari 9 pesan (77%)" in html


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


def test_a_copy_is_a_new_draft_for_whoever_fits_then(desk: Visitor) -> None:
    crowd(2)
    row_id = confirmed("Halo [[name]]")
    answer = desk.post(f"{BASE}/{row_id}/duplicate")
    copy = factories.every(Broadcast)[-1]
    assert target(answer) == f"{BASE}/{copy.id}/edit"
    assert (copy.state, copy.body, copy.audience) == ("draft", "Halo [[name]]", {})
    desk.post(f"{BASE}/{row_id}/duplicate")
    assert len(factories.every(Broadcast)) == 2


def test_a_draft_can_be_thrown_away_what_was_sent_cannot(desk: Visitor) -> None:
    crowd(1)
    kept, gone = confirmed(), draft("Lain")
    assert target(desk.post(f"{BASE}/{gone}/remove")) == BASE
    assert target(desk.post(f"{BASE}/{kept}/remove")) == f"{BASE}/{kept}"
    assert [row.id for row in factories.every(Broadcast)] == [kept]
    assert target(desk.get(f"{BASE}/{kept}/edit")) == f"{BASE}/{kept}"
    desk.post(f"{BASE}/{kept}/edit", title="x", body="y")
    assert broadcast(kept).body == "Ada pemeliharaan."


def test_who_was_left_out_is_listed(desk: Visitor) -> None:
    ids = crowd(3)
    optouts.set(ids[1], "broadcast", "customer")
    db.session.commit()
    row_id = confirmed()
    html = desk.page(f"{BASE}/{row_id}/skipped").text
    assert f"Orang {ids[1]}" in html and "Tidak mau menerima siaran" in html
    assert f"Orang {ids[0]}" not in html


def test_the_list_shows_every_state(desk: Visitor) -> None:
    crowd(1)
    draft("Satu.")
    service.pause(confirmed("Dua."))
    db.session.commit()
    html = desk.page(BASE).text
    assert "Draf" in html and "Dijeda" in html
    assert "Belum ada siaran" not in html


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("finance", 200), ("support", 403)])
def test_who_may(app: Flask, role: str, status: int) -> None:
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff(role=role))
    assert visitor.get(BASE).status_code == status
    assert (f'href="{BASE}"' in visitor.get("/admin").text) == (status == 200)
