"""The screens: composing and the list, copying, throwing away, who may."""

from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from portal.broadcasts import service
from portal.broadcasts.models import Broadcast
from portal.extensions import db
from portal.messaging import optouts, sending
from tests import factories
from tests.broadcasts.crowd import BASE, actions, broadcast, confirmed, crowd, draft, tick
from tests.messaging.conftest import provider
from tests.messaging.fakes import Provider
from tests.visitor import Visitor, target

__all__ = ["provider"]


def the_only() -> Broadcast:
    (row,) = factories.every(Broadcast)
    return row


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
        ({"arrears": "owes", "owes": "100.000,50"}, "Isi dengan angka bulat"),
        ({"arrears": "owes", "owes": "-5"}, "Isi dengan angka bulat"),
    ],
)
def test_wrong_values_are_said_beside_the_field(
    desk: Visitor, values: dict[str, str], sentence: str
) -> None:
    form = {"title": "Judul", "body": "Isi"} | values
    answer = desk.post(f"{BASE}/new", **form)
    assert answer.status_code == 422 and sentence in answer.text
    assert factories.every(Broadcast) == []


def test_rupiah_are_typed_as_people_write_them(desk: Visitor) -> None:
    desk.post(f"{BASE}/new", title="A", body="B", arrears="owes", owes="Rp 100.000,00")
    assert the_only().audience == {"arrears": "owes", "owes": 100_000}


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
