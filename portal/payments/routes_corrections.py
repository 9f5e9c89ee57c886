"""Corrections for staff: choose, see what will happen in rupiah, confirm.

Each form is posted twice: the first shows what it would do and changes nothing, the second
does it, when that is still what it does.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, g, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.core.money import parse_rupiah
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import queries as invoices
from portal.payments import corrections, preview, queries, refunds, reversal
from portal.payments.corrections import CorrectionError
from portal.payments.models import Payment
from portal.payments.service import credit_balance
from portal.web.access import staff
from portal.web.forms import form_key
from portal.web.htmx import go, page
from portal.web.sentences import N_, say

bp = Blueprint("corrections", __name__, url_prefix="/admin/corrections")

TITLES = {
    "void": _l("Batalkan tagihan"),
    "credit-note": _l("Nota kredit"),
    "write-off": _l("Hapus buku"),
    "undo-write-off": _l("Batalkan hapus buku"),
}
FOR_STATE = {
    "open": ("void", "credit-note", "write-off"),
    "paid": ("void", "credit-note"),
    "written_off": ("undo-write-off",),
}
DONE = {
    "void": _l("Tagihan sudah dibatalkan."),
    "credit-note": _l("Nota kredit sudah dibuat."),
    "write-off": _l("Tagihan sudah dihapusbukukan."),
    "undo-write-off": _l("Tagihan ditagih lagi."),
}


@dataclass(frozen=True)
class Step:
    """One correction as its pages need it. `change` does it; `customers` are whose books move."""

    template: str
    customers: Sequence[int]
    change: Callable[[], object]
    back: str
    done: Any
    context: Callable[[], dict[str, Any]]


def _take(step: Step) -> Response:
    """Do it, and keep it when it is what was shown before; otherwise show what it does."""
    form = request.form
    db.session.rollback()
    try:
        changes = preview.made(step.customers, step.change)
    except ValueError as error:
        db.session.rollback()
        return page(step.template, status=422, error=say(error), typed=form, **step.context())
    shown, seen = form.get("seen"), preview.fingerprint(changes)
    # The same form sent twice: its one-time key found what the first had made.
    if shown and (shown == seen or not changes):
        db.session.commit()
        return go(step.back, step.done)
    db.session.rollback()
    said: dict[str, Any] = {"changes": changes, "seen": seen, "stale": bool(shown)}
    return page(step.template, error="", typed=form, **said, **step.context())


def _amount() -> int:
    typed = request.form.get("amount", "")
    if not typed.strip():
        raise CorrectionError(N_("Tulis jumlahnya dalam rupiah."))
    return parse_rupiah(typed)


def _reason() -> str:
    return request.form.get("reason", "")


def _me() -> int | None:
    who = str(getattr(g, "actor", "") or "")
    return int(who[6:]) if who.startswith("staff:") else None


def _invoice(invoice_id: int) -> invoices.InvoiceView:
    return invoices.one(invoice_id, today()) or abort(404)


@bp.get("/invoice/<int:invoice_id>")
@staff("corrections")
def choose(invoice_id: int) -> Any:
    """What can be corrected about an invoice."""
    bill = _invoice(invoice_id)
    return page(
        "corrections/choose.html",
        invoice=bill,
        verbs=FOR_STATE.get(bill.state, ()),
        titles=TITLES,
        payments=queries.payments_of_invoice(invoice_id),
    )


@bp.get("/invoice/<int:invoice_id>/<verb>")
@staff("corrections")
def ask(invoice_id: int, verb: str) -> Any:
    """The form of one correction."""
    return page("corrections/invoice.html", error="", typed={}, **_of_invoice(invoice_id, verb))


def _of_invoice(invoice_id: int, verb: str) -> dict[str, Any]:
    bill = _invoice(invoice_id)
    if verb not in TITLES:
        abort(404)
    return {
        "invoice": bill,
        "verb": verb,
        "title": TITLES[verb],
        "once": form_key() or secrets.token_urlsafe(18),
        "order": queries.pending_order(invoice_id) if verb in {"void", "write-off"} else None,
    }


@bp.post("/invoice/<int:invoice_id>/<verb>")
@staff("corrections")
def correct(invoice_id: int, verb: str) -> Any:
    """See, then do."""
    customer_id = _of_invoice(invoice_id, verb)["invoice"].customer_id
    changes: dict[str, Callable[[], object]] = {
        "void": lambda: corrections.void(
            invoice_id, _reason(), replace=bool(request.form.get("replace"))
        ),
        "credit-note": lambda: corrections.credit_note(
            invoice_id, _amount(), _reason(), form_key() or None
        ),
        "write-off": lambda: corrections.write_off(invoice_id, _reason()),
        "undo-write-off": lambda: corrections.undo_write_off(invoice_id, _reason()),
    }
    return _take(
        Step(
            template="corrections/invoice.html",
            customers=[customer_id],
            change=changes[verb],
            back=url_for("dashboard.invoice", invoice_id=invoice_id),
            done=DONE[verb],
            context=lambda: _of_invoice(invoice_id, verb),
        )
    )


@bp.get("/payment/<int:payment_id>")
@staff("corrections")
def ask_reversal(payment_id: int) -> Any:
    """The form for reversing a payment."""
    return page("corrections/payment.html", error="", typed={}, payment=_payment(payment_id))


def _payment(payment_id: int) -> Payment:
    return db.session.get(Payment, payment_id) or abort(404)


@bp.post("/payment/<int:payment_id>")
@staff("corrections")
def reverse(payment_id: int) -> Any:
    """See, then reverse."""
    payment = _payment(payment_id)
    number = request.form.get("customer", "").strip()
    other = db.session.scalar(select(Customer.id).where(Customer.number == number))
    again_for = (other or 0) if number else None
    return _take(
        Step(
            template="corrections/payment.html",
            customers=[payment.customer_id, *([other] if other else [])],
            change=lambda: reversal.reverse(payment_id, _reason(), again_for=again_for),
            back=url_for("payments.show", payment_id=payment_id),
            done=_("Pembayaran sudah dibatalkan."),
            context=lambda: {"payment": _payment(payment_id)},
        )
    )


@bp.get("/customer/<int:customer_id>/refund")
@staff("corrections")
def ask_refund(customer_id: int) -> Any:
    """The form for giving credit back."""
    return page("corrections/refund.html", error="", typed={}, **_of_customer(customer_id))


def _of_customer(customer_id: int) -> dict[str, Any]:
    return {
        "customer": db.session.get(Customer, customer_id) or abort(404),
        "credit": credit_balance(customer_id),
        "refunds": refunds.of_customer(customer_id),
        "once": form_key() or secrets.token_urlsafe(18),
    }


@bp.post("/customer/<int:customer_id>/refund")
@staff("corrections", fresh=True)
def refund(customer_id: int) -> Any:
    """See, then record that it was given back."""
    form = request.form
    _of_customer(customer_id)
    return _take(
        Step(
            template="corrections/refund.html",
            customers=[customer_id],
            change=lambda: refunds.refund(
                customer_id,
                _amount(),
                form.get("method", ""),
                _reason(),
                reference=form.get("reference", ""),
                paid_by_id=_me(),
                once=form_key() or None,
            ),
            back=url_for("customers.show", customer_id=customer_id),
            done=_("Pengembalian sudah dicatat."),
            context=lambda: _of_customer(customer_id),
        )
    )


@bp.post("/customer/<int:customer_id>/use-credit")
@staff("corrections")
def use_credit(customer_id: int) -> Any:
    """See, then use credit for open invoices."""
    _of_customer(customer_id)
    return _take(
        Step(
            template="corrections/use_credit.html",
            customers=[customer_id],
            change=lambda: corrections.spend_credit(customer_id),
            back=url_for("customers.show", customer_id=customer_id),
            done=_("Saldo sudah dipakai."),
            context=lambda: _of_customer(customer_id),
        )
    )
