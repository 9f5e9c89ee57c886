"""Documents for staff: any invoice and receipt, and the logo on them."""

import base64
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.customers.models import Customer
from portal.documents import logo, service
from portal.extensions import db
from portal.invoices.models import CreditNote, Invoice
from portal.media import service as media
from portal.payments.models import Payment, Refund
from portal.web.access import may, staff
from portal.web.htmx import go, page

bp = Blueprint("documents", __name__, url_prefix="/admin")


@bp.get("/invoices/<int:invoice_id>/pdf")
@staff("billing")
def invoice(invoice_id: int) -> Any:
    """An invoice in its customer's language; `?paper=80` for the roll."""
    row = db.session.get(Invoice, invoice_id) or abort(404)
    return _answer(service.invoice(row.id, _language(row.customer_id), _paper()))


@bp.get("/payments/<int:payment_id>/pdf")
@staff("money")
def receipt(payment_id: int) -> Any:
    """A receipt in its customer's language; `?paper=80` for the roll."""
    row = db.session.get(Payment, payment_id) or abort(404)
    return _answer(service.receipt(row.id, _language(row.customer_id), _paper()))


@bp.get("/credit-notes/<int:note_id>/pdf")
@staff("billing")
def credit_note(note_id: int) -> Any:
    """A credit note in its customer's language."""
    row = db.session.get(CreditNote, note_id) or abort(404)
    return _answer(service.credit_note(row.id, _language(row.customer_id), _paper()))


@bp.get("/refunds/<int:refund_id>/pdf")
@staff("money")
def refund(refund_id: int) -> Any:
    """The receipt of money given back, in its customer's language."""
    row = db.session.get(Refund, refund_id) or abort(404)
    return _answer(service.refund(row.id, _language(row.customer_id), _paper()))


@bp.get("/counter/payments/<int:payment_id>/pdf")
@staff("counter")
def counter_receipt(payment_id: int) -> Any:
    """The same at the counter, where a collector prints what they took themselves."""
    row = db.session.get(Payment, payment_id) or abort(404)
    if not may("money") and row.taken_by_id != current_user.id:
        abort(404)
    return _answer(service.receipt(row.id, _language(row.customer_id), _paper()))


def _paper() -> str:
    return request.args.get("paper", "")


def _language(customer_id: int) -> str:
    return db.session.get_one(Customer, customer_id).language


def _answer(document: service.Document | None) -> Any:
    return service.answer(document, inline=bool(_paper())) if document else abort(404)


@bp.get("/settings/documents")
@staff("settings")
def settings() -> Any:
    """The logo."""
    return _settings()


@bp.post("/settings/documents")
@staff("settings")
def save() -> Any:
    """Take in a logo, or take it away."""
    if "remove" in request.form:
        logo.remove()
        db.session.commit()
        return go(url_for("documents.settings"), _("Logo dihapus."))
    file = request.files.get("logo")
    if file is None:
        return _settings(_("Pilih berkas dahulu."), 422)
    by = current_user.email
    # Nobody should wait for our lock on the database while a picture is decoded.
    db.session.rollback()
    try:
        image = logo.prepared(file.stream)
    except media.Refused as error:
        return _settings(error.sentence, 422)
    logo.keep(image, by)
    db.session.commit()
    return go(url_for("documents.settings"), _("Logo disimpan."))


def _settings(error: str = "", status: int = 200) -> Any:
    row = logo.current()
    return page(
        "documents/settings.html",
        status=status,
        logo=row,
        shown=base64.b64encode(row.image).decode() if row else "",
        error=error,
    )
