"""The staff menu: what this person may open, in one list."""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l

from portal.web.access import may

# endpoint, label, icon, permission, path that makes it the current one
ITEMS = (
    ("dashboard.index", _l("Dasbor"), "home", "view", "/admin"),
    ("customers.index", _l("Pelanggan"), "users", "customers", "/admin/customers"),
    ("invoices.index", _l("Tagihan"), "file-text", "billing", "/admin/invoices"),
    ("payments.index", _l("Pembayaran"), "credit-card", "money", "/admin/payments"),
    ("dashboard.isolation", _l("Isolir"), "ban", "customers", "/admin/isolation"),
    ("messages.index", _l("Pesan"), "send", "messages", "/admin/messages"),
    ("plans.index", _l("Paket"), "package", "billing", "/admin/plans"),
    ("imports.index", _l("Impor"), "upload", "customers", "/admin/imports"),
    ("dashboard.audit", _l("Log audit"), "list-check", "settings", "/admin/audit"),
    ("settings.index", _l("Pengaturan"), "settings", "settings", "/admin/settings"),
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
    for endpoint, label, icon, permission, path in ITEMS:
        if may(permission):
            here = request.path == path or (
                path != "/admin" and request.path.startswith(path + "/")
            )
            items.append(NavItem(endpoint, label, icon, here))
    return items
