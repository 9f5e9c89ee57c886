"""The bars of the staff's first page: twelve months, ages of what is late, ways money came.

Each is a fixed number of grouped queries, whatever the number of customers.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import url_for
from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import case, extract, func, select

from portal.core.period import Period
from portal.core.plots import Plot
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices.models import Allocation, CreditNote, Invoice
from portal.invoices.queries import owed_amount
from portal.payments.models import Payment
from portal.payments.routes_staff import SOURCES
from portal.subscriptions.models import Subscription
from portal.web.filters import period_name

MONTHS = 12


def _last(until: str) -> list[Period]:
    end = Period.parse(until)
    return [end.plus(back) for back in range(1 - MONTHS, 1)]


def _pairs(statement: Any) -> dict[Any, int]:
    return {key: int(value or 0) for key, value in db.session.execute(statement)}


def _over_time(months: list[Period], names: list[str], rows: Sequence[tuple[int, ...]]) -> Plot:
    return Plot(
        [period_name(str(month)) for month in months],
        names,
        rows,
        [format_date(month.first_day, "MMM") for month in months],
    )


def money(until: str) -> Plot:
    """Billed (credit notes off) and collected of the invoices of each month."""
    months = _last(until)
    wanted = [str(month) for month in months]
    live = Invoice.state != "void"
    about = (Invoice.period.in_(wanted), live)
    billed = _pairs(
        select(Invoice.period, func.sum(Invoice.total)).where(*about).group_by(Invoice.period)
    )
    collected = _pairs(
        select(Invoice.period, func.sum(Allocation.amount))
        .join(Allocation, Allocation.invoice_id == Invoice.id)
        .where(*about)
        .group_by(Invoice.period)
    )
    less = _pairs(
        select(Invoice.period, func.sum(CreditNote.amount))
        .join(CreditNote, CreditNote.invoice_id == Invoice.id)
        .where(*about)
        .group_by(Invoice.period)
    )
    rows = [(billed.get(one, 0) - less.get(one, 0), collected.get(one, 0)) for one in wanted]
    return _over_time(months, [_("Ditagih"), _("Terkumpul")], rows)


def comings(until: str) -> Plot:
    """Lines that started and lines that ended in each month."""
    months = _last(until)
    first, last = months[0].first_day, months[-1].last_day

    def per_month(day: Any) -> dict[tuple[int, int], int]:
        year, month = extract("year", day), extract("month", day)
        rows = db.session.execute(
            select(year, month, func.count()).where(day >= first, day <= last).group_by(year, month)
        )
        return {(int(y), int(m)): count for y, m, count in rows}

    started, ended = per_month(Subscription.started_on), per_month(Subscription.ended_on)
    keys = [(month.first_day.year, month.first_day.month) for month in months]
    rows = [(started.get(key, 0), ended.get(key, 0)) for key in keys]
    return _over_time(months, [_("Mulai"), _("Berhenti")], rows)


def ageing() -> list[tuple[str, int, str]]:
    """(words, rupiah, address of the list) of what is late, by days past the due date."""
    day = today()
    edges = [day - timedelta(days=30), day - timedelta(days=60)]
    band = case((Invoice.due_on >= edges[0], 0), (Invoice.due_on >= edges[1], 1), else_=2)
    found = _pairs(
        select(band, func.sum(owed_amount()))
        .where(Invoice.state == "open", Invoice.due_on < day)
        .group_by(band)
    )
    bands = (("30", _("1–30 hari")), ("60", _("31–60 hari")), ("61", _("61 hari ke atas")))
    return [
        (words, found.get(number, 0), url_for("invoices.index", state="overdue", age=age))
        for number, (age, words) in enumerate(bands)
    ]


def ways(period: str) -> list[tuple[str, int, str]]:
    """(words, rupiah, address of the list) of the money booked in the month, the most first."""
    month = Period.parse(period)
    found = _pairs(
        select(Payment.source, func.sum(Payment.amount))
        .where(Payment.booked_on >= month.first_day, Payment.booked_on <= month.last_day)
        .group_by(Payment.source)
    )
    return [
        (
            str(SOURCES.get(source, source)),
            amount,
            url_for("payments.index", source=source, since=month.first_day, until=month.last_day),
        )
        for source, amount in sorted(found.items(), key=lambda pair: -pair[1])
        if amount
    ]
