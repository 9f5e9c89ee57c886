"""Every setting the owner may edit: key, type, default, label, limits. One screen, no surprises.

The settings form, validation and `docs/configuration.md` follow from this list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l

Value = str | int | bool | list[int] | list[str]


@dataclass(frozen=True)
class SettingSpec:
    """One setting. `kind`: text, phone, int, days (list of ints), bool, time (HH:MM, local),
    dates (list of ISO dates), choices (list of the values of `options`)."""

    key: str
    kind: str
    default: Value
    label: Any
    help: Any = ""
    minimum: int = 0
    maximum: int = 10**9
    group: str = "company"
    options: Sequence[tuple[str, Any]] = field(default=())


GROUPS: Sequence[tuple[str, Any]] = (
    ("company", _l("Perusahaan")),
    ("billing", _l("Tagihan")),
    ("reminders", _l("Pengingat")),
    ("isolation", _l("Isolir")),
    ("messages", _l("Pesan WhatsApp")),
    ("costs", _l("Biaya pesan Meta")),
    ("login", _l("Masuk pelanggan")),
)

SPECS: Sequence[SettingSpec] = (
    SettingSpec("company.name", "text", "Loket", _l("Nama penyedia internet")),
    SettingSpec(
        "company.cs_phone",
        "phone",
        "",
        _l("Nomor WhatsApp layanan pelanggan"),
        _l("Tampil di halaman pelanggan dan di setiap pesan."),
    ),
    SettingSpec(
        "billing.due_days",
        "int",
        10,
        _l("Jatuh tempo, hari setelah tagihan terbit"),
        minimum=1,
        maximum=60,
        group="billing",
    ),
    SettingSpec(
        "billing.tax_bp",
        "int",
        0,
        _l("PPN, perseratus persen (1100 = 11 %)"),
        _l("0 berarti harga paket sudah termasuk pajak."),
        maximum=5000,
        group="billing",
    ),
    SettingSpec(
        "reminders.before",
        "days",
        [7, 3, 1],
        _l("Pengingat, hari sebelum jatuh tempo"),
        _l("Pisahkan dengan koma, misalnya 7, 3, 1."),
        maximum=60,
        group="reminders",
    ),
    SettingSpec(
        "reminders.after",
        "days",
        [1, 3, 7],
        _l("Pemberitahuan lewat jatuh tempo, hari sesudahnya"),
        _l("Pisahkan dengan koma, misalnya 1, 3, 7."),
        minimum=1,
        maximum=60,
        group="reminders",
    ),
    SettingSpec(
        "isolation.enabled",
        "bool",
        True,
        _l("Isolir otomatis"),
        group="isolation",
    ),
    SettingSpec(
        "isolation.grace_days",
        "int",
        7,
        _l("Masa tenggang, hari setelah jatuh tempo"),
        maximum=90,
        group="isolation",
    ),
    SettingSpec(
        "isolation.minimum_amount",
        "int",
        1,
        _l("Isolir hanya bila tunggakan paling sedikit (Rp)"),
        minimum=1,
        group="isolation",
    ),
    SettingSpec(
        "messages.hours_from",
        "time",
        "08:00",
        _l("Jam kirim, mulai"),
        _l("Pesan yang dapat menunggu hanya dikirim di antara kedua jam ini."),
        group="messages",
    ),
    SettingSpec(
        "messages.hours_until",
        "time",
        "20:00",
        _l("Jam kirim, sampai"),
        _l("Sama dengan jam mulai berarti sepanjang hari."),
        group="messages",
    ),
    SettingSpec(
        "messages.patient_kinds",
        "choices",
        ["invoice_notification", "payment_reminder", "overdue_notice", "broadcast"],
        _l("Yang menunggu jam kirim"),
        _l("Yang lain menjawab kejadian saat itu dan dikirim kapan saja."),
        group="messages",
        options=(
            ("invoice_notification", _l("Tagihan baru")),
            ("payment_reminder", _l("Pengingat")),
            ("overdue_notice", _l("Lewat jatuh tempo")),
            ("isolation_notice", _l("Isolir")),
            ("payment_confirmation", _l("Pembayaran diterima")),
            ("broadcast", _l("Siaran")),
            ("staff_notice", _l("Kabar untuk petugas")),
        ),
    ),
    SettingSpec(
        "messages.closed_weekdays",
        "choices",
        [],
        _l("Hari tanpa kiriman"),
        group="messages",
        options=(
            ("0", _l("Senin")),
            ("1", _l("Selasa")),
            ("2", _l("Rabu")),
            ("3", _l("Kamis")),
            ("4", _l("Jumat")),
            ("5", _l("Sabtu")),
            ("6", _l("Minggu")),
        ),
    ),
    SettingSpec(
        "messages.holidays",
        "dates",
        [],
        _l("Hari libur tanpa kiriman"),
        _l("Tulis seperti 2026-12-25, pisahkan dengan koma."),
        group="messages",
    ),
    SettingSpec(
        "messages.max_attempts",
        "int",
        5,
        _l("Percobaan mengirim paling banyak"),
        minimum=1,
        maximum=20,
        group="messages",
    ),
    SettingSpec(
        "messages.retention_days",
        "int",
        90,
        _l("Simpan isi pesan, hari"),
        _l("Sesudahnya isi dan jawaban penyedia dihapus; catatannya tetap ada."),
        minimum=7,
        maximum=3650,
        group="messages",
    ),
    SettingSpec(
        "messages.retry_seconds",
        "int",
        10,
        _l("Jeda sebelum percobaan kedua, detik"),
        _l("Jeda berikutnya dua kali lipatnya, sampai 15 menit."),
        minimum=10,
        maximum=3600,
        group="messages",
    ),
    SettingSpec(
        "messages.cost_rupiah",
        "int",
        0,
        _l("Perkiraan biaya per pesan siaran (Rp)"),
        _l("Untuk perkiraan sebelum siaran dikirim. 0: tarif pemasaran bila lewat Meta."),
        maximum=100_000,
        group="messages",
    ),
    SettingSpec(
        "costs.utility",
        "int",
        0,
        _l("Tarif utilitas per pesan (Rp)"),
        _l("Tagihan, pengingat, isolir. Lihat daftar harga Meta untuk Indonesia; 0: belum diisi."),
        maximum=100_000,
        group="costs",
    ),
    SettingSpec(
        "costs.authentication",
        "int",
        0,
        _l("Tarif autentikasi per pesan (Rp)"),
        _l("Kode masuk. 0: belum diisi."),
        maximum=100_000,
        group="costs",
    ),
    SettingSpec(
        "costs.marketing",
        "int",
        0,
        _l("Tarif pemasaran per pesan (Rp)"),
        _l("Promosi, dan template yang dipindahkan Meta ke kategori itu. 0: belum diisi."),
        maximum=100_000,
        group="costs",
    ),
    SettingSpec(
        "costs.service",
        "int",
        0,
        _l("Tarif layanan per pesan (Rp)"),
        _l("Jawaban dalam 24 jam setelah pelanggan menulis. Gratis sejak November 2024."),
        maximum=100_000,
        group="costs",
    ),
    SettingSpec(
        "login.codes_per_ip_hour",
        "int",
        60,
        _l("Permintaan kode masuk per alamat IP per jam"),
        _l("Banyak pelanggan dapat berada di balik satu alamat IP."),
        minimum=5,
        maximum=100_000,
        group="login",
    ),
)

BY_KEY = {spec.key: spec for spec in SPECS}
