"""What each channel is said to show of a block, held against what its driver would send."""

from typing import Any

import pytest
from flask import Flask

from portal.core import wablock
from portal.core.driverkit import Capability
from portal.infra.http import Http
from portal.messaging import channel_view
from portal.messaging.channel_view import ChannelView
from portal.messaging.drivers.base import Media
from portal.messaging.registry import REGISTRY
from portal.messaging.texts import Composed

CONFIG: dict[str, dict[str, str]] = {
    "gateway": {"url": "https://x.test/ext/s/wa"},
    "meta": {"access_token": "x", "phone_number_id": "1"},
}
BUTTONS = "[type](buttons)\nPilih\n[button](1|Ya)\n[button](2|Tidak)"
LIST = "[type](list)\nPilih\n[section](A)\n[row](1|satu)"
PICTURE = "[headerType](2)\n[headerMedia](https://x.test/a.png)\n"


def shown(kind: str, content: str, about: str = "broadcast", **config: str) -> ChannelView:
    block = wablock.parse(f"[[wa]]\n{content}\n[[/wa]]")
    assert block is not None
    driver = REGISTRY.get(kind)({**CONFIG.get(kind, {}), **config}, Http())
    inner = block.interactive
    file = Media("image", inner.header_media) if inner and inner.header_media else None
    composed = Composed(wablock.spelled_out(block), block)
    found = channel_view.view("Saluran", driver, about, composed, file)
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def indonesian(app: Flask) -> Any:
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("kind", "content", "level", "notes"),
    [
        ("gateway", BUTTONS, "ok", ["Tombol tampil."]),
        ("gateway", LIST, "ok", ["Daftar tampil."]),
        ("gateway", PICTURE + BUTTONS, "ok", ["Tombol tampil.", "Berkas tampil di atas pesan."]),
        ("fonnte", BUTTONS, "warn", ["Tombol menjadi teks."]),
        ("fonnte", LIST, "warn", ["Daftar menjadi teks."]),
        (
            "fonnte",
            PICTURE + BUTTONS,
            "warn",
            ["Tombol menjadi teks.", "Berkas dikirim sebagai lampiran."],
        ),
        ("fonnte", PICTURE + "Halo", "ok", ["Berkas dikirim sebagai lampiran."]),
        ("console", PICTURE + "Halo", "ok", ["Berkas menjadi tautan."]),
        ("console", BUTTONS, "warn", ["Tombol menjadi teks."]),
        ("meta", BUTTONS, "ok", ["Tombol tampil."]),
        ("meta", PICTURE + BUTTONS, "ok", ["Tombol tampil.", "Berkas tampil di atas pesan."]),
        ("meta", LIST, "ok", ["Daftar tampil."]),
        ("meta", "Halo\n[button](url|Buka|https://x.test)", "ok", ["Tombol tampil."]),
    ],
)
def test_the_note(kind: str, content: str, level: str, notes: list[str]) -> None:
    found = shown(kind, content)
    assert (found.level, list(found.notes)) == (level, notes)


@pytest.mark.parametrize(
    "content",
    [
        BUTTONS + "\n[button](3|c)\n[button](4|d)",
        "Halo\n[button](1|Dua puluh satu huruf!!)",
        "Halo\n[button](call|Telepon|08123456789)",
        "Halo\n[button](url|a|https://x.test)\n[button](url|b|https://x.test)",
        LIST + "".join(f"\n[row]({n}|baris {n})" for n in range(2, 13)),
    ],
)
def test_what_meta_cannot_show_says_what_it_can(content: str) -> None:
    found = shown("meta", content)
    assert found.level == "warn" and "menjadi teks. Meta menampilkan" in found.notes[0]
    assert found.words


def test_the_gateway_s_get_carries_words_only() -> None:
    found = shown("gateway", BUTTONS, mode="get", get_url="https://x.test/?n=[number]&t=[text]")
    assert (found.level, found.words) == ("warn", "Pilih\n\n• Ya\n• Tidak")


@pytest.mark.parametrize("kind", ["meta"])
def test_an_approved_template_takes_nothing_of_it(kind: str) -> None:
    found = shown(kind, PICTURE + BUTTONS, about="payment_reminder")
    assert found.level == "warn" and "Hanya template yang disetujui" in found.notes[0]
    assert len(found.notes) == 1 and not found.words


def test_too_long_a_text_is_said_to_fail() -> None:
    found = shown("wablas", "x" * 1100 + "\n[button](1|Ya)")
    assert found.level == "bad" and "paling banyak 1024" in found.notes[-1]


def test_the_words_are_those_that_would_be_sent() -> None:
    found = shown("console", PICTURE + BUTTONS + "\n[footer](Kaki)")
    assert found.words == "Pilih\n\nhttps://x.test/a.png\n\n• Ya\n• Tidak\n\nKaki"
    assert shown("gateway", BUTTONS).words == ""


def test_without_a_block_there_is_nothing_to_say() -> None:
    driver = REGISTRY.get("console")({}, Http())
    assert channel_view.view("x", driver, "broadcast", Composed("Halo")) is None
    plain = Composed("Halo", wablock.parse("[[wa]]\nHalo\n[[/wa]]"))
    assert channel_view.view("x", driver, "broadcast", plain) is None, "a block of words alone"


@pytest.mark.parametrize("kind", sorted(REGISTRY.all))
def test_every_driver_has_an_answer(kind: str) -> None:
    """Also a new one, whatever it can do, and without any configuration."""
    for content in (BUTTONS, LIST, PICTURE + "Halo"):
        found = shown(kind, content)
        assert found.notes and found.level in {"ok", "warn", "bad"}
    if Capability.INTERACTIVE not in REGISTRY.get(kind).capabilities:
        assert shown(kind, BUTTONS).level != "ok"
