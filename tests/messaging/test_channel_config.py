"""Limits in words and states of channels, straight at the functions behind the screen."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.messaging import channel_config, channel_limits, channel_order, channels, meters
from portal.messaging.channel_overview import departure, rows
from portal.messaging.drivers.base import Limits
from tests.messaging.fakes import Provider
from tests.messaging.parts import stand_in
from tests.messaging.rows import queued


@pytest.fixture
def extra_env() -> dict[str, str]:
    """No channel comes from the environment."""
    return {"WHATSAPP_DRIVER": "nothing"}


@pytest.mark.parametrize(
    ("limits", "days_ago", "sentences"),
    [
        (Limits(), None, ["Tanpa batas kecepatan"]),
        (Limits(per_second=80), None, ["kira-kira 5 detik"]),
        (Limits(per_minute=20), None, ["kira-kira 17 menit"]),
        (Limits(per_minute=20, spacing_min=3, spacing_max=8), None, ["kira-kira 28 menit"]),
        (Limits(per_minute=1), None, ["kira-kira 5 jam"]),
        (Limits(per_day=1000), None, ["Sehari paling banyak 1000"]),
        (Limits(per_day=100), None, ["Sehari paling banyak 100", "selesai pada 23 Nov 2026"]),
        (Limits(per_day=1), None, ["lebih dari 90 hari"]),
        (Limits(), 0, ["hari ke-1 dari 21", "paling banyak 20 pesan", "selesai pada 27 Nov"]),
        (Limits(), 20, ["hari ke-21 dari 21"]),
        (Limits(recipients_per_day=250), None, ["paling banyak 250 nomor"]),
    ],
)
def test_what_limits_mean(
    app: Flask, limits: Limits, days_ago: int | None, sentences: list[str]
) -> None:
    since = None if days_ago is None else channel_limits.today() - timedelta(days=days_ago)
    words = " ".join(channel_limits.meaning(limits, since))
    for sentence in sentences:
        assert sentence in words


def test_after_its_warm_up_a_number_is_as_any(app: Flask) -> None:
    since = channel_limits.today() - timedelta(days=21)
    assert channel_limits.warm_day(since) == 0
    assert "Pemanasan" not in " ".join(channel_limits.meaning(Limits(), since))


def test_empty_follows_the_driver_and_zero_is_none(app: Flask) -> None:
    values, errors = channel_limits.read("gateway", {"limit-per_day": "0"})
    assert errors == {}
    found = channel_limits.effective("gateway", values)
    assert (found.per_minute, found.per_day, found.spacing_max) == (20, 0, 4)


def test_no_spacing_needs_no_shortest_one(app: Flask) -> None:
    assert channel_limits.read("gateway", {"limit-spacing_max": "0"})[1] == {}
    typed = {"limit-spacing_min": "3", "limit-spacing_max": "0"}
    assert "spacing_min" in channel_limits.read("gateway", typed)[1]
    assert "spacing_min" in channel_limits.read("gateway", {"limit-spacing_min": "5"})[1]


def test_a_channel_that_comes_into_force_begins_without_its_old_pause(provider: Provider) -> None:
    other = stand_in("recorder")
    old = channels.by_key(str(other))
    assert old is not None
    meters.pause(old, "burst", "Tidak menjawab.", 3600)
    channel_order.promote(other)
    assert channels.in_order()[0].paused  # it was in force: its pause goes on
    channel_order.stop(other)
    channel_order.stand_in(other)
    assert not channels.in_order()[1].paused


def test_the_first_of_the_line_cannot_go_further_up(provider: Provider) -> None:
    other = stand_in("recorder")
    before = channel_config.in_force()
    channel_order.move(before[0], -1)
    channel_order.move(other, 1)
    assert channel_config.in_force() == before
    with pytest.raises(Misconfigured):
        channel_order.move(999, 1)


def test_without_an_heir_the_queue_waits(provider: Provider) -> None:
    queued()
    found = departure(channel_config.in_force()[0])
    assert (found.next_label, found.rerouted) == ("", 1)


def test_an_unreadable_channel_is_listed_with_its_trouble(provider: Provider) -> None:
    other = stand_in("recorder")
    db.session.execute(
        db.text("UPDATE channel SET config = :junk WHERE id = :id"),
        {"junk": b"not a token", "id": other},
    )
    db.session.commit()
    in_force, _others = rows()
    assert [row.state.label for row in in_force] == ["Berjalan", "Bermasalah"]
    assert "ENCRYPTION_KEY" in in_force[1].state.sentence
