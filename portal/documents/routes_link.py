"""`/t/<token>/pdf`: the one bill of a pay link as PDF, masked; its receipt once it is paid."""

from typing import Any

from flask import Blueprint, abort, current_app, request
from flask_babel import get_locale

from portal.documents import service
from portal.infra.throttle import Throttle
from portal.invoices.models import Invoice
from portal.payments import queries as payments
from portal.payments.routes_link import keep_quiet, visit
from portal.web.access import public

bp = Blueprint("link_documents", __name__, url_prefix="/t")
bp.after_request(keep_quiet)
PER_HOUR = 60
"""Documents of one bill; drawing one takes some milliseconds."""


@bp.get("/<pay_token>/pdf")
@public
def show(pay_token: str) -> Any:
    """The invoice, or the receipt's part for it; `?paper=80` for a roll."""
    return visit(pay_token, _document)


def _document(_token: str, row: Invoice) -> Any:
    if not _throttle().spend(str(row.id)):
        abort(429)
    paper, language = request.args.get("paper", ""), str(get_locale())
    paid = payments.payments_of_invoice(row.id) if row.state == "paid" else []
    if paid:
        last = paid[-1][0].id
        document = service.receipt(last, language, paper, only=row.id, masked=True)
    else:
        document = service.invoice(row.id, language, paper, masked=True)
    return service.answer(document, inline=bool(paper)) if document else abort(404)


def _throttle() -> Throttle:
    fresh = Throttle(PER_HOUR, 3600)
    found: Throttle = current_app.extensions.setdefault("loket.link_documents", fresh)
    return found
