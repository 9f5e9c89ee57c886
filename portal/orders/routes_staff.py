"""`/admin/orders`: the technician's list and each order with what can be done about it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices.models import Invoice
from portal.network.models import Router
from portal.orders import queries, service, states, words, work
from portal.orders.models import ServiceOrder
from portal.payments.service import credit_balance
from portal.plans.models import Plan
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.parsing import parse_day
from portal.web.sentences import say
from portal.web.setup import row_id

bp = Blueprint("orders", __name__, url_prefix="/admin/orders")


@bp.get("")
@staff("install")
def index() -> Any:
    """What is to be done, one card an order."""
    which = request.args.get("list", "open")
    which = which if which in words.LISTS else "open"
    found = paginate(queries.listed(which, current_user.id), scalars=True)
    return page("orders/index.html", block="table", page=found, which=which, words=words)


@bp.get("/<int:service_order_id>")
@staff("install")
def show(service_order_id: int) -> Any:
    """One order."""
    return _show(db.session.get(ServiceOrder, service_order_id) or abort(404))


def _show(order: ServiceOrder, error: str = "") -> Any:
    others = select(Customer).where(
        Customer.phone == order.phone, Customer.id != order.customer_id, Customer.status == "active"
    )
    history = select(AuditEntry).where(AuditEntry.subject == f"service_order:{order.id}")
    invoices = select(Invoice).where(Invoice.subscription_id == (order.subscription_id or 0))
    return page(
        "orders/work.html",
        status=422 if error else 200,
        order=order,
        error=error,
        typed=request.form,
        words=words,
        quote=_quote(order),
        plans=db.session.scalars(select(Plan).where(Plan.active).order_by(Plan.price)).all(),
        routers=db.session.scalars(select(Router).order_by(Router.name)).all(),
        same_phone=db.session.scalars(others.limit(5)).all() if order.phone else [],
        credit=credit_balance(order.customer_id),
        history=db.session.scalars(history.order_by(AuditEntry.id.desc()).limit(20)).all(),
        invoice=db.session.scalars(invoices.order_by(Invoice.id.desc()).limit(1)).first()
        if order.kind == "install"
        else None,
    )


def _quote(order: ServiceOrder) -> Any:
    """What finishing a change of plan would mean now, or None when it cannot be."""
    if order.kind != "change" or order.state not in states.OPEN:
        return None
    try:
        return service.quote_of_change(
            order.customer_id, order.subscription_id or 0, order.plan_id or 0, at_once=order.at_once
        )
    except service.ServiceOrderError:
        return None


def _do(order_id: int, verb: Callable[[], object], done: str) -> Any:
    """One step; a refusal is shown on the page, a step somebody else was quicker with is said."""
    if db.session.get(ServiceOrder, order_id) is None:
        abort(404)
    db.session.rollback()
    try:
        changed = verb()
    except ValueError as error:
        db.session.rollback()
        return _show(db.session.get_one(ServiceOrder, order_id), say(error))
    db.session.commit()
    here = url_for("orders.show", service_order_id=order_id)
    return go(here, done) if changed else go(here, _("Keadaannya sudah berubah."), "info")


@bp.post("/<int:service_order_id>/take")
@staff("install")
def take(service_order_id: int) -> Any:
    """Ambil."""
    me = current_user.id
    done = _("Pesanan ini tugas Anda.")
    return _do(service_order_id, partial(work.take, service_order_id, me), done)


@bp.post("/<int:service_order_id>/schedule")
@staff("install")
def schedule(service_order_id: int) -> Any:
    """Jadwal."""
    day, slot = request.form.get("day", ""), request.form.get("slot", "")
    verb = partial(_schedule, service_order_id, day, slot)
    return _do(service_order_id, verb, _("Jadwal disimpan."))


def _schedule(order_id: int, day: str, slot: str) -> bool:
    return work.schedule(order_id, parse_day(day), slot)


@bp.post("/<int:service_order_id>/release")
@staff("install")
def release(service_order_id: int) -> Any:
    """Lepas: somebody else may take it."""
    verb = partial(work.give_back, service_order_id, request.form.get("reason", ""))
    return _do(service_order_id, verb, _("Pesanan kembali ke daftar."))


@bp.post("/<int:service_order_id>/accept")
@staff("install")
def accept(service_order_id: int) -> Any:
    """Work on it without its money."""
    verb = partial(work.accept, service_order_id, request.form.get("reason", ""))
    return _do(service_order_id, verb, _("Pesanan diteruskan ke teknisi tanpa pembayaran."))


@bp.post("/<int:service_order_id>/cancel")
@staff("install")
def cancel(service_order_id: int) -> Any:
    """Batalkan."""
    verb = partial(work.cancel, service_order_id, request.form.get("reason", ""))
    return _do(service_order_id, verb, _("Pesanan dibatalkan."))


@bp.post("/<int:service_order_id>/finish")
@staff("install")
def finish(service_order_id: int) -> Any:
    """Selesai: the line goes into service, then its first invoice takes what was paid."""
    form, me = request.form, current_user.id
    installed = work.Installed(
        form.get("login", ""),
        form.get("router", 0, type=row_id) or None,
        form.get("plan", 0, type=row_id),
        form.get("number", ""),
        form.get("phone", ""),
    )
    verb = partial(work.finish, service_order_id, installed, me)
    answer = _do(service_order_id, verb, _("Selesai."))
    if answer.status_code != 422:
        work.issue_first(service_order_id)
        db.session.commit()
    return answer
