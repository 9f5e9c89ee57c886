"""Payments and the *perlu perhatian* list, for staff."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, g, request, url_for
from flask_babel import lazy_gettext as _l

from portal.accounts.names import names_of
from portal.extensions import db
from portal.payments import queries, resolutions, transfers
from portal.payments.models import AttentionItem, Payment, PaymentOrder
from portal.payments.queries import Filter
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.sentences import say

bp = Blueprint("payments", __name__, url_prefix="/admin/payments")
SOURCES = {
    "pakasir": _l("Online (Pakasir)"),
    "transfer": _l("Transfer bank"),
    "cash": _l("Tunai"),
    "counter_transfer": _l("Transfer lewat kasir"),
    "demo": _l("Riwayat contoh"),
}


@bp.get("")
@staff("money")
def index() -> Any:
    """All payments, the newest first, with filters in the address."""
    wanted = Filter(
        text=request.args.get("q", "").strip()[:80],
        source=request.args.get("source", "")[:30],
        since=request.args.get("since", type=date.fromisoformat),
        until=request.args.get("until", type=date.fromisoformat),
    )
    found = queries.filtered(wanted)
    return page(
        "payments/index.html",
        block="table",
        found=paginate(found),
        total=queries.total_of(found),
        wanted=wanted,
        used=queries.sources_used(),
        sources=SOURCES,
        open_items=queries.attention_count(),
        waiting_transfers=transfers.waiting(),
    )


@bp.get("/<int:payment_id>")
@staff("money")
def show(payment_id: int) -> Any:
    """Where the money of one payment went, and how it came."""
    payment = db.session.get(Payment, payment_id) or abort(404)
    order_pk = payment.payment_order_id
    return page(
        "payments/show.html",
        payment=payment,
        order=db.session.get(PaymentOrder, order_pk) if order_pk else None,
        parts=queries.invoices_of_payment(payment_id),
        credit=queries.credit_rows(payment_id),
        items=queries.attention_of_payment(payment_id),
        reverses=db.session.get(Payment, payment.reverses_id) if payment.reverses_id else None,
        reversed_by=queries.reversal_of(payment_id),
        sources=SOURCES,
    )


@bp.get("/attention")
@staff("money")
def attention_list() -> Any:
    """Money that needs a person."""
    return _attention("resolved" if request.args.get("state") == "resolved" else "open")


def _attention(state: str, *, status: int = 200, refused: int = 0, error: str = "") -> Response:
    found = paginate(queries.attention(state))
    return page(
        "payments/attention.html",
        status=status,
        found=found,
        state=state,
        names=names_of(row[0].resolved_by for row in found.rows),
        refused=refused,
        error=error,
        typed=request.form,
        suggested=resolutions.payers(request.form.get("customer", "")) if refused else [],
        offered={
            item.id: resolutions.actions(item, resolutions.credit_left(item))
            for item, *_rest in found.rows
            if item.state == "open"
        },
    )


@bp.get("/attention/<int:item_id>/payers")
@staff("money")
def suggest(item_id: int) -> Any:
    """Customers who may have paid, while somebody types; a part of the list."""
    found = resolutions.payers(request.args.get("customer", "")[:80])
    return page("payments/attention_payers.html", item_id=item_id, suggested=found)


@bp.post("/attention/<int:item_id>/resolve")
@staff("money")
def resolve(item_id: int) -> Any:
    """Close an item, or do what it offers, with a note on why."""
    if db.session.get(AttentionItem, item_id) is None:
        abort(404)
    form = request.form
    action, customer = form.get("action", "match"), form.get("payer") or form.get("customer", "")
    try:
        message = resolutions.act(item_id, action, form.get("note", ""), g.actor or "", customer)
    except ValueError as error:
        db.session.rollback()
        return _attention("open", status=422, refused=item_id, error=say(error))
    return go(url_for("payments.attention_list"), message)
