"""Taking money: find the customer, choose invoices, see what will happen, confirm, receipt."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts.names import name_of
from portal.core.money import format_rupiah
from portal.counter import drawer, forms, queries, taking
from portal.counter.drawer import CounterError
from portal.counter.effect import Effect, foresee
from portal.counter.taking import Wish
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.secrets import new_token
from portal.infra.timekeeping import today, zone
from portal.invoices import queries as invoices
from portal.invoices.queries import InvoiceView
from portal.payments import queries as payments
from portal.payments import service
from portal.web.access import staff
from portal.web.forms import form_key
from portal.web.htmx import go, is_fragment, page
from portal.web.pagination import paginate

bp = Blueprint("counter", __name__, url_prefix="/admin/counter")


@bp.get("")
@staff("counter")
def index() -> Any:
    """Search as you type; Enter opens the one that is found."""
    text = request.args.get("q", "").strip()[:80]
    found = queries.found(text) if text else []
    if len(found) == 1 and not is_fragment():
        return go(url_for(".pay", customer_id=found[0].customer.id))
    if is_fragment():
        return page("counter/index.html", block="hits", q=text, found=found, typing=True)
    midnight = datetime.combine(today(), time(), zone())
    collecting = queries.is_collector()
    return page(
        "counter/index.html",
        q=text,
        found=found,
        collecting=collecting,
        unpaid=paginate(queries.unpaid()) if collecting else None,
        debtor=queries.debtor,
        owed=queries.unpaid_total() if collecting else 0,
        taken=queries.taken_since(current_user.id, midnight),
        closed=drawer.closing_of(current_user.id, today()),
    )


@bp.get("/customers/<int:customer_id>")
@staff("counter")
def pay(customer_id: int) -> Any:
    """The form: this customer's open invoices, the oldest or the named one chosen."""
    customer = queries.customer_or_404(customer_id)
    owing = _owing(customer_id)
    named = forms.chosen(request.args.getlist("invoice"))
    picked = [bill.id for bill in owing if bill.id in named] or [bill.id for bill in owing[:1]]
    return _form(customer, owing, picked)


def _owing(customer_id: int) -> list[InvoiceView]:
    return invoices.of_customer(customer_id, today(), only_open=True)


def _form(
    customer: Customer,
    owing: Sequence[InvoiceView],
    picked: Sequence[int],
    errors: dict[str, str] | None = None,
) -> Response:
    last = payments.payments_of_customer(customer.id, 1)
    return page(
        "counter/pay.html",
        status=422 if errors else 200,
        customer=customer,
        owing=owing,
        picked=picked,
        credit=service.credit_balance(customer.id),
        last=last[0] if last else None,
        collecting=queries.is_collector(),
        errors=errors or {},
        typed=request.form,
    )


@bp.post("/customers/<int:customer_id>/check")
@staff("counter")
def check(customer_id: int) -> Any:
    """Say what will happen, before it does. Writes nothing."""
    customer = queries.customer_or_404(customer_id)
    owing = _owing(customer_id)
    wish, errors = _read(customer_id, owing)
    if wish is None:
        return _form(customer, owing, forms.chosen(request.form.getlist("invoice")), errors)
    return _confirm(customer, owing, wish)


def _read(customer_id: int, owing: Sequence[InvoiceView]) -> tuple[Wish | None, dict[str, str]]:
    """The form's wish, or what is wrong with it."""
    owed = {bill.id: bill.remaining for bill in owing}
    wish, errors = forms.read_wish(request.form, customer_id, owed)
    if wish is not None:
        try:
            _allowed(wish)
        except CounterError as error:
            return None, {"all": str(error)}
    return wish, errors


def _allowed(wish: Wish) -> None:
    """Raises CounterError for what this person may not record now."""
    _allowed_method(wish)
    taking.check(wish, current_user.id)


def _confirm(customer: Customer, owing: Sequence[InvoiceView], wish: Wish) -> Response:
    return page(
        "counter/confirm.html",
        customer=customer,
        wish=wish,
        effect=_effect(owing, wish),
        bills={bill.id: bill for bill in owing},
        last=_just_now(customer.id),
        once=new_token(),
    )


def _effect(owing: Sequence[InvoiceView], wish: Wish) -> Effect:
    """As recording will do it: the chosen ones, then the oldest."""
    rest = {bill.id: bill.remaining for bill in owing}
    order = dict.fromkeys([*(one for one in wish.invoice_ids if one in rest), *rest])
    return foresee(wish.amount, [(one, rest[one]) for one in order])


def _just_now(customer_id: int) -> Any:
    """A payment of today: perhaps this very money."""
    last = payments.payments_of_customer(customer_id, 1)
    return last[0] if last and last[0].booked_on == today() else None


@bp.post("/customers/<int:customer_id>/take")
@staff("counter")
def take(customer_id: int) -> Any:
    """Record it; a second press of the same form leads to the same receipt."""
    customer = queries.customer_or_404(customer_id)
    once = form_key()
    wish, errors = _confirmed(customer_id)
    try:
        if wish is None:
            raise CounterError(next(iter(errors.values())))
        _allowed_method(wish)
        payment, new = taking.take(wish, current_user.id, once)
    except CounterError as error:
        db.session.rollback()
        customer = queries.customer_or_404(customer_id)
        picked = forms.chosen(request.form.getlist("invoice"))
        return _form(customer, _owing(customer_id), picked, {"all": str(error)})
    message, level = _outcome(payment.id, new)
    target = url_for(".receipt", payment_id=payment.id)
    db.session.commit()
    return go(target, message, level)


def _allowed_method(wish: Wish) -> None:
    if wish.method != "cash" and queries.is_collector():
        raise CounterError(_("Penagih hanya menerima uang tunai."))


def _confirmed(customer_id: int) -> tuple[Wish | None, dict[str, str]]:
    """The wish as it was confirmed: its invoices may have been paid since."""
    ids = forms.chosen(request.form.getlist("invoice"))
    return forms.read_wish(request.form, customer_id, dict.fromkeys(ids, 0))


def _outcome(payment_id: int, new: bool) -> tuple[str, str]:
    """What happened, and a warning when more became credit than was confirmed."""
    if not new:
        return _("Pembayaran ini sudah dicatat tadi; tidak dicatat dua kali."), "ok"
    credit = sum(row.amount for row in payments.credit_rows(payment_id))
    if credit > request.form.get("credit", 0, type=int):
        amount = format_rupiah(credit)
        return _(
            "Dicatat. Tagihannya sudah dibayar orang lain sementara itu, jadi %(amount)s menjadi "
            "saldo pelanggan.",
            amount=amount,
        ), "warn"
    return _("Pembayaran dicatat."), "ok"


@bp.get("/payments/<int:payment_id>")
@staff("counter")
def receipt(payment_id: int) -> Any:
    """The receipt: what was paid, what went back, what is still owed; print it."""
    payment = queries.payment_or_404(payment_id)
    return page(
        "counter/receipt.html",
        payment=payment,
        taking=queries.taking_of(payment_id),
        reversal=payments.reversal_of(payment_id),
        taken_by=name_of(payment.taken_by_id),
        parts=payments.invoices_of_payment(payment_id),
        credit=sum(row.amount for row in payments.credit_rows(payment_id)),
        owing=_owing(payment.customer_id),
        told=queries.confirmation_of(payment_id),
    )
