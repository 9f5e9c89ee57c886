"""From the object of an audit entry to its page, for whoever may open that page."""

from collections.abc import Iterable

from flask import current_app, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.subscriptions.models import Subscription
from portal.web.access import may_open

# Kind of object -> (endpoint, argument, what it is called).
PAGES = {
    "customer": ("customers.show", "customer_id", _l("Pelanggan")),
    "invoice": ("dashboard.invoice", "invoice_id", _l("Tagihan")),
    "payment": ("payments.show", "payment_id", _l("Pembayaran")),
    "plan": ("plans.edit", "plan_id", _l("Paket")),
    "staff": ("staff_people.show", "staff_id", _l("Petugas")),
    "service_order": ("orders.show", "service_order_id", _l("Pesanan")),
    "message": ("messages.show", "message_id", _l("Pesan")),
    "broadcast": ("broadcasts.show", "broadcast_id", _l("Siaran")),
    "settlement": ("settlements.show", "settlement_id", _l("Setoran")),
    "closing": ("closings.show", "closing_id", _l("Tutup kas")),
    "ticket": ("tickets.show", "ticket_id", _l("Bantuan")),
    "announcement": ("announcements.show", "announcement_id", _l("Pengumuman")),
    "notice": ("notices.edit", "notice_id", _l("Penerima pemberitahuan")),
    "subscription": ("lines.show", "subscription_id", _l("Langganan")),
    "setting": ("settings.index", "", _l("Pengaturan")),
    "role": ("staff_roles.index", "", _l("Peran")),
    "tax": ("tax.index", "", _l("PPN")),
    "channel": ("whatsapp_channels.index", "", _l("Saluran")),
}


def kind_name(kind: str) -> str:
    """What a kind of object is called."""
    return str(PAGES[kind][2]) if kind in PAGES else kind


def links(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Object -> the address of its page, where there is one that may be opened."""
    subjects = {entry.subject for entry in entries}
    owners = _owners(subjects)
    found = {}
    for subject in subjects:
        kind, _colon, key = subject.partition(":")
        if kind in PAGES and (url := _url(kind, key, owners)):
            found[subject] = url
    return found


def _url(kind: str, key: str, owners: dict[str, int]) -> str:
    endpoint, argument, _name = PAGES[kind]
    if endpoint not in current_app.view_functions or not may_open(endpoint):
        return ""
    if not argument:
        return url_for(endpoint)
    if not (key.isascii() and key.isdecimal()):
        return ""
    values = {argument: int(key)}
    if kind == "subscription":
        if key not in owners:
            return ""
        values["customer_id"] = owners[key]
    return url_for(endpoint, **values)  # type: ignore[arg-type]


def _owners(subjects: set[str]) -> dict[str, int]:
    """Line -> customer, for the address of a line's page."""
    keys = [one.partition(":")[2] for one in subjects if one.startswith("subscription:")]
    ids = [int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 10]
    if not ids:
        return {}
    rows = select(Subscription.id, Subscription.customer_id).where(Subscription.id.in_(ids))
    return {str(line): owner for line, owner in db.session.execute(rows)}
