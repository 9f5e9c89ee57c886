"""The log: why a message is where it is, sending again, in bulk, as a file, and forgetting."""

import csv
import io

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Misconfigured, Permanent
from portal.extensions import db
from portal.messaging import channel_config, channels, meters, sending
from portal.messaging.explain import explain
from portal.messaging.models import Message
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.parts import raising
from tests.messaging.rows import CONFIRMATION, REMINDER, message, queued
from tests.visitor import Visitor, target

LOG = "/admin/messages"


def told(message_id: int) -> tuple[str, str, str]:
    row = db.session.get_one(Message, message_id, populate_existing=True)
    found = explain(row)
    db.session.rollback()
    return found.why, found.todo, found.fix


def failed(provider: Provider, code: str = "", **about: object) -> int:
    provider.answers = [raising(Permanent("Ditolak.", code=code))]
    message_id = queued(**about)  # type: ignore[arg-type]
    sending.deliver(message_id)
    return message_id


# Why, and what to do


@pytest.mark.parametrize(
    ("code", "words", "fix"),
    [
        ("131026", "Perbaiki nomor WhatsApp", ""),
        ("132001", "Buka daftar template", "templates"),
        ("131047", "saluran lain untuk teks bebas", "whatsapp"),
        ("131049", "Tunggu sehari", ""),
        ("77", "Perbaiki sebabnya", ""),
    ],
)
def test_a_refusal_says_what_to_do(provider: Provider, code: str, words: str, fix: str) -> None:
    _why, todo, where = told(failed(provider, code))
    assert words in todo and where == fix


def test_waiting_says_what_for(app: Flask, provider: Provider, clock: FixedClock) -> None:
    message_id = queued()
    assert "Menunggu giliran" in told(message_id)[1]
    meters.pause(channels.active(), "misconfigured", "Token dicabut.")  # type: ignore[arg-type]
    db.session.commit()
    assert told(message_id)[0] == "Semua saluran berhenti: Token dicabut."


def test_outside_sending_hours_it_names_the_hour(provider: Provider, clock: FixedClock) -> None:
    clock.move(hours=12)  # 22:00
    message_id = queued("invoice_notification", params={**CONFIRMATION, "period": "2026-11"})
    db.session.get_one(Message, message_id).next_at = clock.wall()
    db.session.commit()
    sending.drain("messages")
    assert told(message_id)[0] == "Menunggu jam kirim: 22-11-2026 08.00."


def test_three_clicks_from_the_dashboard_to_the_reason(desk: Visitor) -> None:
    owner = factories.customer(name="Budi Santoso", number="PLG-88")
    message_id = queued("payment_reminder", customer_id=owner.id, to=owner.phone, params=REMINDER)
    db.session.get_one(Message, message_id).state = "cancelled"
    db.session.get_one(Message, message_id).reason = "Sudah lunas."
    db.session.commit()

    listed = desk.page("/admin/customers?q=Budi").text
    assert f"/admin/customers/{owner.id}" in listed
    customer = desk.page(f"/admin/customers/{owner.id}/messages").text
    assert f"{LOG}/{message_id}" in customer and "Sudah lunas." in customer
    assert "Sudah lunas." in desk.page(f"{LOG}/{message_id}").text


# Again


def test_changed_and_sent_again(desk: Visitor, provider: Provider) -> None:
    old = failed(provider, "131026")
    form = desk.page(f"{LOG}/{old}/edit").text
    assert 'value="0812-3456-7890"' in form and 'value="165000"' in form
    answer = desk.post(
        f"{LOG}/{old}/edit",
        **{"recipient": "0813-0000-0001", "p-name": "Budi B", "p-amount": "170.000",
           "p-payment_number": "PAY-1", "p-status": "Lunas"},
    )  # fmt: skip
    new = factories.every(Message)[-1]
    assert target(answer) == f"{LOG}/{new.id}"
    assert (new.parent_id, new.recipient, new.params["amount"]) == (old, "+6281300000001", 170_000)
    assert new.params["paid_at"] == CONFIRMATION["paid_at"], "what was not asked for stays"
    sending.drain("messages")
    assert "Rp170.000" in provider.arrived[-1].text


def test_other_words_for_one_message(desk: Visitor, provider: Provider) -> None:
    old = failed(provider)
    desk.page(f"{LOG}/{old}/edit")
    values = {f"p-{name}": str(CONFIRMATION[name]) for name in ("name", "amount", "status")}
    desk.post(
        f"{LOG}/{old}/edit",
        recipient="081234567890",
        body="Halo,\nini [[name]] *khusus*",
        **values,
        **{"p-payment_number": "PAY-1"},
    )
    sending.drain("messages")
    assert provider.arrived[-1].text == "Halo,\nini [[name]] *khusus*"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"recipient": "bukan"}, "Nomor tujuan tidak sah"),
        ({"p-amount": "banyak"}, "Isi angka dengan benar"),
        ({"p-name": " "}, "Setiap isian wajib diisi"),
        ({"body": "x" * 4001}, "Teks paling banyak 4000"),
    ],
)
def test_a_wrong_value_keeps_what_was_typed(
    desk: Visitor, provider: Provider, changes: dict[str, str], sentence: str
) -> None:
    old = failed(provider)
    desk.page(f"{LOG}/{old}/edit")
    good = {"recipient": "081234567890", "p-name": "Zubaidah", "p-amount": "1", "p-status": "x",
            "p-payment_number": "y"}  # fmt: skip
    answer = desk.post(f"{LOG}/{old}/edit", **(good | changes))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert ("Zubaidah" in answer.text) == ("p-name" not in changes)
    assert len(factories.every(Message)) == 1


def test_one_that_arrived_is_sent_again_only_after_a_warning(
    desk: Visitor, provider: Provider
) -> None:
    message_id = queued()
    sending.deliver(message_id)
    row = db.session.get_one(Message, message_id)
    row.state = "delivered"
    db.session.commit()
    assert "menerimanya dua kali" in desk.page(f"{LOG}/{message_id}/resend").text
    assert "menjadi pesan kedua" in desk.page(f"{LOG}/{message_id}/edit").text
    unaware = desk.post(f"{LOG}/{message_id}/resend")
    assert unaware.status_code == 422 and "Centang dahulu" in unaware.text
    assert len(factories.every(Message)) == 1
    desk.post(f"{LOG}/{message_id}/resend", knowingly="1")
    assert factories.every(Message)[-1].parent_id == message_id


def test_many_at_once_skips_with_reasons_and_never_twice(desk: Visitor, provider: Provider) -> None:
    lost = [failed(provider, key=str(n)) for n in range(3)]
    paid = factories.invoice(state="paid")
    outdated = queued("payment_reminder", "r", invoice_id=paid.id)
    db.session.get_one(Message, outdated).state = "failed"
    db.session.commit()
    queued(key="waiting")

    asked = desk.page(f"{LOG}/resend-many?status=failed").text
    assert "Dari pesan yang tersaring, 3 akan dikirim ulang." in asked
    assert "1 × Sudah lunas." in asked
    for _ in range(2):
        desk.post(f"{LOG}/resend-many?status=failed")
    children = [row for row in factories.every(Message) if row.parent_id]
    assert sorted(row.parent_id for row in children) == lost


def test_many_waiting_are_cancelled_at_once(desk: Visitor) -> None:
    ids = [queued(key=str(n)) for n in range(3)]
    desk.page(f"{LOG}/resend-many")
    desk.post(f"{LOG}/cancel-many?status=waiting", reason="salah tarif")
    assert {message(i).state for i in ids} == {"cancelled"}
    assert {message(i).reason for i in ids} == {"salah tarif"}


# As a file


def test_the_file_holds_the_filtered_rows_harmlessly(desk: Visitor, clock: FixedClock) -> None:
    owner = factories.customer(name="=HYPERLINK(1)", phone="+6281234567890")
    for number in range(3):
        queued(key=str(number), customer_id=owner.id, to=owner.phone)
        clock.move(days=1)
    answer = desk.client.get(f"{LOG}/export.csv?since=2026-11-22")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 1 + 2
    line = dict(zip(rows[0], rows[1], strict=True))
    assert line["pelanggan"] == "'=HYPERLINK(1)"
    assert line["kepada"] == "'+62 812-••••-7890"
    assert "81234567890" not in answer.text


def test_a_long_file_is_read_in_chunks(desk: Visitor) -> None:
    from portal.messaging import export, service
    from portal.messaging.service import NewMessage

    many = [
        NewMessage("broadcast", "+6281200000000", f"broadcast:{n}", {"text": "x"})
        for n in range(export.CHUNK * 2)
    ]
    service.queue_many(many)
    db.session.commit()
    lines = desk.client.get(f"{LOG}/export.csv").text.strip().splitlines()
    assert len(lines) == 1 + export.CHUNK * 2


def test_a_provider_that_refuses_us_is_a_matter_for_the_settings(
    app: Flask, provider: Provider
) -> None:
    provider.always = raising(Misconfigured("Token dicabut."))
    message_id = queued()
    sending.deliver(message_id)
    assert told(message_id) == (
        "Semua saluran berhenti: Token dicabut.",
        "Perbaiki sebabnya di pengaturan; pesan berangkat begitu saluran jalan.",
        "whatsapp",
    )
    assert channel_config.first_of("recorder") == channels.active().id  # type: ignore[union-attr]
