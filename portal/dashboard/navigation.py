"""The staff menu: what this person may open, in groups. A new page adds one line to its group.

A line of a feature that is not there (yet) is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l

from portal.web.access import may_open

Line = tuple[str, Any, str, str]

# Group: key, label, open from the start, lines of (endpoint, label, icon, path that is it).
GROUPS: Sequence[tuple[str, Any, bool, Sequence[Line]]] = (
    ("", "", True, (("dashboard.index", _l("Dasbor"), "home", "/admin"),)),
    (
        "customers",
        _l("Pelanggan"),
        True,
        (
            ("customers.index", _l("Pelanggan"), "users", "/admin/customers"),
            ("subscriptions.index", _l("Langganan"), "wifi", "/admin/subscriptions"),
            ("areas.index", _l("Area"), "map", "/admin/areas"),
            ("orders.index", _l("Pesanan"), "map-pin", "/admin/orders"),
            ("tickets.index", _l("Bantuan"), "lifebuoy", "/admin/tickets"),
        ),
    ),
    (
        "money",
        _l("Uang"),
        True,
        (
            ("counter.index", _l("Kasir"), "receipt", "/admin/counter"),
            ("invoices.index", _l("Tagihan"), "file-text", "/admin/invoices"),
            ("payments.index", _l("Pembayaran"), "credit-card", "/admin/payments"),
            ("settlements.index", _l("Setoran"), "cash", "/admin/settlements"),
            ("closings.index", _l("Tutup kas"), "lock", "/admin/closings"),
            ("books.index", _l("Kunci bulan"), "shield-check", "/admin/books"),
            ("reports.index", _l("Laporan"), "chart-bar", "/admin/reports"),
        ),
    ),
    (
        "network",
        _l("Jaringan"),
        False,
        (
            ("dashboard.isolation", _l("Isolir"), "ban", "/admin/isolation"),
            ("routers.index", _l("Router"), "router", "/admin/routers"),
        ),
    ),
    (
        "messages",
        _l("Pesan"),
        False,
        (
            ("messages.index", _l("Pesan"), "send", "/admin/messages"),
            ("broadcasts.index", _l("Siaran"), "speakerphone", "/admin/broadcasts"),
            ("media_files.index", _l("Berkas"), "copy", "/admin/media"),
        ),
    ),
    (
        "management",
        _l("Pengelolaan"),
        False,
        (
            ("plans.index", _l("Paket"), "package", "/admin/plans"),
            ("imports.index", _l("Impor"), "upload", "/admin/import"),
            ("staff_people.index", _l("Petugas"), "users-group", "/admin/staff"),
            ("audit_log.index", _l("Log audit"), "list-check", "/admin/audit"),
            ("queue_health.index", _l("Kesehatan"), "activity", "/admin/health"),
            ("settings.index", _l("Pengaturan"), "settings", "/admin/settings"),
        ),
    ),
)
# Pages about the person who is logged in, for every role.
OWN: Sequence[tuple[str, Any, str]] = (
    ("account_security.index", _l("Keamanan akun"), "shield-lock"),
)

FEW = 12
"""Lines that need no closed groups."""


@dataclass(frozen=True)
class NavItem:
    """One line of the menu."""

    endpoint: str
    label: Any
    icon: str
    active: bool

    @property
    def url(self) -> str:
        """Where it leads."""
        return url_for(self.endpoint)


@dataclass(frozen=True)
class NavGroup:
    """Lines under one word; `here` when one of them is the current page."""

    key: str
    label: Any
    open: bool
    here: bool
    links: Sequence[NavItem]


def _known(endpoint: str) -> bool:
    return endpoint in current_app.view_functions


def _here(path: str) -> bool:
    """Whether the page is this one or below it; the longest path that fits is the current one."""
    fits = {
        own
        for _key, _label, _open, lines in GROUPS
        for endpoint, _l, _i, own in lines
        if _known(endpoint)
        and (request.path == own or (own != "/admin" and request.path.startswith(own + "/")))
    }
    return bool(fits) and path == max(fits, key=len)


def nav_groups() -> list[NavGroup]:
    """The groups with the lines this person may open; few enough lines need no closing."""
    found = []
    for key, label, is_open, lines in GROUPS:
        links = [
            NavItem(endpoint, text, icon, _here(path))
            for endpoint, text, icon, path in lines
            if _known(endpoint) and may_open(endpoint)
        ]
        if links:
            here = any(link.active for link in links)
            found.append(NavGroup(key, label, is_open or here, here, links))
    if sum(len(group.links) for group in found) <= FEW:
        found = [NavGroup(one.key, one.label, True, one.here, one.links) for one in found]
    return found


def own_pages() -> list[NavItem]:
    """What everybody has for themselves."""
    return [
        NavItem(endpoint, label, icon, request.endpoint == endpoint)
        for endpoint, label, icon in OWN
        if _known(endpoint)
    ]
