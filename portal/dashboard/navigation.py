"""The staff menu: what this person may open, in one list."""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l

from portal.web.access import may_open

# endpoint, label, icon, path that makes it the current one
ITEMS = (
    ("dashboard.index", _l("Dasbor"), "home", "/admin"),
    ("counter.index", _l("Kasir"), "receipt", "/admin/counter"),
    ("settlements.index", _l("Setoran"), "arrow-right", "/admin/settlements"),
    ("closings.index", _l("Tutup kas"), "lock", "/admin/closings"),
    ("customers.index", _l("Pelanggan"), "users", "/admin/customers"),
    ("invoices.index", _l("Tagihan"), "file-text", "/admin/invoices"),
    ("payments.index", _l("Pembayaran"), "credit-card", "/admin/payments"),
    ("books.index", _l("Kunci bulan"), "shield-check", "/admin/books"),
    ("reports.index", _l("Laporan"), "chart-bar", "/admin/reports"),
    ("orders.index", _l("Pesanan"), "map-pin", "/admin/orders"),
    ("dashboard.isolation", _l("Isolir"), "ban", "/admin/isolation"),
    ("messages.index", _l("Pesan"), "send", "/admin/messages"),
    ("broadcasts.index", _l("Siaran"), "speakerphone", "/admin/broadcasts"),
    ("media_files.index", _l("Berkas"), "copy", "/admin/media"),
    ("plans.index", _l("Paket"), "package", "/admin/plans"),
    ("imports.index", _l("Impor"), "upload", "/admin/imports"),
    ("dashboard.audit", _l("Log audit"), "list-check", "/admin/audit"),
    ("queue_health.index", _l("Kesehatan"), "activity", "/admin/health"),
    ("settings.index", _l("Pengaturan"), "settings", "/admin/settings"),
)


@dataclass(frozen=True)
class NavItem:
    """One line of the menu."""

    endpoint: str
    label: Any
    icon: str
    active: bool


def nav_admin() -> list[NavItem]:
    """The lines this person may open."""
    items = []
    for endpoint, label, icon, path in ITEMS:
        if may_open(endpoint):
            here = request.path == path or (
                path != "/admin" and request.path.startswith(path + "/")
            )
            items.append(NavItem(endpoint, label, icon, here))
    return items
