"""One audit entry field by field: what it was and what it became, in words.

Whatever is stored, a secret is only ever "diubah" here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.accounts.permission_words import role_name, words
from portal.core.money import format_rupiah
from portal.infra.audit import AuditEntry
from portal.settings.registry import BY_KEY
from portal.web.filters import date_id, datetime_id

LONGEST = 2_000
DEEPEST = 4
SECRET = re.compile(
    r"(?i)(password|passwd|kata_sandi|secret|token|api_?key|private|credential|recovery|totp|otp"
    r"|(^|[._-])(pin|key|code|hash)$)"
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?")
MONEY = {
    "amount", "price", "total", "credit", "expected", "counted", "opening", "difference",
    "base", "tax_amount", "left", "charge", "discount",
}  # fmt: skip
LABELS: dict[str, Any] = {
    "name": _l("Nama"),
    "email": _l("E-mail"),
    "role": _l("Peran"),
    "phone": _l("Nomor HP"),
    "phone_alt": _l("Nomor HP kedua"),
    "address": _l("Alamat"),
    "area": _l("Area"),
    "area_id": _l("Area"),
    "number": _l("Nomor"),
    "state": _l("Keadaan"),
    "status": _l("Keadaan"),
    "amount": _l("Jumlah"),
    "price": _l("Harga"),
    "total": _l("Jumlah"),
    "credit": _l("Saldo"),
    "plan": _l("Paket"),
    "login": _l("Login layanan"),
    "method": _l("Cara bayar"),
    "reason": _l("Alasan"),
    "language": _l("Bahasa"),
    "collector": _l("Kolektor"),
    "due_on": _l("Jatuh tempo"),
    "invoice": _l("Tagihan"),
    "payment": _l("Pembayaran"),
    "customer_id": _l("Pelanggan"),
    "months": _l("Bulan"),
    "count": _l("Banyaknya"),
    "difference": _l("Selisih"),
    "permissions": _l("Izin"),
    "password": _l("Kata sandi"),
    "failures": _l("Gagal masuk"),
    "assignee": _l("Petugas"),
    "title": _l("Judul"),
    "text": _l("Teks"),
    "driver": _l("Penyedia"),
    "tax": _l("PPN"),
    "billing_day": _l("Tanggal tagihan"),
    "v": _l("Nilai"),
    "value": _l("Nilai"),
    "until": _l("Sampai tanggal"),
    "from": _l("Dari"),
    "day": _l("Tanggal"),
    "on": _l("Tanggal"),
    "kind": _l("Jenis"),
    "brand": _l("Merek"),
    "version": _l("Versi"),
}


@dataclass(frozen=True)
class Change:
    """One field. `kind`: set (was not there), gone, changed, same."""

    label: Any
    before: str
    after: str
    kind: str


NOTHING = Change("", "", "", "same")


def changes(entry: AuditEntry) -> list[Change]:
    """The fields of an entry, what changed first, in the order they were noted."""
    before, after = _flat(entry.before, entry), _flat(entry.after, entry)
    found = []
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key, ""), after.get(key, "")
        if lists := _both_lists(key, entry):
            old, new = lists
        if key not in before:
            kind = "set"
        elif key not in after:
            kind = "gone"
        else:
            kind = "same" if old == new and not _secret(key) else "changed"
        found.append(Change(_label(key, entry), old, new, kind))
    return sorted(found, key=lambda one: one.kind == "same")


def _flat(values: Any, entry: AuditEntry, start: str = "", depth: int = 0) -> dict[str, str]:
    """Dotted name -> words; a nested value that is empty or too deep stands as one."""
    if not isinstance(values, Mapping):
        return {start or "v": _in_words(start, values, entry)} if values else {}
    found: dict[str, str] = {}
    for key, value in values.items():
        name = f"{start}.{key}" if start else str(key)
        if isinstance(value, Mapping) and value and depth < DEEPEST and not _secret(name):
            found |= _flat(value, entry, name, depth + 1)
        else:
            found[name] = _in_words(name, value, entry)
    return found


def _both_lists(key: str, entry: AuditEntry) -> tuple[str, str] | None:
    """Of two lists only what went and what came; None when they are none or have the same."""
    if _secret(key) or not isinstance(entry.before, dict) or not isinstance(entry.after, dict):
        return None
    old, new = entry.before.get(key), entry.after.get(key)
    if not isinstance(old, list) or not isinstance(new, list) or old == new:
        return None
    went, came = [one for one in old if one not in new], [one for one in new if one not in old]
    return (_in_words(key, went, entry), _in_words(key, came, entry)) if went or came else None


def _secret(name: str) -> bool:
    return any(SECRET.search(part) for part in name.split("."))


def _in_words(name: str, value: Any, entry: AuditEntry) -> str:
    last = name.rpartition(".")[2]
    subject = entry.subject.partition(":")[2] if entry.subject.startswith("setting:") else ""
    if _secret(name) or _secret(subject):
        return _("diubah") if value else "—"
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, bool):
        return _("ya") if value else _("tidak")
    if isinstance(value, int) and last in MONEY:
        return format_rupiah(value)
    if isinstance(value, str) and (moment := _moment(value)):
        return moment
    if last == "role":
        return str(role_name(str(value)))
    if last == "permissions" and isinstance(value, list):
        return ", ".join(str(words(str(one)).name) for one in value)
    if isinstance(value, list):
        return ", ".join(_in_words("", one, entry) for one in value)[:LONGEST]
    return str(value)[:LONGEST]


def _moment(text: str) -> str:
    """A date or time as people read it; empty when it is none."""
    if not _ISO.fullmatch(text):
        return ""
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return date_id(stamp.date()) if stamp.tzinfo is None else datetime_id(stamp)


def _label(name: str, entry: AuditEntry) -> Any:
    kind, _colon, key = entry.subject.partition(":")
    if kind == "setting" and name in {"v", "value", key} and key in BY_KEY:
        return BY_KEY[key].label
    return LABELS.get(name, name)
