"""Tickets and announcements in words, for pages and messages."""

from typing import Any

from flask_babel import lazy_gettext as _l

KINDS: dict[str, Any] = {
    "down": _l("Internet mati"),
    "slow": _l("Internet lambat"),
    "billing": _l("Tagihan atau pembayaran"),
    "other": _l("Lainnya"),
}
STATES: dict[str, tuple[str, Any]] = {
    "open": ("warn", _l("Baru")),
    "working": ("info", _l("Ditangani")),
    "waiting": ("warn", _l("Menunggu pelanggan")),
    "closed": ("ok", _l("Selesai")),
}
"""Level of the badge, and the words staff read."""
THEIRS: dict[str, tuple[str, Any]] = {
    "open": ("info", _l("Menunggu petugas")),
    "working": ("info", _l("Ditangani petugas")),
    "waiting": ("warn", _l("Menunggu jawaban Anda")),
    "closed": ("ok", _l("Selesai")),
}
"""The same for the customer."""
LISTS: dict[str, Any] = {
    "ours": _l("Perlu ditangani"),
    "mine": _l("Tugas saya"),
    "free": _l("Belum diambil"),
    "waiting": _l("Menunggu pelanggan"),
    "closed": _l("Selesai"),
    "all": _l("Semua"),
}
STEPS: dict[str, Any] = {
    "opened": _l("Tiket dibuka"),
    "assigned": _l("Petugas ditunjuk"),
    "closed": _l("Tiket ditutup"),
    "reopened": _l("Dibuka lagi"),
}
LEVELS: dict[str, tuple[str, Any]] = {
    "outage": ("bad", _l("Gangguan")),
    "work": ("warn", _l("Pemeliharaan")),
    "info": ("info", _l("Info")),
}
