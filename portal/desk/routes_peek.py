"""Beginning and ending a look through a customer's eyes."""

from typing import Any

from flask import Blueprint, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.desk import customer_page, peek
from portal.extensions import db
from portal.web.access import staff
from portal.web.htmx import go

bp = Blueprint("peek", __name__, url_prefix="/admin")


@bp.post("/customers/<int:customer_id>/view-as")
@staff("impersonate")
def start(customer_id: int) -> Any:
    """Open the customer's home page, read only, for a quarter of an hour."""
    customer = customer_page.customer_or_404(customer_id)
    if not customer.is_active:
        here = url_for("customers.show", customer_id=customer_id)
        return go(
            here, _("Pelanggan ini tidak dapat masuk, jadi tidak ada yang dapat dilihat."), "bad"
        )
    row = peek.start(current_user.id, customer_id)
    target = url_for("dashboard.index") + f"/as/{row.id}/"
    db.session.commit()
    return go(target)


@bp.post("/view-as/<int:peek_id>/end")
@staff("impersonate")
def end(peek_id: int) -> Any:
    """Back to the customer's page for staff."""
    customer_id = peek.end(peek_id, current_user.id)
    db.session.commit()
    if customer_id is None:
        return go(url_for("customers.index"), _("Lihat sebagai pelanggan sudah selesai."))
    here = url_for("customers.show", customer_id=customer_id)
    return go(here, _("Lihat sebagai pelanggan selesai."))
