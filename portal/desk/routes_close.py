"""Closing a customer: the consequences first, then the end of every line and of the account."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal.desk import closing, customer_page
from portal.desk.blueprint import bp
from portal.extensions import db
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say


def _form(customer_id: int, error: str = "") -> Any:
    about = customer_page.head(customer_id)
    return page(
        "customers/close.html",
        status=422 if error else 200,
        head=about,
        customer=about.customer,
        means=closing.foresee(about.customer),
        error=error,
        reason=request.form.get("reason", ""),
    )


@bp.get("/<int:customer_id>/close")
@staff("billing")
def ask_close(customer_id: int) -> Any:
    """What closing means."""
    return _form(customer_id)


@bp.post("/<int:customer_id>/close")
@staff("billing")
def close(customer_id: int) -> Any:
    """End every line today; the customer can no longer log in."""
    customer_page.customer_or_404(customer_id)
    db.session.rollback()
    try:
        closed = closing.close(customer_id, request.form.get("reason", ""))
    except ValueError as error:
        db.session.rollback()
        return _form(customer_id, say(error))
    db.session.commit()
    closing.settle(closed)
    db.session.commit()
    return go(url_for(".show", customer_id=customer_id), _("Pelanggan ditutup."))


@bp.post("/<int:customer_id>/reopen")
@staff("billing")
def reopen(customer_id: int) -> Any:
    """A closed customer comes back; a line is made anew."""
    customer_page.customer_or_404(customer_id)
    opened = closing.reopen(customer_id)
    db.session.commit()
    here = url_for(".show", customer_id=customer_id)
    if not opened:
        return go(here, _("Keadaannya sudah berubah."), "warn")
    return go(here, _("Pelanggan dibuka lagi. Layanan yang berhenti tetap berhenti."))
