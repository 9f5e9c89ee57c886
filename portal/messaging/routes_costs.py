"""Messages > what they cost: a month, per kind and category, on a page and as a file."""

import csv
import io
from typing import Any

from flask import Blueprint, Response, request

from portal.messaging import costs
from portal.web.access import staff
from portal.web.htmx import page

bp = Blueprint("costs", __name__, url_prefix="/admin/messages/costs")
HEADER = ("bulan", "jenis", "kategori", "berbayar", "gratis", "belum_sampai", "tarif", "biaya")


@bp.get("")
@staff("money")
def index() -> Any:
    """`?month=2026-11`; this month without it."""
    month = costs.month_of(request.args.get("month", ""))
    before, after = costs.months(month)
    found = costs.report(month)
    return page(
        "messaging/costs.html",
        block="report",
        found=found,
        before=before,
        after=after,
        rates=[(costs.category_label(name), rate) for name, rate in costs.rates().items()],
        missing=", ".join(costs.category_label(one) for one in found.without_rate),
    )


@bp.get("/file")
@staff("money")
def export_csv() -> Response:
    """The same month as CSV, readable by spreadsheets; amounts in whole rupiah."""
    found = costs.report(costs.month_of(request.args.get("month", "")))
    buffer = io.StringIO()
    lines = csv.writer(buffer)
    lines.writerow(HEADER)
    for one in found.lines:
        rate = "" if one.rate is None else one.rate
        cost = "" if one.cost is None else one.cost
        row = (one.kind, one.category, one.billable, one.free, one.open, rate, cost)
        lines.writerow((str(found.month), *row))
    name = f"biaya-pesan-{found.month}.csv"
    return Response(
        # The mark makes spreadsheets read it as UTF-8.
        "\ufeff" + buffer.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
