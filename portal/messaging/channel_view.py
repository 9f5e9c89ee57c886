"""What a channel shows of a message with a block: buttons, or their words; a file, or its link.

The driver itself is asked what it would send, with and without the block, so that this cannot
say anything else than what happens. Nothing is sent. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext as _

from portal.core.driverkit import Capability, DriverError
from portal.messaging.drivers.base import Media, MessageDriver, OutgoingMessage
from portal.messaging.kinds import KINDS
from portal.messaging.texts import Composed

# Somebody who does not exist.
NOBODY = "+6281200000000"


@dataclass(frozen=True)
class ChannelView:
    """What one channel does with a message. `level` as of an alert: ok, warn, bad; `words` is
    the text where only text goes."""

    label: str
    level: str
    notes: Sequence[str]
    words: str = ""


def view(
    label: str, driver: MessageDriver, kind: str, composed: Composed, file: Media | None = None
) -> ChannelView | None:
    """How the message leaves through this channel; None where it is the words it seems to be.
    `file` is its header file."""
    if composed.block is None:
        return None
    message = _message(driver, kind, composed, file)
    bare = replace(message, block=None)
    try:
        sent, sent_bare = driver.payload(message), driver.payload(bare)
        same_anyway = sent == driver.payload(replace(bare, text=f"{message.text}.", media=None))
    except DriverError as error:
        return ChannelView(label, "bad", [error.sentence])
    if same_anyway:
        words = _("Hanya template yang disetujui yang dikirim; isi ini tidak ikut.")
        return ChannelView(label, "warn", [words])
    return _explained(label, driver, composed, message, richer=sent != sent_bare)


def _message(
    driver: MessageDriver, kind: str, composed: Composed, file: Media | None
) -> OutgoingMessage:
    """The message as the outbox would hand it over."""
    carries = Capability.MEDIA in driver.capabilities
    return OutgoingMessage(
        to=NOBODY,
        kind=kind,
        language="id",
        key="preview",
        text=composed.words(media=carries),
        params=["-"] * len(KINDS[kind].expects) if kind in KINDS else [],
        block=composed.block,
        media=file if carries else None,
    )


def _explained(
    label: str,
    driver: MessageDriver,
    composed: Composed,
    message: OutgoingMessage,
    *,
    richer: bool,
) -> ChannelView | None:
    inner = composed.block.interactive if composed.block else None
    pressed = bool(inner and (inner.buttons or inner.sections))
    notes, level = [], "ok"
    if pressed and richer:
        notes.append(_("Daftar tampil.") if inner and inner.sections else _("Tombol tampil."))
    elif pressed:
        level = "warn"
        notes.append(_as_words(driver, bool(inner and inner.sections)))
    if inner and inner.header_media:
        notes.append(_about_file(message, above=pressed and richer))
    if len(message.text) > driver.text_limit:
        level = "bad"
        notes.append(
            _(
                "Terlalu panjang: %(length)s huruf, paling banyak %(limit)s. Pesan akan gagal.",
                length=len(message.text),
                limit=driver.text_limit,
            )
        )
    if not notes:
        return None
    return ChannelView(label, level, notes, "" if pressed and richer else message.text)


def _as_words(driver: MessageDriver, is_list: bool) -> str:
    words = _("Daftar menjadi teks.") if is_list else _("Tombol menjadi teks.")
    if Capability.INTERACTIVE not in driver.capabilities:
        return words
    if driver.kind != "meta":
        return words + " " + _("Bentuk ini tidak dikenal saluran ini.")
    return (
        words
        + " "
        + _(
            "Meta menampilkan paling banyak 3 tombol jawaban, satu tombol tautan, atau satu "
            "daftar dengan 10 pilihan; teks tombol paling banyak 20 huruf."
        )
    )


def _about_file(message: OutgoingMessage, *, above: bool) -> str:
    if message.media is None:
        return _("Berkas menjadi tautan.")
    return _("Berkas tampil di atas pesan.") if above else _("Berkas dikirim sebagai lampiran.")
