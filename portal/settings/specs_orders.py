"""The knobs of orders for work; `docs/orders.md` tells each."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from portal.settings.spec import SettingSpec

ORDERS: Sequence[SettingSpec] = (
    SettingSpec(
        "orders.open",
        "bool",
        True,
        _l("Terima pesanan pasang baru lewat halaman umum"),
        _l("Yang ditawarkan hanya paket dengan tanda dijual umum."),
        group="orders",
    ),
    SettingSpec(
        "orders.install_fee",
        "int",
        0,
        _l("Biaya pemasangan (Rp), sebelum pajak"),
        maximum=10**8,
        group="orders",
    ),
    SettingSpec(
        "orders.unpaid_days",
        "int",
        3,
        _l("Pesanan yang tidak dibayar berakhir setelah, hari"),
        _l("Uang yang datang sesudahnya tetap dicatat dan pesanannya diteruskan."),
        minimum=1,
        maximum=60,
        group="orders",
    ),
)
