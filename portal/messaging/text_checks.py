"""Is this text fit for its kind and for the channels? Pure; sentences for the owner."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from portal.messaging.kinds import KINDS

LONGEST = 4000
_ANY = re.compile(r"\[\[\s*(/?[^\[\]]*?)\s*\]\]")
_GOOD = re.compile(r"[a-z_]+")
COMMON = ("company", "portal")
RESERVED = frozenset({"wa", "/wa"})
# Without these the message would not say what it is for.
NEEDED: dict[str, tuple[str, ...]] = {
    "otp_code": ("code",),
    "invoice_notification": ("amount", "due_on"),
    "payment_reminder": ("amount",),
    "overdue_notice": ("amount",),
    "isolation_notice": ("amount",),
    "payment_confirmation": ("amount",),
    "broadcast": ("text",),
    "staff_notice": ("text",),
}
# A value nobody will exceed, to measure the text with.
LONG_VALUES: dict[str, str] = {
    "name": "N" * 60,
    "plan": "P" * 40,
    "amount": "Rp999.999.999",
    "text": "T" * 1000,
}
_USUAL = "V" * 20


@dataclass(frozen=True)
class Limit:
    """A channel's longest text, in characters; `templates` when it sends approved texts instead."""

    label: str
    text_limit: int
    templates: bool = False


def places(kind: str) -> list[str]:
    """What may stand between double brackets in a text of this kind."""
    return [*KINDS[kind].expects, *COMMON]


def problems(kind: str, body: str) -> list[str]:
    """What is wrong with a text, each in a sentence; empty when it may be saved."""
    found: list[str] = []
    text = body.strip()
    if not text:
        return [_("Teks tidak boleh kosong. Untuk kembali ke teks awal, pakai tombolnya.")]
    if len(text) > LONGEST:
        found.append(_("Paling banyak %(limit)s huruf.", limit=LONGEST))
    used = _ANY.findall(text)
    known = set(places(kind))
    for name in dict.fromkeys(used):
        if name in RESERVED:
            found.append(_("Blok tombol [[wa]] belum dapat dipakai di sini."))
        elif not _GOOD.fullmatch(name) or name not in known:
            found.append(_("Isian [[%(name)s]] tidak dikenal di jenis pesan ini.", name=name[:40]))
    for name in NEEDED.get(kind, ()):
        if name not in used:
            found.append(_("Isian [[%(name)s]] wajib ada.", name=name))
    if text.count("[[") != text.count("]]"):
        found.append(_("Ada kurung siku ganda yang tidak berpasangan."))
    return found


def longest(kind: str, body: str) -> int:
    """How long a message of this text may become, in characters."""
    return len(_ANY.sub(lambda place: LONG_VALUES.get(place[1], _USUAL), body))


def warnings(kind: str, body: str, channels: Sequence[Limit]) -> list[str]:
    """What the owner should know although the text may be saved."""
    found = []
    length = longest(kind, body)
    for channel in channels:
        if channel.templates and kind not in {"broadcast", "staff_notice"}:
            found.append(
                _(
                    "%(channel)s mengirim template yang disetujui Meta, bukan teks ini.",
                    channel=channel.label,
                )
            )
        elif length > channel.text_limit:
            found.append(
                _(
                    "Bisa sampai %(length)s huruf; %(channel)s paling banyak %(limit)s.",
                    length=length,
                    channel=channel.label,
                    limit=channel.text_limit,
                )
            )
    for mark, label in (("*", _("tebal")), ("_", _("miring")), ("~", _("coret"))):
        plain = re.sub(r"\[\[[a-z_]+\]\]|https?://\S+", "", body)
        if any(line.count(mark) % 2 for line in plain.split("\n")):
            found.append(_("Tanda %(mark)s (%(label)s) tidak berpasangan.", mark=mark, label=label))
    return found
