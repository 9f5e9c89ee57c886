"""The knobs of paying: part of a bill, more than it, months ahead; `docs/payments.md`."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from portal.settings.spec import SettingSpec

PAYMENTS: Sequence[SettingSpec] = (
    SettingSpec(
        "payments.partial",
        "bool",
        False,
        _l("Pelanggan boleh membayar sebagian"),
        _l("Sisanya tetap terutang dan tetap dihitung oleh aturan isolir."),
        group="payments",
    ),
    SettingSpec(
        "payments.partial_minimum",
        "int",
        20_000,
        _l("Pembayaran sebagian paling sedikit (Rp)"),
        minimum=1,
        maximum=10**8,
        group="payments",
    ),
    SettingSpec(
        "payments.overpay",
        "bool",
        False,
        _l("Pelanggan boleh membayar lebih"),
        _l("Kelebihannya menjadi saldo dan dipakai untuk tagihan berikutnya."),
        group="payments",
    ),
    SettingSpec(
        "payments.ahead",
        "bool",
        False,
        _l("Pelanggan boleh membayar bulan-bulan berikutnya di muka"),
        _l("Tagihannya terbit pada saat dibayar, dengan pajak yang berlaku hari itu."),
        group="payments",
    ),
    SettingSpec(
        "payments.ahead_rules",
        "ahead",
        "",
        _l("Potongan bayar di muka"),
        _l(
            "Mulai berapa bulan = potongannya, pisahkan dengan titik koma, misalnya "
            "3 = 5 %; 12 = 1 bulan gratis. Kosong: tanpa potongan."
        ),
        group="payments",
        optional=True,
    ),
)
