"""Several channels: their order, pauses, names and states, with and without HTMX."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import channel_config, channel_limits, channels, meters, sending
from portal.messaging.channels import ActiveChannel
from portal.messaging.models import Message
from portal.messaging.models_channels import Channel
from tests import factories
from tests.messaging.fakes import Provider, registered
from tests.messaging.rows import queued
from tests.messaging.test_channel_screens import SETTINGS, person
from tests.visitor import Visitor, target

LIST = f"{SETTINGS}/channels"
both = pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])


@pytest.fixture
def spare(provider: Provider) -> Iterator[Provider]:
    """A second, complete channel named Cadangan kota; not in force."""
    with registered(Provider(), "spare", idempotent=False) as made:
        channel_config.add("spare", "Nomor kota")
        db.session.commit()
        yield made


def key(name: str) -> str:
    found = db.session.scalar(select(Channel.id).where(Channel.driver == name))
    db.session.rollback()
    return str(found)


def order(visitor: Visitor, name: str, to: str) -> None:
    answer = visitor.post(f"{LIST}/{key(name)}/order", to=to)
    assert answer.status_code in (204, 303)


def main() -> ActiveChannel:
    """The channel in force, with no transaction left open."""
    found = channels.active()
    assert found is not None
    db.session.rollback()
    return found


def line() -> list[str]:
    found = [channel.kind for channel in channels.in_order()]
    db.session.rollback()
    return found


def actions() -> list[str]:
    return [row.action for row in factories.every(AuditEntry)]


@both
def test_the_order_is_changed_by_clicks(app: Flask, spare: Provider, hx: bool) -> None:
    visitor = person(app, hx=hx)
    order(visitor, "spare", "stand_in")
    assert line() == ["recorder", "spare"]
    order(visitor, "spare", "main")
    assert line() == ["spare", "recorder"]
    order(visitor, "spare", "down")
    assert line() == ["recorder", "spare"]
    order(visitor, "spare", "up")
    assert line() == ["spare", "recorder"]
    order(visitor, "spare", "up")
    order(visitor, "spare", "stand_in")
    assert line() == ["recorder", "spare"]
    assert actions().count("whatsapp.order") == 5

    page = visitor.page(SETTINGS).text
    assert page.index("Utama") < page.index("Cadangan 1")
    assert visitor.post(f"{LIST}/{key('spare')}/order", to="sideways").status_code == 400


def test_order_does_not_make_another_channel_of_it(app: Flask, spare: Provider) -> None:
    before = channels.by_key(key("recorder"))
    visitor = person(app)
    order(visitor, "spare", "main")
    after = channels.by_key(key("recorder"))
    assert before is not None and after is not None
    assert before.identity == after.identity


def test_choosing_replaces_the_main_channel_only(app: Flask, spare: Provider) -> None:
    with registered(Provider(), "third", idempotent=False):
        visitor = person(app)
        order(visitor, "spare", "stand_in")
        visitor.post(f"{SETTINGS}/use", driver="third")
        assert line() == ["third", "spare"]


def test_an_incomplete_channel_does_not_come_into_force(app: Flask, provider: Provider) -> None:
    visitor = person(app)
    visitor.post(LIST, driver="gateway", name="Nomor QR")
    for to in ("main", "stand_in"):
        answer = visitor.post(f"{LIST}/{key('gateway')}/order", to=to)
        assert "wajib diisi" in visitor.page(target(answer)).text
    assert line() == ["recorder"]


def test_nothing_stands_in_for_the_environment(app: Flask) -> None:
    visitor = person(app)
    visitor.post(LIST, driver="console", name="Layar")
    answer = visitor.post(f"{LIST}/{key('console')}/order", to="stand_in")
    assert "Belum ada saluran utama" in visitor.page(target(answer)).text
    assert "Jadikan saluran tetap" in visitor.page(SETTINGS).text
    visitor.post(f"{SETTINGS}/use", driver="console")
    assert [channel.source for channel in channels.in_order()] == ["db"]


@both
def test_adding_needs_a_name_of_its_own(app: Flask, spare: Provider, hx: bool) -> None:
    visitor = person(app, hx=hx)
    for name, sentence in (
        ("", "wajib diisi"),
        ("nomor KOTA", "sudah dipakai"),
        ("recorder", "sudah dipakai"),
        ("x" * 61, "paling panjang"),
    ):
        answer = visitor.post(LIST, driver="gateway", name=name)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert f'value="{name}"' in answer.text
        assert ("<html" in answer.text) is not hx
    assert visitor.post(LIST, driver="nothing", name="Baru").status_code == 422
    answer = visitor.post(LIST, driver="gateway", name="Nomor QR")
    assert target(answer).endswith(f"?channel={key('gateway')}")
    assert "Ubah Nomor QR" in visitor.page(target(answer)).text


def test_two_channels_of_one_driver_keep_their_own_values(app: Flask) -> None:
    visitor = person(app)
    ids = []
    for name, url in (("Satu", "https://satu.test/ext/a/wa"), ("Dua", "https://dua.test/ext/b/wa")):
        ids.append(target(visitor.post(LIST, driver="gateway", name=name)).rpartition("=")[2])
        posted = {"cfg-mode": "post", "cfg-url": url, "cfg-secret": f"rahasia-{name}"}
        visitor.post(SETTINGS, driver="gateway", channel=ids[-1], **posted)
    first, second = (visitor.page(f"{SETTINGS}?channel={i}").text for i in ids)
    assert "satu.test" in first and "dua.test" not in first
    assert "dua.test" in second and "satu.test" not in second
    assert "rahasia-Satu" not in first

    visitor.post(SETTINGS, driver="gateway", channel=ids[1], use="1", **{"cfg-mode": "post"})
    found = channels.active()
    assert found is not None
    assert (found.label, found.config["url"]) == ("Dua", "https://dua.test/ext/b/wa")
    assert visitor.get(f"{SETTINGS}?channel=999").status_code == 404
    assert visitor.get(f"{SETTINGS}?channel=x").status_code == 404


@both
def test_a_new_name_is_the_same_channel(app: Flask, spare: Provider, hx: bool) -> None:
    visitor = person(app, hx=hx)
    before = channels.by_key(key("spare"))
    wrong = visitor.post(f"{LIST}/{key('spare')}/name", name="recorder")
    assert wrong.status_code == 422
    assert 'value="recorder"' in wrong.text
    visitor.post(f"{LIST}/{key('spare')}/name", name="Nomor desa")
    after = channels.by_key(key("spare"))
    assert before is not None and after is not None
    assert (after.label, after.identity) == ("Nomor desa", before.identity)
    assert "whatsapp.rename" in actions()


@both
def test_a_pause_by_hand_lasts_until_somebody_ends_it(
    app: Flask, spare: Provider, provider: Provider, clock: FixedClock, hx: bool
) -> None:
    visitor = person(app, hx=hx)
    order(visitor, "spare", "stand_in")
    visitor.post(f"{LIST}/{key('recorder')}/pause", reason="")
    assert channels.in_order()[0].usable

    visitor.post(f"{LIST}/{key('recorder')}/pause", reason="Ganti kartu SIM")
    page = visitor.page(SETTINGS).text
    assert "Dijeda petugas" in page and "Ganti kartu SIM" in page
    clock.move(days=30)
    sending.deliver(queued(key="1"))
    assert (len(provider.arrived), len(spare.arrived)) == (0, 1)

    visitor = person(app, hx=hx)
    visitor.post(f"{LIST}/{key('recorder')}/resume")
    sending.deliver(queued(key="2"))
    assert (len(provider.arrived), len(spare.arrived)) == (1, 1)
    reasons = {row.action: row.reason for row in factories.every(AuditEntry)}
    assert reasons["whatsapp.pause"] == "Ganti kartu SIM"
    assert "whatsapp.resume" in reasons


@both
def test_stopping_says_what_becomes_of_the_queue(app: Flask, spare: Provider, hx: bool) -> None:
    visitor = person(app, hx=hx)
    queued(key="1")
    queued(key="2")
    url = f"{LIST}/{key('recorder')}/stop"
    assert "2 pesan antre berpindah jalan ke Console" in visitor.get(url).text
    order(visitor, "spare", "stand_in")
    assert "2 pesan antre berpindah jalan ke Nomor kota" in visitor.get(url).text
    assert "0 pesan antre" in visitor.get(f"{LIST}/{key('spare')}/stop").text

    uncertain = factories.fresh(Message, queued(key="3"))
    bound = f"{key('recorder')}:recorder:1"
    db.session.execute(db.update(Message).where(Message.id == uncertain.id).values(bound_to=bound))
    db.session.commit()
    assert "1 pesan yang hasilnya belum pasti" in visitor.get(url).text
    assert line() == ["recorder", "spare"]
    visitor.post(url)
    assert line() == ["spare"]
    assert "tidak sedang dipakai" in visitor.page(target(visitor.post(url))).text


@both
def test_only_what_never_carried_a_message_is_deleted(
    app: Flask, spare: Provider, hx: bool
) -> None:
    visitor = person(app, hx=hx)
    sending.deliver(queued())
    url = f"{LIST}/{key('recorder')}/remove"
    assert "sedang dipakai tidak dapat dihapus" in visitor.page(target(visitor.post(url))).text
    visitor.post(f"{SETTINGS}/use", driver="spare")
    assert "pernah membawa pesan" in visitor.page(target(visitor.post(url))).text
    visitor.post(f"{SETTINGS}/use", driver="recorder")
    visitor.post(f"{LIST}/{key('spare')}/remove")
    assert key("spare") == "None"
    assert "whatsapp.remove" in actions()


@both
def test_one_channel_is_checked(app: Flask, spare: Provider, hx: bool) -> None:
    visitor = person(app, hx=hx)
    answer = visitor.get(f"{LIST}/{key('spare')}/check")
    assert "siap" in answer.text
    assert ("<html" in answer.text) is not hx
    visitor.post(LIST, driver="gateway", name="Kosong")
    assert "wajib diisi" in visitor.get(f"{LIST}/{key('gateway')}/check").text
    assert visitor.get(f"{LIST}/999/check").status_code == 404
    assert visitor.get(f"{LIST}/env/check").status_code == 200


# States in words


def test_what_a_channel_is_doing_is_said(app: Flask, spare: Provider, clock: FixedClock) -> None:
    visitor = person(app)
    assert "Berjalan" in visitor.page(SETTINGS).text
    main = channels.active()
    assert main is not None
    meters.pause(main, "burst", "Tidak menjawab.", 90)
    db.session.commit()
    page = visitor.page(SETTINGS).text
    assert "Dijeda sampai" in page and "Tidak menjawab." in page

    clock.move(seconds=91)
    assert "Percobaan setelah jeda" in visitor.page(SETTINGS).text
    meters.resume(main.key)
    channel_limits.save(int(main.key), channel_limits.of_preset("fresh") | {"per_day": 1})
    db.session.commit()
    assert "Pemanasan hari ke-1" in visitor.page(SETTINGS).text
    sending.deliver(queued())
    page = visitor.page(SETTINGS).text
    assert "Batas harian tercapai" in page
    assert "Hari ini 1 dari 1 pesan" in page
    assert "berhasil 21 Nov 2026" in page
