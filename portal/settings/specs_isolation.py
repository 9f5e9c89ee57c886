"""The knobs of isolation beside grace days and minimum amount; `docs/isolation.md` tells each."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from portal.settings.spec import WEEKDAYS, SettingSpec

ISOLATION: Sequence[SettingSpec] = (
    SettingSpec(
        "isolation.tolerance_days",
        "int",
        0,
        _l("Tunda bila baru membayar sebagian, selama (hari)"),
        _l("0 berarti pembayaran sebagian tidak menunda isolir."),
        maximum=60,
        group="isolation",
    ),
    SettingSpec(
        "isolation.tolerance_bp",
        "int",
        5000,
        _l("Bagian tunggakan yang harus sudah dibayar, perseratus persen (5000 = 50 %)"),
        minimum=1,
        maximum=10_000,
        group="isolation",
    ),
    SettingSpec(
        "isolation.rapel_cap",
        "int",
        3,
        _l("Pelanggan rapel, bulan tertunggak paling banyak"),
        _l("Batas untuk semua; bulan tiap pelanggan diatur di halamannya. 0: tidak ada rapel."),
        maximum=24,
        group="isolation",
    ),
    SettingSpec(
        "isolation.promise_days",
        "int",
        14,
        _l("Janji bayar, paling lama (hari)"),
        minimum=1,
        maximum=90,
        group="isolation",
    ),
    SettingSpec(
        "isolation.promises_per_year",
        "int",
        3,
        _l("Janji bayar per pelanggan per tahun"),
        _l("0 berarti janji bayar tidak diterima."),
        maximum=52,
        group="isolation",
    ),
    SettingSpec(
        "isolation.warn_hours",
        "int",
        0,
        _l("Peringatan sebelum isolir, paling sedikit (jam)"),
        _l("Isolir menunggu peringatan terkirim. 0: tanpa peringatan khusus."),
        maximum=168,
        group="isolation",
    ),
    SettingSpec(
        "isolation.closed_weekdays",
        "choices",
        [],
        _l("Hari tanpa isolir"),
        group="isolation",
        options=WEEKDAYS,
    ),
    SettingSpec(
        "isolation.holidays",
        "dates",
        [],
        _l("Hari libur tanpa isolir"),
        _l("Tulis seperti 2026-12-25, pisahkan dengan koma."),
        group="isolation",
    ),
    SettingSpec(
        "isolation.hours_from",
        "time",
        "00:00",
        _l("Jam isolir, mulai"),
        _l("Buka akses tidak pernah menunggu jam."),
        group="isolation",
    ),
    SettingSpec(
        "isolation.hours_until",
        "time",
        "00:00",
        _l("Jam isolir, sampai"),
        _l("Sama dengan jam mulai berarti sepanjang hari."),
        group="isolation",
    ),
    SettingSpec(
        "isolation.fuse_bp",
        "int",
        500,
        _l("Sekring: berhenti dan bertanya di atas, perseratus persen pelanggan aktif (500 = 5 %)"),
        _l("Isolir otomatis yang mengenai lebih banyak pelanggan menunggu petugas."),
        maximum=10_000,
        group="isolation",
    ),
    SettingSpec(
        "isolation.fuse_lines",
        "int",
        10,
        _l("Sekring: hanya bila paling sedikit sekian langganan"),
        minimum=1,
        maximum=100_000,
        group="isolation",
    ),
)
