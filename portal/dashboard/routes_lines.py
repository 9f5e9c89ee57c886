"""One line of a customer, for staff: discounts, fees, pause, change of plan, end.

Every change is asked for twice: the first post shows what it means, the second does it.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.core.money import format_rupiah, parse_rupiah
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import lifecycle, quotes, terms
from portal.invoices.rules import percent
from portal.invoices.words import CHARGES
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from portal.web.access import staff
from portal.web.filters import date_id
from portal.web.htmx import go, page
from portal.web.parsing import parse_day, parse_percent
from portal.web.sentences import say
from portal.web.setup import row_id

bp = Blueprint("lines", __name__, url_prefix="/admin/customers/<int:customer_id>/lines")


def _line(customer_id: int, subscription_id: int) -> Subscription:
    line = db.session.get(Subscription, subscription_id)
    if line is None or line.customer_id != customer_id:
        abort(404)
    return line


def _terms(line: Subscription, *, error: str = "", where: str = "") -> Any:
    """The page of the line, with what was typed when something is wrong."""
    plans = db.session.scalars(select(Plan).where(Plan.active).order_by(Plan.price, Plan.name))
    change = lifecycle.waiting_change(line.id)
    return page(
        "customers/terms.html",
        status=422 if error else 200,
        customer=db.session.get_one(Customer, line.customer_id),
        line=line,
        discounts=terms.discounts_of([line.id]),
        charges=terms.charges_of([line.id]),
        kinds=CHARGES,
        pause=lifecycle.open_pause(line.id),
        change=change,
        change_to=db.session.get_one(Plan, change.to_plan_id) if change else None,
        plans=[plan for plan in plans if lifecycle.is_choice(line, plan)],
        percent=percent,
        error=error,
        where=where,
        typed=request.form,
    )


def _back(line_id: int, customer_id: int, sentence: str) -> Any:
    here = url_for("lines.show", customer_id=customer_id, subscription_id=line_id)
    return go(here, sentence)


def _ask_or_do(
    line: Subscription, where: str, question: str, do: Callable[[], Any], done: str
) -> Any:
    """Ask first; do it when the question came back confirmed."""
    if "confirmed" not in request.form:
        hidden = {key: request.form[key] for key in request.form if key != "csrf_token"}
        return page("customers/confirm.html", line=line, question=question, hidden=hidden)
    customer_id, line_id = line.customer_id, line.id
    db.session.rollback()
    try:
        do()
    except ValueError as error:
        db.session.rollback()
        return _terms(_line(customer_id, line_id), error=say(error), where=where)
    db.session.commit()
    return _back(line_id, customer_id, done)


@bp.get("/<int:subscription_id>")
@staff("billing")
def show(customer_id: int, subscription_id: int) -> Any:
    """What shapes the next invoices of the line."""
    return _terms(_line(customer_id, subscription_id))


@bp.post("/<int:subscription_id>/discounts")
@staff("billing")
def add_discount(customer_id: int, subscription_id: int) -> Any:
    """A discount, as an amount or a percentage, until a date."""
    line = _line(customer_id, subscription_id)
    form = request.form
    kind, reason = form.get("kind", ""), form.get("reason", "")
    try:
        value = (parse_percent if kind == "percent" else parse_rupiah)(form.get("value", ""))
        until = parse_day(form["until"]) if form.get("until", "").strip() else None
        if not reason.strip():
            raise ValueError(_("Tulis alasannya."))
    except ValueError as error:
        return _terms(line, error=say(error), where="discount")
    size = percent(value) if kind == "percent" else format_rupiah(value)
    question = (
        _("Potongan %(size)s di setiap tagihan sampai %(until)s?", size=size, until=date_id(until))
        if until
        else _("Potongan %(size)s di setiap tagihan, tanpa batas waktu?", size=size)
    )
    return _ask_or_do(
        line,
        "discount",
        question,
        lambda: terms.add_discount(subscription_id, kind, value, until, reason),
        _("Potongan disimpan."),
    )


@bp.post("/<int:subscription_id>/discounts/<int:discount_id>/stop")
@staff("billing")
def stop_discount(customer_id: int, subscription_id: int, discount_id: int) -> Any:
    """No discount from the next invoice on."""
    _line(customer_id, subscription_id)
    db.session.rollback()
    stopped = terms.stop_discount(subscription_id, discount_id)
    db.session.commit()
    done = _("Potongan dihentikan.") if stopped else _("Keadaannya sudah berubah.")
    return _back(subscription_id, customer_id, done)


@bp.post("/<int:subscription_id>/charges")
@staff("billing")
def add_fee(customer_id: int, subscription_id: int) -> Any:
    """An extra or installation fee for the next invoice."""
    line = _line(customer_id, subscription_id)
    words = request.form.get("description", "").strip()
    try:
        amount = parse_rupiah(request.form.get("amount", ""))
        if not words:
            raise ValueError(_("Tulis untuk apa biayanya."))
    except ValueError as error:
        return _terms(line, error=say(error), where="fee")
    return _ask_or_do(
        line,
        "fee",
        _(
            "Biaya %(amount)s (%(words)s) masuk ke tagihan berikutnya?",
            amount=format_rupiah(amount),
            words=words,
        ),
        lambda: terms.add_fee(subscription_id, words, amount),
        _("Biaya dicatat untuk tagihan berikutnya."),
    )


@bp.post("/<int:subscription_id>/charges/<int:charge_id>/cancel")
@staff("billing")
def cancel_charge(customer_id: int, subscription_id: int, charge_id: int) -> Any:
    """Take a waiting charge back, with a reason."""
    line = _line(customer_id, subscription_id)
    db.session.rollback()
    try:
        cancelled = terms.cancel_charge(subscription_id, charge_id, request.form.get("reason", ""))
    except terms.TermsError as error:
        db.session.rollback()
        line = _line(customer_id, subscription_id)
        return _terms(line, error=say(error), where="fee")
    db.session.commit()
    done = _("Biaya dibatalkan.") if cancelled else _("Keadaannya sudah berubah.")
    return _back(subscription_id, customer_id, done)


@bp.post("/<int:subscription_id>/pause")
@staff("billing")
def pause(customer_id: int, subscription_id: int) -> Any:
    """No service and no bill until a date."""
    line = _line(customer_id, subscription_id)
    reason = request.form.get("reason", "")
    try:
        wake_on = parse_day(request.form.get("wake_on", ""))
    except ValueError as error:
        return _terms(line, error=say(error), where="pause")
    question = _(
        "%(login)s cuti mulai hari ini. Internetnya ditutup dan dibuka lagi pada %(date)s.",
        login=line.login,
        date=date_id(wake_on),
    )
    return _ask_or_do(
        line,
        "pause",
        question,
        lambda: lifecycle.pause(subscription_id, wake_on, reason),
        _("Cuti dimulai."),
    )


@bp.post("/<int:subscription_id>/wake")
@staff("billing")
def wake(customer_id: int, subscription_id: int) -> Any:
    """End the pause today."""
    line = _line(customer_id, subscription_id)
    answer = _ask_or_do(
        line,
        "pause",
        _("Akhiri cuti %(login)s hari ini? Tagihannya berjalan lagi.", login=line.login),
        lambda: lifecycle.wake(subscription_id, request.form.get("reason", "") or "petugas"),
        _("Cuti diakhiri."),
    )
    _catch_up(subscription_id)
    return answer


def _catch_up(subscription_id: int) -> None:
    """Invoices that were held back; nothing when the question was only asked."""
    if "confirmed" in request.form:
        lifecycle.catch_up(subscription_id)
        db.session.commit()


@bp.post("/<int:subscription_id>/end")
@staff("billing")
def end(customer_id: int, subscription_id: int) -> Any:
    """Today is the last day of service."""
    line = _line(customer_id, subscription_id)
    reason = request.form.get("reason", "")
    question = _(
        "%(login)s berhenti; hari terakhirnya %(date)s. Yang sudah ditagih dan tidak terpakai: "
        "%(amount)s. Ini tidak dapat dibatalkan.",
        login=line.login,
        date=date_id(today()),
        amount=format_rupiah(quotes.left_over(line)),
    )
    answer = _ask_or_do(
        line,
        "end",
        question,
        lambda: lifecycle.end(subscription_id, reason),
        _("Langganan berhenti."),
    )
    _catch_up(subscription_id)
    return answer


@bp.post("/<int:subscription_id>/plan")
@staff("billing")
def change_plan(customer_id: int, subscription_id: int) -> Any:
    """First the quote, then, with the difference that was seen, the change."""
    line = _line(customer_id, subscription_id)
    form = request.form
    at_once = form.get("when") == "now"
    try:
        plan_id = row_id(form.get("plan", ""))
        if db.session.get(Plan, plan_id) is None:
            raise ValueError(_("Pilih paket lain."))
        quote = lifecycle.quote_change(subscription_id, plan_id, at_once=at_once)
        if not form.get("reason", "").strip():
            raise ValueError(_("Tulis alasannya."))
    except lifecycle.LifecycleError as error:
        return _terms(line, error=say(error), where="plan")
    except ValueError as error:
        known = str(error) if form.get("plan", "").isdecimal() else _("Pilih paket lain.")
        return _terms(line, error=known, where="plan")
    if "confirmed" not in form:
        hidden = {"plan": plan_id, "when": form.get("when", ""), "reason": form["reason"]}
        return page("customers/plan_change.html", line=line, quote=quote, hidden=hidden)
    expected = _whole(form.get("expected", ""))
    return _ask_or_do(
        line,
        "plan",
        "",
        lambda: lifecycle.change_plan(
            subscription_id, plan_id, at_once=at_once, expected=expected, reason=form["reason"]
        ),
        _("Paket diganti.") if at_once else _("Pergantian paket dijadwalkan."),
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        abort(400)


@bp.post("/<int:subscription_id>/plan/cancel")
@staff("billing")
def cancel_plan_change(customer_id: int, subscription_id: int) -> Any:
    """Call off what waits for the next cycle."""
    line = _line(customer_id, subscription_id)
    return _ask_or_do(
        line,
        "plan",
        _("Batalkan pergantian paket %(login)s?", login=line.login),
        lambda: lifecycle.cancel_change(subscription_id, request.form.get("reason", "")),
        _("Pergantian paket dibatalkan."),
    )
