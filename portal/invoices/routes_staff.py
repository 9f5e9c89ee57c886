"""Invoices for staff: list, one invoice's link, and the invoice run."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _

from portal.core.period import Period
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import billing, links, queries, runs
from portal.invoices.models import Invoice
from portal.invoices.words import SKIPPED
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.sentences import say

bp = Blueprint("invoices", __name__, url_prefix="/admin/invoices")

# Days past the due date, the first and the last one of a band.
AGES = {"30": (1, 30), "60": (31, 60), "61": (61, 36_500)}
STATES = ("open", "overdue", "paid", "void", "written_off")


@bp.get("")
@staff("billing")
def index() -> Any:
    """The list, with its filters in the URL and its sum."""
    text = request.args.get("q", "").strip()[:80]
    state, period = request.args.get("state", ""), request.args.get("period", "")
    age = request.args.get("age", "")
    day = today()
    statement = queries.filtered(text, state if state in STATES else "", period[:7], day)
    if age in AGES:
        least, most = AGES[age]
        statement = statement.where(
            Invoice.due_on <= day - timedelta(days=least),
            Invoice.due_on >= day - timedelta(days=most),
        )
    found = paginate(statement)
    rows = [queries.view(row, day) for row in found.rows]
    count, total, owed = runs.sums(statement)
    return page(
        "invoices/index.html",
        block="table",
        page=found,
        rows=rows,
        count=count,
        total=total,
        owed=owed,
        q=text,
        state=state,
        period=period,
        age=age,
        ages=AGES,
        states=STATES,
        periods=runs.periods(),
    )


@bp.post("/<int:invoice_id>/link")
@staff("billing")
def renew_link(invoice_id: int) -> Any:
    """Revoke the pay links sent so far."""
    if queries.one(invoice_id, today()) is None:
        abort(404)
    db.session.rollback()
    links.renew(invoice_id)
    db.session.commit()
    return go(
        url_for("dashboard.invoice", invoice_id=invoice_id),
        _("Tautan lama tidak berlaku lagi. Pesan berikutnya membawa yang baru."),
    )


def _period() -> tuple[Period | None, str]:
    typed = (request.values.get("period") or "").strip()
    try:
        return (Period.parse(typed) if typed else Period.of(today())), ""
    except ValueError as error:
        return None, say(error)


@bp.get("/run")
@staff("billing")
def run() -> Any:
    """Choose a period, see what would be issued, or how far the run is."""
    period, error = _period()
    if period is None:
        return page("invoices/run.html", status=422, error=error, typed=request.values["period"])
    return page("invoices/run.html", block="progress", **_run_context(period))


def _run_context(period: Period, error: str = "") -> dict[str, Any]:
    preview = billing.preview(period)
    seen = runs.progress(period, preview)
    return {
        "period": str(period),
        "typed": str(period),
        "preview": preview,
        "progress": seen,
        "seconds_left": runs.seconds_left(seen),
        "next": str(Period.of(today()).next()),
        "reasons": SKIPPED,
        "error": error,
    }


@bp.post("/run")
@staff("billing")
def start() -> Any:
    """Confirmed by typing the month: hand the run to the worker."""
    period, error = _period()
    if period is None:
        return page("invoices/run.html", status=422, error=error, typed=request.values["period"])
    if request.form.get("confirm", "").strip() != str(period):
        message = _("Ketik %(period)s untuk menerbitkan.", period=period)
        return page("invoices/run.html", status=422, **_run_context(period, message))
    runs.request(period, tell=request.form.get("tell", "now") != "later")
    db.session.commit()
    return go(
        url_for("invoices.run", period=str(period)), _("Penerbitan dimulai. Halaman boleh ditutup.")
    )


@bp.post("/run/pause")
@staff("billing")
def pause_run() -> Any:
    """Stop after the chunk that is under way."""
    return _steer(runs.pause, _("Penerbitan dijeda."))


@bp.post("/run/resume")
@staff("billing")
def resume_run() -> Any:
    """Go on where the run was."""
    return _steer(runs.resume, _("Penerbitan dilanjutkan."))


def _steer(change: Callable[[Period], bool], done: str) -> Any:
    period, error = _period()
    if period is None:
        return page("invoices/run.html", status=422, error=error, typed=request.values["period"])
    changed = change(period)
    db.session.commit()
    told = done if changed else _("Penerbitan periode ini sudah selesai.")
    return go(url_for("invoices.run", period=str(period)), told)
