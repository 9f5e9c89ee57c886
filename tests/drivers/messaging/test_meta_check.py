"""The probe of Meta's number in words, and the dates of Graph versions."""

import json
from datetime import date
from typing import Any

import pytest
import responses

from portal.core.driverkit import Misconfigured, Retryable
from portal.messaging.drivers import _meta_versions
from portal.messaging.drivers._meta_check import limit_words
from tests.drivers.messaging.meta import DATA, NUMBER, error, meta

GOOD: dict[str, Any] = json.loads((DATA / "number.json").read_bytes())


def probe(data: Any, **config: str) -> Any:
    responses.add("GET", NUMBER, json=data)
    return meta(**config).check()


@responses.activate
def test_a_sound_number() -> None:
    health = probe(GOOD)
    assert health.ok
    assert health.sentence == "Tersambung ke Mitra Net."
    assert health.details == {
        "Nomor": "+62 812-8000-1111",
        "Nama tampilan": "Mitra Net",
        "Status nama": "disetujui",
        "Status nomor": "tersambung",
        "Mutu": "baik",
        "Batas penerima": "2.000 pelanggan per 24 jam",
        "Kecepatan": "80 pesan per detik",
        "Verifikasi nomor": "terverifikasi",
        "Platform": "Cloud API",
        "Boleh mengirim": "ya",
    }
    asked = responses.calls[0].request.url
    for name in ("health_status", "throughput", "whatsapp_business_manager_messaging_limit"):
        assert name in asked  # type: ignore[operator]


@responses.activate
def test_a_blocked_account_says_why_and_what_to_do() -> None:
    health = probe(json.loads((DATA / "number_blocked.json").read_bytes()))
    assert not health.ok
    assert "memblokir" in health.sentence
    assert health.details["Boleh mengirim"] == "tidak"
    problems = " ".join(health.details.values())
    assert "Add a payment method." in problems
    assert "(kode 141006)" in problems
    assert "display name has not been approved" in problems


@responses.activate
def test_a_limited_one_still_sends() -> None:
    health = probe({**GOOD, "health_status": {"can_send_message": "LIMITED"}})
    assert health.ok
    assert "membatasi" in health.sentence


@responses.activate
def test_a_banned_number_is_not_sound() -> None:
    health = probe({**GOOD, "status": "BANNED"})
    assert not health.ok
    assert "diblokir" in health.sentence


@responses.activate
def test_a_version_without_the_newer_fields_is_asked_less() -> None:
    refused = error(100, 400)
    responses.add("GET", NUMBER, body=refused.body, status=400)
    health = probe({"verified_name": "Mitra Net", "status": "CONNECTED"})
    assert health.ok
    assert "health_status" not in responses.calls[1].request.url  # type: ignore[operator]


@responses.activate
def test_a_bad_token_and_nonsense() -> None:
    bad = error(190, 401)
    responses.add("GET", NUMBER, body=bad.body, status=401)
    with pytest.raises(Misconfigured):
        meta().check()
    responses.reset()
    responses.add("GET", NUMBER, body="<html>")
    with pytest.raises(Retryable):
        meta().check()


@pytest.mark.parametrize(
    "odd",
    [
        {"health_status": []},
        {"health_status": {"entities": [None, {"errors": [1, {}], "additional_info": [{}]}]}},
        {"throughput": [], "status": None, "quality_rating": {}, "verified_name": 7},
    ],
)
@responses.activate
def test_odd_answers_do_no_harm(odd: dict[str, Any]) -> None:
    assert probe({**GOOD, **odd}).sentence


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("TIER_250", "250 pelanggan per 24 jam; naik setelah verifikasi bisnis"),
        ("TIER_1K", "1.000 pelanggan per 24 jam"),
        ("TIER_UNLIMITED", "tanpa batas"),
        (-1, "tanpa batas"),
        (2000, "2.000 pelanggan per 24 jam"),
        ("TIER_500K", "500k"),
    ],
)
def test_limits_in_words(value: object, words: str) -> None:
    assert limit_words(value) == words


@pytest.mark.parametrize(
    ("version", "day", "words"),
    [
        ("v25.0", date(2026, 11, 21), ""),
        ("v26.0", date(2030, 1, 1), ""),
        ("v31.0", date(2030, 1, 1), ""),
        ("v22.0", date(2026, 11, 21), "Versi Graph v22.0 berakhir 20 Mei 2027."),
        ("v23.0", date(2026, 11, 21), ""),
        ("v21.0", date(2027, 1, 21), "Versi Graph v21.0 berakhir 21 Jan 2027."),
        ("v21.0", date(2027, 1, 22), "Versi Graph v21.0 sudah berakhir 21 Jan 2027."),
        ("v19.0", date(2026, 11, 21), "Versi Graph v19.0 sudah berakhir."),
        ("newest", date(2026, 11, 21), ""),
    ],
)
def test_when_to_change_the_version(version: str, day: date, words: str) -> None:
    said = _meta_versions.warning(version, day)
    assert said == (f"{words} Ganti ke v25.0." if words else "")
    assert _meta_versions.expired(version, day) == ("sudah" in words)


@responses.activate
def test_the_check_warns_of_an_old_version() -> None:
    url = NUMBER.replace("v25.0", "v20.0")
    responses.add("GET", url, json=GOOD)
    driver = meta(graph_version="v20.0")
    health = driver.check()
    assert not health.ok
    assert "v20.0 sudah berakhir" in health.sentence
    assert driver.version_warning() == health.details["Versi Graph"]
    assert meta().version_warning() == ""
