"""Is this text fit for its kind and for the channels? Pure; sentences for the owner.

`problems` refuse a text. `doubts` are probably slips (a mark without its twin, braces of other
programs); the owner may keep the text as it is. How long a message may become is measured by
the caller on the rendered text, filled with `LONG`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.core import wablock
from portal.messaging import bubble
from portal.messaging.kinds import FREE_KINDS, KINDS

LONGEST = 4000
COMMON = ("company", "portal")
_PLACE = re.compile(r"\[\[([^\[\]]*)\]\]")
_FOREIGN = re.compile(r"\{\{[^{}\n]{0,40}\}\}|\{[a-z_]{1,30}\}|%[a-z_]{2,30}%|\[[a-z_]{2,30}\]")
_BLOCK = re.compile(r"\[\[\s*/?\s*wa\s*\]\]", re.IGNORECASE)
_EMPTY = re.compile(r"\[\[wa\]\]\s*\[\[/wa\]\]", re.IGNORECASE)
_OPEN = re.compile(r"\[\[wa\]\]", re.IGNORECASE)
_CLOSE = re.compile(r"\[\[/wa\]\]", re.IGNORECASE)
# What each place holds, as the owner would call it.
MEANING: dict[str, Any] = {
    "amount": _l("jumlah rupiah"),
    "code": _l("kode masuk"),
    "company": _l("nama usaha"),
    "cs_phone": _l("telepon layanan pelanggan"),
    "customer_number": _l("nomor pelanggan"),
    "days_left": _l("berapa hari lagi"),
    "due_on": _l("tanggal jatuh tempo"),
    "invoice_number": _l("nomor tagihan"),
    "name": _l("nama pelanggan"),
    "pay_link": _l("tautan bayar tanpa masuk"),
    "paid_at": _l("waktu pembayaran"),
    "payment_number": _l("nomor pembayaran"),
    "period": _l("periode tagihan"),
    "plan": _l("nama paket"),
    "portal": _l("alamat portal pelanggan"),
    "status": _l("lunas atau sisa tagihan"),
    "text": _l("isi pesan"),
}
# Words people try first.
_MEANT = {
    "jatuh_tempo": "due_on",
    "jumlah": "amount",
    "kode": "code",
    "link": "pay_link",
    "nama": "name",
    "nominal": "amount",
    "otp": "code",
    "paket": "plan",
    "periode": "period",
    "perusahaan": "company",
    "pesan": "text",
    "tautan": "pay_link",
    "total": "amount",
}
# Without these the message would not say what it is for.
NEEDED: dict[str, tuple[str, ...]] = {
    "otp_code": ("code",),
    "invoice_notification": ("invoice_number", "amount", "due_on"),
    "payment_reminder": ("amount",),
    "overdue_notice": ("amount",),
    "isolation_notice": ("amount",),
    "payment_confirmation": ("amount",),
    "broadcast": ("text",),
    "staff_notice": ("text",),
    "customer_notice": ("text",),
}
# Values hardly anybody exceeds, in the form messages carry them.
LONG: dict[str, Any] = {
    "amount": 999_999_999,
    "code": "123456",
    "cs_phone": "+628128000111234",
    "customer_number": "P" * 24,
    "days_left": 30,
    "due_on": "2026-09-30",
    "invoice_number": "INV-202609-123456",
    "name": "N" * 60,
    "paid_at": "2026-09-30T03:00:00+00:00",
    "payment_number": "PAY-20260930-123456",
    "period": "2026-09",
    "plan": "P" * 60,
    "status": "S" * 60,
    "text": "T" * 1000,
}


@dataclass(frozen=True)
class Limit:
    """A channel's longest text, in characters; `templates` when it sends approved texts instead."""

    label: str
    text_limit: int
    templates: bool = False


def places(kind: str) -> list[str]:
    """What may stand between double brackets in a text of this kind."""
    return [*KINDS[kind].expects, *KINDS[kind].extras, *COMMON]


def problems(kind: str, body: str, length: int = 0, channels: Sequence[Limit] = ()) -> list[str]:
    """Why a text cannot be saved, each in a sentence; `length` is that of the longest message."""
    text = body.strip()
    if not text:
        return [_("Teks tidak boleh kosong. Untuk kembali ke teks bawaan, pakai tombolnya.")]
    found = list(_wrong_places(kind, text))
    if len(text) > LONGEST:
        found.append(_("Teks terlalu panjang: paling banyak %(limit)s huruf.", limit=LONGEST))
    for channel in channels:
        if length > channel.text_limit and not approved(kind, channel):
            found.append(
                _(
                    "Dengan isian terpanjang pesan ini %(length)s huruf; %(channel)s paling "
                    "banyak %(limit)s.",
                    length=length,
                    channel=channel.label,
                    limit=channel.text_limit,
                )
            )
    return found


def approved(kind: str, channel: Limit) -> bool:
    """Whether the channel sends its approved template for this kind, not our text."""
    return channel.templates and kind not in FREE_KINDS


def doubts(body: str) -> list[str]:
    """What is probably a slip; the owner decides. Of a block only what people read counts."""
    block = wablock.parse(body) if holds_tag(body) else None
    body = wablock.spelled_out(block) if block else body
    found = [
        _("Tanda %(mark)s dibuka tetapi tidak ditutup; pelanggan akan melihatnya.", mark=mark)
        for mark in bubble.unpaired(_PLACE.sub("x", body))
    ]
    return found + [
        _(
            "%(words)s dikirim apa adanya. Isian ditulis dengan dua kurung siku: [[name]].",
            words=words,
        )
        for words in dict.fromkeys(_FOREIGN.findall(_PLACE.sub("x", body)))
    ]


def _wrong_places(kind: str, text: str) -> Iterator[str]:
    if holds_tag(text):
        yield from wrong_block(text)
    known = places(kind)
    used = list(dict.fromkeys(_PLACE.findall(text)))
    for name in used:
        if name not in known and not is_tag(name):
            yield _unknown(name, known)
    for name in NEEDED.get(kind, ()):
        if name not in used:
            yield _("Isian [[%(name)s]] (%(meaning)s) wajib ada.", name=name, meaning=MEANING[name])
    rest = _PLACE.sub(" ", text)
    if "[[" in rest or "]]" in rest:
        yield _("Ada kurung siku ganda yang tidak berpasangan.")


def holds_tag(text: str) -> bool:
    """Whether the text means to hold a block."""
    return _BLOCK.search(text) is not None


def is_tag(name: str) -> bool:
    """Whether these double brackets open or close a block rather than name a place."""
    return _BLOCK.fullmatch(f"[[{name}]]") is not None


def wrong_block(text: str) -> Iterator[str]:
    """What would keep a block from being more than its words."""
    opened, closed = len(_OPEN.findall(text)), len(_CLOSE.findall(text))
    if opened != closed or len(_BLOCK.findall(text)) != opened + closed:
        yield _("Blok harus dibuka dengan [[wa]] dan ditutup dengan [[/wa]].")
    elif opened > 1:
        yield _("Satu pesan hanya dapat memuat satu blok [[wa]].")
    elif _EMPTY.search(text) or wablock.parse(text) is None:
        yield _("Blok [[wa]] masih kosong.")


def _unknown(name: str, known: Sequence[str]) -> str:
    plain = re.sub(r"\W+", "_", name.strip().lower())
    near = _MEANT.get(plain) or next(iter(get_close_matches(plain, known, 1)), "")
    shown = name[:40]
    if near in known:
        return _(
            "Isian [[%(name)s]] tidak dikenal di jenis pesan ini. Maksudnya [[%(near)s]]?",
            name=shown,
            near=near,
        )
    return _("Isian [[%(name)s]] tidak dikenal di jenis pesan ini.", name=shown)
