"""What reports say in words: ranges of days, bands of an ageing, ways to pay."""

from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from portal.accounts.models import Staff
from portal.core.period import Period
from portal.customers.models import Area
from portal.payments.routes_staff import SOURCES
from portal.reports.measures import names_of
from portal.reports.scope import EMPTY, Scope
from portal.web.filters import date_id, period_name


def range_words(scope: Scope) -> str:
    """`November 2026`, `Jun – Nov 2026`, or its first and last day."""
    if not scope.whole_months:
        if scope.since == scope.until:
            return date_id(scope.since)
        return f"{date_id(scope.since)} – {date_id(scope.until)}"
    first, last = Period.of(scope.since), Period.of(scope.until)
    if first == last:
        return period_name(str(first))
    return f"{format_date(scope.since, 'MMM yyyy')} – {format_date(scope.until, 'MMM yyyy')}"


def band_words(name: str) -> str:
    """The band of an ageing."""
    return {
        "0": _("Belum jatuh tempo"),
        "7": _("1–7 hari"),
        "30": _("8–30 hari"),
        "60": _("31–60 hari"),
        "90": _("61–90 hari"),
        "91": _("Lebih dari 90 hari"),
    }.get(name, name)


def source_words(source: str | None) -> str:
    """Where a payment came from."""
    known: dict[str, Any] = {**SOURCES, "refund": _("Pengembalian")}
    return str(known.get(source or "", source or ""))


def method_words(method: str | None) -> str:
    """How it was paid: QRIS, BCA, TUNAI."""
    return (method or "").replace("_", " ").upper()


def who_words(scope: Scope) -> list[str]:
    """Area and staff a list is narrowed to, by name."""
    found = []
    for wanted, model, nobody in (
        (scope.area, Area, _("Tanpa area")),
        (scope.staff, Staff, _("Tanpa petugas (online, transfer)")),
    ):
        if wanted == EMPTY:
            found.append(nobody)
        elif wanted:
            found.append(names_of(model, [int(wanted)]).get(int(wanted), f"#{wanted}"))
    return found
