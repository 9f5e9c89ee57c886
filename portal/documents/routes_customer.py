"""The customer's own invoices and receipts as PDF; anybody else's are 404."""

from typing import Any

from flask import Blueprint, abort, request
from flask_babel import get_locale
from flask_login import current_user

from portal.documents import service
from portal.extensions import db
from portal.invoices.models import CreditNote, Invoice
from portal.payments.models import Payment
from portal.web.access import customer_only

bp = Blueprint("my_documents", __name__, url_prefix="/me")
user: Any = current_user


@bp.get("/invoices/<int:invoice_id>/pdf")
@customer_only
def invoice(invoice_id: int) -> Any:
    """One's own invoice; `?paper=80` for a roll."""
    row = db.session.get(Invoice, invoice_id)
    if row is None or row.customer_id != user.id:
        abort(404)
    return _answer(service.invoice(invoice_id, str(get_locale()), _paper()))


@bp.get("/payments/<int:payment_id>/pdf")
@customer_only
def receipt(payment_id: int) -> Any:
    """The receipt of one's own payment; `?paper=80` for a roll."""
    row = db.session.get(Payment, payment_id)
    if row is None or row.customer_id != user.id:
        abort(404)
    return _answer(service.receipt(payment_id, str(get_locale()), _paper()))


@bp.get("/credit-notes/<int:note_id>/pdf")
@customer_only
def credit_note(note_id: int) -> Any:
    """One's own credit note."""
    row = db.session.get(CreditNote, note_id)
    if row is None or row.customer_id != user.id:
        abort(404)
    return _answer(service.credit_note(note_id, str(get_locale()), _paper()))


def _paper() -> str:
    return request.args.get("paper", "")


def _answer(document: service.Document | None) -> Any:
    return service.answer(document, inline=bool(_paper())) if document else abort(404)
