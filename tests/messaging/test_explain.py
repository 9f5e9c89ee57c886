"""Why a message is where it is, and what to do: every answer and every wait has its words."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent, Retryable
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.messaging import advice, channels, meters, receipts, sending, service
from portal.messaging.drivers import _gateway_answers, _meta_errors
from portal.messaging.drivers.base import DeliveryEvent
from portal.messaging.explain import Explanation, explain
from portal.messaging.models import Message
from portal.messaging.models_channels import Channel
from portal.settings import service as settings
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.parts import raising
from tests.messaging.rows import CONFIRMATION, queued
from tests.visitor import Visitor

LOG = "/admin/messages"


@pytest.fixture
def extra_env(request: pytest.FixtureRequest) -> dict[str, str]:
    return getattr(request, "param", {})


def told(message_id: int) -> Explanation:
    found = explain(db.session.get_one(Message, message_id, populate_existing=True))
    db.session.rollback()
    return found


def ended(state: str, reason: str, kind: str = "payment_confirmation", **about: object) -> int:
    message_id = queued(kind, **about)  # type: ignore[arg-type]
    row = db.session.get_one(Message, message_id)
    row.state, row.reason = state, reason
    db.session.commit()
    return message_id


def test_every_code_of_meta_has_its_advice() -> None:
    assert set(advice.META) == set(_meta_errors.CODES)


def test_every_answer_of_a_gateway_has_its_advice() -> None:
    starts = [start for start, _advice in advice.SENTENCES]
    for _pattern, _error, sentence in _gateway_answers.CODES:
        assert any(sentence.startswith(start) for start in starts), sentence


def test_every_page_that_is_named_exists(app: Flask) -> None:
    entries = [*advice.META.values(), *(entry for _start, entry in advice.SENTENCES)]
    entries += [*advice.STATES.values(), *advice.OUTCOMES.values()]
    pages = {advice.CUSTOMER, advice.CHOICE, advice.SETTINGS, advice.TEXTS, advice.HOURS}
    pages |= {advice.BY_HAND, advice.TEMPLATES}
    assert {entry.fix for entry in entries} <= pages | {""}


def test_a_status_that_failed_later_is_explained_by_its_code(provider: Provider) -> None:
    message_id = queued()
    sending.deliver(message_id)
    key = "payment_confirmation:1"
    event = DeliveryEvent(f"id-{key}", key, "failed", wall(), "Nomor … (kode 131049)")
    receipts.apply([event])
    db.session.commit()
    assert "Tunggu sehari" in told(message_id).todo


@pytest.mark.parametrize(
    ("state", "reason", "words", "fix"),
    [
        ("failed", "Nomor ini tidak terdaftar di WhatsApp.", "Perbaiki nomor", "customer"),
        ("failed", "Perangkat WhatsApp di gateway terputus. …", "Pindai ulang QR", "whatsapp"),
        ("failed", "Pesan tidak dapat disusun; lihat catatan server.", "Periksa teks", "texts"),
        ("cancelled", "Pelanggan tidak mau menerima pesan jenis ini.", "pilihan", "choice"),
        ("cancelled", "Sudah lunas.", "Tidak perlu apa-apa", ""),
        ("cancelled", "salah tarif", "Dibatalkan dengan sengaja", ""),
        ("expired", "Sudah basi saat jam kirim berikutnya (1) tiba.", "ubah jam kirim", "hours"),
        ("unknown", "Hasilnya belum pasti.", "kirim ulang hanya bila belum sampai", ""),
    ],
)
def test_endings(app: Flask, state: str, reason: str, words: str, fix: str) -> None:
    message_id = ended(state, reason, customer_id=factories.customer().id)
    assert words in told(message_id).todo
    assert told(message_id).fix == fix


def test_staff_have_no_customer_page(app: Flask) -> None:
    message_id = ended("failed", "Nomor tujuan tidak sah.", "staff_notice", params={"text": "x"})
    assert told(message_id).fix == "staff"


def test_a_provider_that_was_down_is_not_the_numbers_fault(provider: Provider) -> None:
    provider.always = raising(Retryable("Server penyedia bermasalah."))
    settings.change("messages.max_attempts", 1)
    db.session.commit()
    message_id = queued()
    sending.deliver(message_id)
    assert "sampai penyedia pulih" in told(message_id).todo


# Waiting


def test_waiting_for_the_hours_from_the_start(provider: Provider, clock: FixedClock) -> None:
    clock.move(hours=12)  # 22:00
    message_id = queued("invoice_notification", params={**CONFIRMATION, "period": "2026-11"})
    found = told(message_id)
    assert found.why == "Menunggu jam kirim: 22-11-2026 08.00."
    assert found.fix == "hours"


@pytest.mark.parametrize("extra_env", [{"WHATSAPP_ENABLED": "false"}], indirect=True)
def test_sending_switched_off(app: Flask) -> None:
    assert "WHATSAPP_ENABLED" in told(queued()).why


@pytest.mark.parametrize("extra_env", [{"WHATSAPP_DRIVER": "none"}], indirect=True)
def test_no_channel(app: Flask) -> None:
    found = told(queued())
    assert (found.why, found.fix) == ("Belum ada saluran WhatsApp.", "whatsapp")


def test_a_pause_says_until_when(provider: Provider, clock: FixedClock) -> None:
    meters.pause(channels.active(), "rate", "Batas kirim Meta tercapai.", 1800)  # type: ignore[arg-type]
    db.session.commit()
    found = told(queued())
    assert found.why == "Semua saluran berhenti: Batas kirim Meta tercapai."
    assert "dicoba lagi otomatis" in found.todo


def test_a_pause_by_hand_waits_for_the_hand(provider: Provider) -> None:
    meters.pause_by_hand(channels.active().key, "nomor diganti")  # type: ignore[union-attr]
    db.session.commit()
    found = told(queued())
    assert "nomor diganti" in found.why
    assert "Lanjutkan salurannya" in found.todo


def test_the_cap_of_the_day(provider: Provider) -> None:
    for row in db.session.query(Channel):
        row.per_day = 1
    db.session.commit()
    queued(key="1")
    sending.drain("messages")
    waiting = queued(key="2")
    sending.drain("messages")
    found = told(waiting)
    assert "Batas harian saluran sudah tercapai" in found.why
    assert found.fix == "whatsapp"


def test_a_paused_broadcast(app: Flask) -> None:
    message_id = queued(batch="broadcast:1")
    service.hold("broadcast:1")
    db.session.commit()
    assert (told(message_id).why, told(message_id).fix) == ("Siarannya dijeda.", "broadcast")


def test_the_next_try_tells_what_happened(provider: Provider, clock: FixedClock) -> None:
    provider.answers = [raising(Retryable("Server penyedia bermasalah."))]
    message_id = queued()
    sending.deliver(message_id)
    assert told(message_id).why == "Server penyedia bermasalah."
    row = db.session.get_one(Message, message_id)
    assert row.next_at > wall() - timedelta(seconds=1)
    db.session.rollback()


# On the page


def test_the_page_links_to_what_helps(desk: Visitor, provider: Provider) -> None:
    owner = factories.customer()
    provider.answers = [raising(Permanent("Nomor salah.", code="131026"))]
    message_id = queued(customer_id=owner.id, to=owner.phone)
    sending.deliver(message_id)
    page = desk.get(f"{LOG}/{message_id}").text
    assert f'href="/admin/customers/{owner.id}/edit"' in page
    assert "Perbaiki nomor WhatsApp pelanggan" in page
    assert "kode 131026" in page


def test_who_cancelled_is_part_of_the_story(desk: Visitor) -> None:
    one, many = queued(key="1"), queued(key="2")
    desk.page(f"{LOG}/{one}")
    desk.post(f"{LOG}/{one}/cancel", reason="salah orang")
    desk.post(f"{LOG}/cancel-many?status=waiting", reason="salah tarif")
    for message_id, why in ((one, "salah orang"), (many, "salah tarif")):
        page = desk.get(f"{LOG}/{message_id}").text
        assert "oleh " in page and why in page
    assert "otomatis" in desk.get(f"{LOG}/{ended('cancelled', 'Sudah lunas.', key='3')}").text
