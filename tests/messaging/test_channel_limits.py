"""Limits of a channel and a test through one channel, with and without HTMX."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent, Retryable
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import wall
from portal.messaging import channel_limits, channels, sending
from portal.messaging.models import Message
from tests import factories
from tests.messaging.fakes import Provider
from tests.messaging.parts import raising
from tests.messaging.test_channel_list import LIST, actions, both, key, main, spare
from tests.messaging.test_channel_screens import SETTINGS, person

__all__ = ["spare"]


@both
def test_limits_are_saved_and_mean_something(app: Flask, provider: Provider, hx: bool) -> None:
    visitor = person(app, hx=hx)
    before = main()
    url = f"{LIST}/{before.key}/limits"
    typed = {"limit-per_minute": "15", "limit-per_day": "0", "limit-spacing_max": "4"}
    answer = visitor.post(url, **typed)
    assert answer.status_code == (204 if hx else 303)
    after = main()
    assert after.identity == before.identity
    found = (after.limits.per_minute, after.limits.per_day, after.limits.spacing_max)
    assert found == (15, 0, 4)
    page = visitor.page(f"{SETTINGS}?channel={before.key}").text
    assert "300 pesan butuh kira-kira 22 menit" in page
    assert 'value="15"' in page
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "whatsapp.limits"]
    assert entry.after == {"per_minute": "15", "per_day": "0", "spacing_max": "4"}
    visitor.post(url, **typed)
    assert actions().count("whatsapp.limits") == 1


@both
@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("per_minute", "dua puluh", "bilangan bulat"),
        ("per_minute", "-1", "bilangan bulat"),
        ("per_minute", "1.5", "bilangan bulat"),
        ("per_minute", "٢٠", "bilangan bulat"),
        ("per_second", "501", "Paling banyak 500"),
        ("per_day", "99999999999", "Paling banyak 1000000"),
        ("spacing_min", "9", "lebih besar"),
        ("warm_from", "besok", "Tanggal tidak sah"),
        ("warm_from", "2027-01-01", "paling lambat hari ini"),
        ("warm_from", "1990-01-01", "terlalu lama"),
    ],
)
def test_bad_limits_are_told_and_kept_on_the_page(
    app: Flask, provider: Provider, name: str, typed: str, sentence: str, hx: bool
) -> None:
    visitor = person(app, hx=hx)
    values = {"limit-spacing_max": "8", f"limit-{name}": typed}
    answer = visitor.post(f"{LIST}/{key('recorder')}/limits", **values)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{typed}"' in answer.text
    assert ("<html" in answer.text) is not hx
    assert channel_limits.stored(int(key("recorder")))["spacing_max"] is None


@both
def test_a_preset_is_one_click(app: Flask, provider: Provider, hx: bool) -> None:
    visitor = person(app, hx=hx)
    url = f"{LIST}/{key('recorder')}/limits"
    visitor.post(url, preset="fresh")
    found = main()
    assert (found.limits.per_minute, found.limits.spacing_min, found.limits.per_day) == (
        20,
        3,
        1000,
    )
    assert found.warm_from == channel_limits.today()
    page = visitor.page(f"{SETTINGS}?driver=recorder").text
    assert "Pemanasan hari ke-1 dari 21: hari ini paling banyak 20 pesan." in page
    visitor.post(url, preset="paired")
    visitor.post(url, preset="official")
    found = main()
    assert (found.limits.per_second, found.limits.spacing_max, found.warm_from) == (80, 0, None)


@both
def test_the_meaning_follows_what_is_typed(app: Flask, provider: Provider, hx: bool) -> None:
    visitor = person(app, hx=hx)
    url = f"{LIST}/{key('recorder')}/limits/preview"
    warm = (wall() - timedelta(days=5)).date().isoformat()
    part = visitor.post(url, **{"limit-per_minute": "20", "limit-warm_from": warm}).text
    assert "hari ke-6 dari 21" in part
    assert ("<html" in part) is not hx
    assert "Tanpa batas kecepatan" in visitor.post(url).text
    assert channel_limits.stored(int(key("recorder")))["per_minute"] is None


def test_placeholders_are_the_drivers_own(app: Flask) -> None:
    visitor = person(app)
    visitor.post(LIST, driver="gateway", name="QR")
    page = visitor.page(f"{SETTINGS}?channel={key('gateway')}").text
    assert 'placeholder="bawaan: 20"' in page
    assert 'placeholder="bawaan: 1000"' in page
    assert 'placeholder="bawaan: tanpa batas"' in page


# A test through one channel


@both
def test_a_test_goes_through_the_channel_that_was_asked_for(
    app: Flask, spare: Provider, provider: Provider, hx: bool
) -> None:
    visitor = person(app, hx=hx)
    answer = visitor.post(f"{SETTINGS}/test", number="081234567890", via=key("spare"))
    assert "Diterima oleh penyedia" in answer.text
    assert (len(provider.arrived), len(spare.arrived)) == (0, 1)
    (row,) = factories.every(Message)
    assert (str(row.channel_id), row.state, row.lane) == (key("spare"), "accepted", "messages")
    assert row.dedupe_key.startswith("payment_confirmation:test:")
    assert visitor.post(f"{SETTINGS}/test", number="0812345678", via="77").status_code == 404


def test_a_resting_channel_is_tried_and_goes_on_resting(
    app: Flask, spare: Provider, provider: Provider
) -> None:
    visitor = person(app)
    visitor.post(f"{LIST}/{key('recorder')}/pause", reason="Ganti SIM")
    answer = visitor.post(f"{SETTINGS}/test", number="081234567890", via=key("recorder"))
    assert "masih dijeda" in answer.text
    assert len(provider.arrived) == 1
    assert channels.in_order()[0].paused


@pytest.mark.parametrize("error", [Retryable("Sibuk."), Permanent("Ditolak.")])
def test_a_test_that_fails_never_leaves_through_another_channel(
    app: Flask, spare: Provider, provider: Provider, clock: FixedClock, error: Exception
) -> None:
    spare.always = raising(error)
    answer = person(app).post(f"{SETTINGS}/test", number="081234567890", via=key("spare"))
    assert str(error) in answer.text
    clock.move(hours=1)
    sending.sweep()
    sending.drain("messages")
    assert provider.arrived == []
    (row,) = factories.every(Message)
    assert row.state in ("cancelled", "failed")
