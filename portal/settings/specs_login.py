"""Settings of logging in: customers' codes, how long a login lasts, who needs a second factor."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from portal.settings.spec import SettingSpec

LOGIN: Sequence[SettingSpec] = (
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
    SettingSpec(
        "login.customer_days",
        "int",
        60,
        _l("Pelanggan tetap masuk, hari sejak kunjungan terakhir"),
        minimum=30,
        maximum=365,
        group="login",
    ),
    SettingSpec(
        "login.staff_idle_minutes",
        "int",
        30,
        _l("Petugas keluar sendiri setelah diam, menit"),
        _l("Berlaku mulai permintaan berikutnya, juga untuk yang sedang masuk."),
        minimum=5,
        maximum=1440,
        group="login",
    ),
    SettingSpec(
        "login.staff_hours",
        "int",
        12,
        _l("Petugas masuk lagi paling lambat setelah, jam"),
        minimum=1,
        maximum=720,
        group="login",
    ),
    SettingSpec(
        "login.totp_roles",
        "choices",
        [],
        _l("Wajib kode autentikator"),
        _l("Peran ini memasang aplikasi autentikator dulu sebelum membuka halaman lain."),
        group="login",
        options=(
            ("owner", _l("Pemilik")),
            ("finance", _l("Keuangan")),
            ("support", _l("Layanan pelanggan")),
            ("technician", _l("Teknisi")),
            ("collector", _l("Kolektor")),
        ),
    ),
)
