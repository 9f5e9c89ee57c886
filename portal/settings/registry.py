"""Every setting the owner may edit: key, type, default, label, limits. One screen, no surprises.

The settings form, validation and `docs/configuration.md` follow from this list.
"""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.settings.registry_costs import COSTS
from portal.settings.registry_documents import DOCUMENTS
from portal.settings.spec import WEEKDAYS
from portal.settings.spec import SettingSpec as SettingSpec
from portal.settings.spec import Value as Value
from portal.settings.specs_isolation import ISOLATION
from portal.settings.specs_login import LOGIN
from portal.settings.specs_orders import ORDERS
from portal.settings.specs_payments import PAYMENTS
from portal.settings.specs_tickets import TICKETS

GROUPS: Sequence[tuple[str, Any]] = (
    ("company", _l("Perusahaan")),
    ("billing", _l("Tagihan")),
    ("payments", _l("Pembayaran")),
    ("reminders", _l("Pengingat")),
    ("isolation", _l("Isolir")),
    ("orders", _l("Pesanan")),
    ("tickets", _l("Bantuan dan tiket")),
    ("messages", _l("Pesan WhatsApp")),
    ("costs", _l("Biaya pesan Meta")),
    ("login", _l("Masuk dan sesi")),
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
    *DOCUMENTS,
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
        "billing.proration",
        "choice",
        "none",
        _l("Prorata saat mulai, ganti paket, cuti, dan berhenti"),
        _l("Barisnya di tagihan menyebut harinya, misalnya 12 dari 30 hari."),
        group="billing",
        options=(
            ("none", _l("Tanpa prorata: siklus yang terpakai ditagih penuh")),
            ("actual", _l("Menurut jumlah hari sebenarnya")),
            ("thirty", _l("Menurut 30 hari sebulan")),
        ),
    ),
    SettingSpec(
        "billing.late_fee",
        "choice",
        "none",
        _l("Denda keterlambatan"),
        _l("Sekali per tagihan yang terlambat, sebagai baris di tagihan berikutnya."),
        group="billing",
        options=(
            ("none", _l("Tanpa denda")),
            ("amount", _l("Jumlah tetap")),
            ("percent", _l("Persen dari sisa tagihan")),
        ),
    ),
    SettingSpec(
        "billing.late_fee_amount",
        "int",
        0,
        _l("Denda, jumlah tetap (Rp)"),
        maximum=10**7,
        group="billing",
    ),
    SettingSpec(
        "billing.late_fee_bp",
        "int",
        0,
        _l("Denda, perseratus persen (200 = 2 %)"),
        maximum=5000,
        group="billing",
    ),
    SettingSpec(
        "billing.late_fee_days",
        "int",
        7,
        _l("Denda setelah, hari lewat jatuh tempo"),
        minimum=1,
        maximum=90,
        group="billing",
    ),
    *PAYMENTS,
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
    *ISOLATION,
    *ORDERS,
    *TICKETS,
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
            ("customer_notice", _l("Kabar untuk pelanggan")),
        ),
    ),
    SettingSpec(
        "messages.closed_weekdays",
        "choices",
        [],
        _l("Hari tanpa kiriman"),
        group="messages",
        options=WEEKDAYS,
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
    *COSTS,
    *LOGIN,
)

BY_KEY = {spec.key: spec for spec in SPECS}
