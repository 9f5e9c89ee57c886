"""Orders in words, for pages."""

from typing import Any

from flask_babel import lazy_gettext as _l

KINDS: dict[str, Any] = {"install": _l("Pasang baru"), "change": _l("Ganti paket")}
STATES: dict[str, tuple[str, Any]] = {
    "pending": ("warn", _l("Menunggu pembayaran")),
    "queued": ("info", _l("Menunggu teknisi")),
    "scheduled": ("info", _l("Dijadwalkan")),
    "in_progress": ("info", _l("Sedang dikerjakan")),
    "done": ("ok", _l("Selesai")),
    "cancelled": ("mute", _l("Dibatalkan")),
    "expired": ("mute", _l("Berakhir, tidak dibayar")),
}
"""Level of the badge, and the words."""
LISTS: dict[str, Any] = {
    "open": _l("Perlu dikerjakan"),
    "mine": _l("Tugas saya"),
    "unpaid": _l("Menunggu pembayaran"),
    "over": _l("Sudah berakhir"),
}
SLOTS: tuple[Any, ...] = (
    _l("Pagi (08.00–12.00)"),
    _l("Siang (12.00–15.00)"),
    _l("Sore (15.00–18.00)"),
)
