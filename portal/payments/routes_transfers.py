"""Transfers waiting for a cashier: the list, the photos, "Uang sudah masuk" and "Tolak"."""

from typing import Any

from flask import Blueprint, Response, abort, request, send_file, url_for
from flask_babel import gettext as _

from portal.extensions import db
from portal.media import shelf
from portal.payments import transfers
from portal.payments.models import PaymentOrder, PaymentProof
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import paginate

bp = Blueprint("transfers", __name__, url_prefix="/admin/payments/transfers")


@bp.get("")
@staff("money")
def index() -> Any:
    """Transfers to compare with the bank account."""
    return _list()


def _list(*, status: int = 200, refused: int = 0, error: str = "") -> Response:
    text = request.args.get("q", "").strip()[:80]
    found = paginate(transfers.listing(text))
    return page(
        "payments/transfers.html",
        block="table",
        status=status,
        found=found,
        text=text,
        proofs=transfers.proofs_of([row[0].id for row in found.rows]),
        refused=refused,
        error=error,
        typed=request.form,
    )


@bp.post("/<int:transfer_id>/confirm")
@staff("money")
def confirm(transfer_id: int) -> Any:
    """The money is in the account: record it."""
    order = db.session.get(PaymentOrder, transfer_id) or abort(404)
    digits = request.form.get("amount", "").replace(".", "").strip()
    amount = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else 0
    try:
        done = transfers.confirm(order, amount, request.form.get("reason", ""))
    except transfers.TransferError as error:
        db.session.rollback()
        return _list(status=422, refused=transfer_id, error=str(error))
    db.session.commit()
    message = _("Pembayaran dicatat.") if done else _("Sudah dicatat sebelumnya.")
    return go(url_for("transfers.index"), message)


@bp.post("/<int:transfer_id>/refuse")
@staff("money")
def refuse(transfer_id: int) -> Any:
    """The photo shows no such transfer; the customer may send another."""
    order = db.session.get(PaymentOrder, transfer_id) or abort(404)
    try:
        done = transfers.refuse(order, request.form.get("reason", ""))
    except transfers.TransferError as error:
        db.session.rollback()
        return _list(status=422, refused=transfer_id, error=str(error))
    db.session.commit()
    message = _("Bukti ditolak.") if done else _("Tidak ada bukti yang menunggu.")
    return go(url_for("transfers.index"), message)


@bp.get("/proofs/<int:proof_id>")
@staff("money")
def proof(proof_id: int) -> Any:
    """The photo, for staff who handle money only."""
    if db.session.get(PaymentProof, proof_id) is None:
        abort(404)
    row = transfers.photo_of(proof_id)
    place = shelf.place(row.path) if row else None
    if row is None or place is None or not place.is_file():
        return page("payments/no_photo.html")
    answer = send_file(place, mimetype=row.mime, download_name=row.filename, etag=row.sha256)
    answer.headers["Cache-Control"] = "no-store"
    return answer
