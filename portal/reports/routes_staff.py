"""Reports: an overview, each report, the rows behind each number, all of them as files."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.customers.models import Area
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.reports import catalog, handing_out, ledger, quick
from portal.reports.charts import chart
from portal.reports.files import KINDS, MIME, MOST
from portal.reports.measures import MEASURES, figure, listing
from portal.reports.scope import EMPTY, Scope, read
from portal.reports.words import band_words, method_words, range_words, source_words, who_words
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import PER_PAGE, Page

bp = Blueprint("reports", __name__, url_prefix="/admin/reports")

OVERVIEW = (
    ("receipts", "receipts"),
    ("revenue", "invoiced"),
    ("receivable", "ageing"),
    ("tax", "tax"),
)
BASES = {
    "basis": (("", _l("Tanggal terbit")), ("due", _l("Jatuh tempo"))),
    "tax_basis": (("", _l("Terbit")), ("received", _l("Terbit dan diterima"))),
    "by": (("", _l("Otomatis")), ("day", _l("Hari")), ("month", _l("Bulan"))),
}


@bp.get("")
@staff("reports")
def index() -> Any:
    """This month in a few numbers, whether the books agree, and what can be opened."""
    scope = read(request.args, today())
    balance = ledger.balance(scope)
    amounts = {name: balance.of(name) for name, _report in OVERVIEW if name != "tax"}
    amounts["tax"] = figure("tax", scope).amount
    return page(
        "reports/index.html",
        scope=scope,
        words=range_words(scope),
        figures=[(MEASURES[name].label, amounts[name], name, report) for name, report in OVERVIEW],
        gaps=list(balance.gaps),
        reports=catalog.REPORTS,
        ranges=quick.ranges(today()),
    )


@bp.get("/<report>")
@staff("reports")
def show(report: str) -> Any:
    """One report: filters, chart, table."""
    found = catalog.REPORTS.get(report) or abort(404)
    scope = _scope(found)
    table = found.build(scope)
    return page(
        "reports/show.html",
        block="report",
        name=report,
        report=found,
        reports=catalog.REPORTS,
        scope=scope,
        words=range_words(scope),
        table=table,
        chart=chart(table),
        areas=_areas(),
        choices=[(one, BASES[one]) for one in found.choices if one in BASES],
        ranges=quick.ranges(today()),
        EMPTY=EMPTY,
    )


def _scope(report: catalog.Report) -> Scope:
    scope = read(request.args, today(), months=report.months)
    if not report.as_of:
        return scope
    # As of a day: that day, today when none is named.
    day = scope.until if request.args.get("until") else today()
    return replace(scope, since=min(scope.since, day), until=day)


def _areas() -> Any:
    return db.session.execute(select(Area.id, Area.name).order_by(Area.name)).all()


@bp.get("/<report>/file/<file_kind>")
@staff("reports")
def report_file(report: str, file_kind: str) -> Any:
    """The same table as CSV or XLSX."""
    found = catalog.REPORTS.get(report) or abort(404)
    if file_kind not in KINDS:
        abort(404)
    target, name = handing_out.report_file(report, _scope(found), file_kind)
    return _send(target, name, file_kind)


@bp.get("/rows/<measure>")
@staff("reports")
def rows(measure: str) -> Any:
    """The rows a number is the sum of."""
    found = MEASURES.get(measure) or abort(404)
    scope = _rows_scope(measure)
    whole = figure(measure, scope)
    pages = max(1, -(-whole.count // PER_PAGE))
    number = min(max(request.args.get("page", 1, type=int), 1), pages)
    shown = db.session.execute(
        listing(measure, scope).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    )
    return page(
        "reports/rows.html",
        block="rows",
        measure=found,
        name=measure,
        scope=scope,
        words=_("per %(day)s", day=range_words(replace(scope, since=scope.until)))
        if found.as_of
        else range_words(scope),
        narrowed=_narrowed(scope),
        whole=whole,
        found=Page(shown.all(), number, whole.count),
        source_words=source_words,
        method_words=method_words,
        too_many=whole.count > MOST,
    )


def _rows_scope(measure: str) -> Scope:
    return read(request.args, today())


def _narrowed(scope: Scope) -> list[str]:
    """What the list is narrowed to, in words."""
    found = []
    if scope.source:
        found.append(source_words("" if scope.source == EMPTY else scope.source))
    if scope.method and scope.method != EMPTY:
        found.append(method_words(scope.method))
    if scope.bucket:
        found.append(band_words(scope.bucket))
    return [*found, *who_words(scope)]


@bp.get("/rows/<measure>/file/<file_kind>")
@staff("reports")
def rows_file(measure: str, file_kind: str) -> Any:
    """The same rows as CSV or XLSX."""
    if measure not in MEASURES or file_kind not in KINDS:
        abort(404)
    scope = _rows_scope(measure)
    if file_kind == "xlsx" and figure(measure, scope).count > MOST:
        asked: dict[str, Any] = {**scope.args()}
        back = url_for("reports.rows", measure=measure, **asked)
        return go(back, _("Lebih dari 100.000 baris: pakai CSV, atau persempit rentangnya."), "bad")
    target, name = handing_out.rows_file(measure, scope, file_kind)
    return _send(target, name, file_kind)


def _send(target: Any, name: str, kind: str) -> Response:
    answer = send_file(target, mimetype=MIME[kind], as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
