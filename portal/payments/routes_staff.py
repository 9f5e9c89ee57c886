"""Payments and the *perlu perhatian* list, for staff."""

from typing import Any

from flask import Blueprint, abort, g, request, url_for
from flask_babel import gettext as _

from portal.extensions import db
from portal.payments import attention, queries
from portal.payments.models import AttentionItem, Payment, PaymentOrder
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import paginate

bp = Blueprint("payments", __name__, url_prefix="/admin/payments")


@bp.get("")
@staff("money")
def index() -> Any:
    """All payments, the newest first."""
    text = request.args.get("q", "").strip()[:80]
    found = paginate(queries.listing(text, request.args.get("source", "")[:30]))
    return page("payments/index.html", block="table", page=found, q=text)


@bp.get("/<int:payment_id>")
@staff("money")
def show(payment_id: int) -> Any:
    """Where the money of one payment went."""
    payment = db.session.get(Payment, payment_id) or abort(404)
    order = (
        db.session.get(PaymentOrder, payment.payment_order_id) if payment.payment_order_id else None
    )
    return page(
        "payments/show.html",
        payment=payment,
        order=order,
        parts=queries.invoices_of_payment(payment_id),
        credit=queries.credit_rows(payment_id),
    )


@bp.get("/attention")
@staff("money")
def attention_list() -> Any:
    """Money that needs a person."""
    state = "resolved" if request.args.get("state") == "resolved" else "open"
    return page(
        "payments/attention.html", page=paginate(queries.attention(state)), state=state, error=""
    )


@bp.post("/attention/<int:item_id>/resolve")
@staff("money")
def resolve(item_id: int) -> Any:
    """Close an item with a note on what was done."""
    if db.session.get(AttentionItem, item_id) is None:
        abort(404)
    try:
        done = attention.resolve(item_id, request.form.get("note", ""), g.actor or "")
    except ValueError as error:
        db.session.rollback()
        found = paginate(queries.attention("open"))
        return page(
            "payments/attention.html", status=422, page=found, state="open", error=str(error)
        )
    db.session.commit()
    message = _("Ditandai selesai.") if done else _("Sudah ditandai sebelumnya.")
    return go(url_for("payments.attention_list"), message)
