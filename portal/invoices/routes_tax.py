"""PPN by date, for the owner: what is in force, what comes, a new rate."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import facts, terms
from portal.invoices.models_terms import TaxRate
from portal.invoices.rules import percent
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.parsing import parse_day, parse_percent
from portal.web.sentences import say

bp = Blueprint("tax", __name__, url_prefix="/admin/settings/tax")


def _page(error: str = "") -> Any:
    rates = db.session.scalars(select(TaxRate).order_by(TaxRate.valid_from.desc())).all()
    return page(
        "invoices/tax.html",
        status=422 if error else 200,
        rates=rates,
        now=facts.tax_on(today()),
        percent=percent,
        typed=request.form,
        error=error,
    )


@bp.get("")
@staff("settings")
def index() -> Any:
    """All rates, the newest first."""
    return _page()


@bp.post("")
@staff("settings")
def save() -> Any:
    """A rate from a day on; the same day again replaces it."""
    form = request.form
    try:
        valid_from = parse_day(form.get("valid_from", ""))
        rate_bp = parse_percent(form.get("rate", ""))
        top, _slash, bottom = form.get("base", "").replace(" ", "").partition("/")
        if not (top.isdecimal() and (bottom or "1").isdecimal() and len(top + bottom) <= 8):
            raise ValueError(_("Isi dasar pengenaan seperti 1 atau 11/12."))
        terms.set_tax(valid_from, rate_bp, int(top), int(bottom or "1"))
    except ValueError as error:
        db.session.rollback()
        return _page(say(error))
    db.session.commit()
    return go(url_for("tax.index"), _("Tarif PPN disimpan."))
