"""The customers list as a file: exactly the filter, in the list's order."""

from collections.abc import Iterator
from typing import IO

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.core.phone import PhoneNumber
from portal.desk import filtering, listing
from portal.desk.filtering import Filter
from portal.infra.timekeeping import today, zone
from portal.reports.files import KINDS, MIME, MOST, Row, written

__all__ = ["KINDS", "MIME", "MOST", "customers_file", "key", "opened"]
KEY_SECONDS = 300


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="customers export")


def key(wanted: Filter, kind: str, staff_id: int) -> str:
    """Opens this file for this person for five minutes: asking for it was noted."""
    return str(_signer().dumps([wanted.query(), kind, staff_id]))


def opened(typed: str, staff_id: int) -> tuple[str, str] | None:
    """(filter as in an address, kind) of a key that still opens; None for any other."""
    try:
        query, kind, owner = _signer().loads(typed, max_age=KEY_SECONDS)
    except BadSignature:
        return None
    return (query, kind) if owner == staff_id and kind in KINDS else None


def customers_file(wanted: Filter, kind: str) -> tuple[IO[bytes], str]:
    """The file and its name; one row for each line of a customer, one for who has none."""
    columns = (
        (_("Nomor"), "text"),
        (_("Nama"), "text"),
        (_("WhatsApp"), "text"),
        (_("Nomor lain"), "text"),
        (_("Alamat"), "text"),
        (_("Area"), "text"),
        (_("Keadaan pelanggan"), "text"),
        (_("Login"), "text"),
        (_("Paket"), "text"),
        (_("Harga"), "money"),
        (_("Tanggal tagihan"), "count"),
        (_("Keadaan layanan"), "text"),
        (_("Tagihan terbuka"), "count"),
        (_("Jumlah tagihan terbuka"), "money"),
        (_("Jatuh tempo terlama"), "day"),
        (_("Sejak"), "day"),
    )
    head, kinds = [str(one) for one, _kind in columns], [kind_ for _one, kind_ in columns]
    found = written(kind, str(_("Pelanggan")), head, kinds, _rows(wanted))
    return found, f"pelanggan-{today()}.{kind}"


def _rows(wanted: Filter) -> Iterator[Row]:
    states = {name: str(label) for name, label in filtering.STATES.items()}
    people = {**states, "active": _("Aktif"), "lapsed": _("Tidak jadi")}
    for row in listing.every(wanted):
        one = row.customer
        about: Row = (
            one.number,
            one.name,
            _local(one.phone),
            _local(one.phone_alt),
            one.address,
            one.area.name if one.area else "",
            people.get(one.status, one.status),
        )
        since = one.created_at.astimezone(zone()).date()
        # What is owed is the customer's, so it stands once, or sums would count it twice.
        owes: Row = (row.bills, row.owed, row.due_on, since)
        if not row.lines:
            yield (*about, "", "", None, None, "", *owes)
        for place, line in enumerate(row.lines):
            yield (
                *about,
                line.login,
                line.plan.name,
                line.price,
                line.billing_day,
                states.get(line.state, line.state),
                *(owes if place == 0 else (None, None, None, since)),
            )


def _local(phone: str | None) -> str:
    return PhoneNumber.parse(phone).local() if phone else ""
