"""What the official channel charges for a message, by category; the owner copies it from Meta."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from portal.settings.spec import SettingSpec

COSTS: Sequence[SettingSpec] = (
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
)
