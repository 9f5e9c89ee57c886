"""Why a message is where it is, and what a person can do about it, in plain words.

The sentence itself comes from the driver or the policy (`Message.reason`); here is what to do,
by the provider's code where one is known, else by what kind of ending it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.infra.timekeeping import wall
from portal.messaging import channels
from portal.messaging.channels import ActiveChannel
from portal.messaging.limits import room
from portal.messaging.models import Message
from portal.messaging.service import HELD

CUSTOMER, SETTINGS, TEXTS = "customer", "whatsapp", "texts"


@dataclass(frozen=True)
class Explanation:
    """`why` may be empty when the message's own reason says it; `fix` names the page that helps:
    customer, whatsapp, texts, or none."""

    todo: str
    why: str = ""
    fix: str = ""


_NUMBER = (_l("Perbaiki nomor WhatsApp pelanggan, lalu kirim ulang."), CUSTOMER)
_TEMPLATE = (
    _l("Samakan template di WhatsApp Manager dengan yang dipakai Loket, lalu kirim ulang."),
    SETTINGS,
)
_ACCOUNT = (_l("Selesaikan di akun Meta, lalu lanjutkan salurannya di pengaturan."), SETTINGS)
_LATER = (_l("Tunggu sehari sebelum mengirim ulang ke nomor ini."), "")
# Meta's codes: what a person does. The sentences are in the driver's own table.
CODES: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(("131026", "131009", "131021", "131030"), _NUMBER),
    **dict.fromkeys(
        ("132000", "132001", "132005", "132007", "132008", "132012", "132015", "132016", "132018"),
        _TEMPLATE,
    ),
    **dict.fromkeys(
        ("0", "190", "3", "10", "33", "368", "131005", "131031", "131037", "131042", "131045"),
        _ACCOUNT,
    ),
    **dict.fromkeys(("130472", "131048", "131049"), _LATER),
    "131047": (
        _l("Pakai saluran lain untuk teks bebas, atau tunggu pelanggan menulis lebih dulu."),
        SETTINGS,
    ),
    "131050": (_l("Hormati pilihan pelanggan; jangan kirim promosi lagi."), CUSTOMER),
    "100": (_l("Periksa isian di rincian jawaban, lalu ubah dan kirim ulang."), ""),
}


def explain(message: Message) -> Explanation:
    """What to say about this message."""
    tried = message.tries[-1] if message.tries else None
    if message.state in {"pending", "leased"}:
        return _waiting(message, channels.in_order())
    if message.kind == "otp_code" and message.state in {"failed", "unknown", "expired"}:
        return Explanation(_("Tidak perlu apa-apa: pelanggan dapat meminta kode baru."))
    if message.state == "failed" and tried is not None and tried.code in CODES:
        todo, fix = CODES[tried.code]
        return Explanation(str(todo), fix=fix)
    todo, fix = {
        "sending": (_("Sedang di tangan penyedia; hasilnya tercatat dalam hitungan detik."), ""),
        "accepted": (_("Penyedia sudah menerimanya; status berikutnya menyusul."), ""),
        "sent": (_("Sudah terkirim; ponsel pelanggan belum mengabari."), ""),
        "failed": (_("Perbaiki sebabnya, misalnya nomor pelanggan, lalu kirim ulang."), CUSTOMER),
        "unknown": (
            _(
                "Penyedia mungkin sudah mengirimnya. Tanyakan pelanggan atau lihat di aplikasi "
                "WhatsApp, lalu kirim ulang hanya bila belum sampai."
            ),
            "",
        ),
        "expired": (_("Sudah tidak berguna saat gilirannya tiba. Kirim ulang bila perlu."), ""),
        "cancelled": (_("Tidak dikirim karena alasannya sudah tidak ada."), ""),
    }.get(message.state, ("", ""))
    return Explanation(todo, fix=fix)


def _waiting(message: Message, in_force: Sequence[ActiveChannel]) -> Explanation:
    """Why it has not left yet."""
    if message.lane == HELD:
        return Explanation(_("Lanjutkan siarannya bila sudah boleh."), _("Siarannya dijeda."))
    if not channels.sending_enabled():
        return Explanation(
            _("Hidupkan kembali lalu mulai ulang server."),
            _("Pengiriman dimatikan oleh WHATSAPP_ENABLED."),
        )
    if not in_force:
        return Explanation(
            _("Pilih satu di pengaturan."), _("Belum ada saluran WhatsApp."), SETTINGS
        )
    usable = [channel for channel in in_force if channel.usable]
    if not usable:
        first = in_force[0]
        return Explanation(
            _("Perbaiki sebabnya di pengaturan; pesan berangkat begitu saluran jalan."),
            _("Semua saluran berhenti: %(why)s", why=first.problem or first.pause_reason),
            SETTINGS,
        )
    if message.next_at > wall() and message.reason:
        return Explanation(_("Dikirim otomatis pada waktunya."), message.reason)
    if message.lane != "interactive" and all(room(c, urgent=False).full_today for c in usable):
        return Explanation(
            _("Tambah saluran, atau naikkan batasnya."),
            _("Batas harian saluran sudah tercapai; dilanjutkan besok."),
            SETTINGS,
        )
    return Explanation(_("Menunggu giliran; dikirim otomatis."))
