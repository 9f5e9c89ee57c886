"""`/order`: ordering a new line without an account; `/order/<order_token>`: the order's own page.

The token is 256 bits from a row, so it is no secret that could be guessed; what it shows is
little all the same. How many orders are taken is counted in the database (`limits.py`).
"""

import logging
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal.core.driverkit import DriverError, Misconfigured
from portal.core.phone import PhoneNumber
from portal.customers.login import masked_name
from portal.customers.models import Area
from portal.extensions import db
from portal.infra.secrets import new_token
from portal.infra.timekeeping import now
from portal.orders import limits, queries, service, words
from portal.orders.forms import OrderForm
from portal.orders.models import ServiceOrder
from portal.payments import paying
from portal.payments.making import OrderError
from portal.payments.offers import offers
from portal.payments.registry import usable
from portal.settings import service as settings
from portal.web.access import public
from portal.web.htmx import go, is_fragment, page
from portal.web.sentences import say

bp = Blueprint("order", __name__, url_prefix="/order")
log = logging.getLogger(__name__)
HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def keep_quiet(answer: Response) -> Response:
    """An order's page is in no search engine, no cache and no referrer; the form may be found."""
    if request.view_args:
        answer.headers.update(HEADERS)
    return answer


bp.after_request(keep_quiet)


def customer_id() -> int | None:
    """Of the customer who is logged in."""
    if not current_user.is_authenticated or not current_user.get_id().startswith("customer:"):
        return None
    return int(current_user.id)


@bp.get("")
@public
def form() -> Any:
    """Plans with what they cost first, and the form."""
    return _form(_fresh_form())


def _fresh_form() -> OrderForm:
    filled: dict[str, Any] = {"key": new_token()}
    if customer_id() is not None:
        filled |= {
            "name": current_user.name,
            "phone": PhoneNumber.parse(current_user.phone).local() if current_user.phone else "",
            "address": current_user.address,
            "area": current_user.area_id or 0,
        }
    return _with_areas(OrderForm(formdata=None, data=filled))


def _with_areas(form: OrderForm) -> OrderForm:
    areas = db.session.scalars(select(Area).order_by(Area.name))
    form.area.choices = [(0, _("Lainnya")), *((area.id, area.name) for area in areas)]
    return form


def _form(form: OrderForm, status: int = 200, error: str = "") -> Any:
    open_now = settings.flag("orders.open")
    found = service.plans_on_offer() if open_now else []
    mine = customer_id()
    return page(
        "orders/form.html",
        status=status if found else 200,
        form=form,
        found=found,
        error=error,
        mine=queries.of_customer(mine) if mine is not None else [],
        words=words,
    )


@bp.post("")
@public
def place() -> Any:
    """Place the order, once per form, and go to its page."""
    if not settings.flag("orders.open"):
        return _form(_fresh_form())
    form = _with_areas(OrderForm())
    if not form.validate_on_submit():
        return _form(form, 422)
    try:
        order = service.place(
            "install",
            form.plan.data,
            name=form.name.data,
            phone=form.e164,
            address=form.address.data,
            customer_id=customer_id(),
            area_id=form.area.data or None,
            note=form.note.data,
            ip=request.remote_addr or "",
            form_key=form.key.data,
        )
        path = service.status_of(order).path
        db.session.commit()
    except limits.TooMany:
        db.session.rollback()
        return _form(form, 429, _("Terlalu banyak pesanan. Coba lagi nanti atau hubungi kami."))
    except service.ServiceOrderError as error:
        db.session.rollback()
        return _form(form, 422, say(error))
    return go(path)


def order_of(order_token: str) -> ServiceOrder:
    """The order of this page; 404 for any other token."""
    return queries.by_token(order_token) or abort(404)


@bp.get("/<order_token>")
@public
def show(order_token: str) -> Any:
    """Where the order stands; while it waits for money, how to pay it."""
    order = order_of(order_token)
    status = service.status_of(order)
    attempt = status.attempt
    shown = paying.shown(attempt) if attempt is not None else {}
    poll = poll_every(order) if attempt is not None else ""
    seen = f"{order.state}-{poll}-{shown.get('over')}-{attempt.id if attempt else ''}"
    if is_fragment() and request.args.get("seen") == seen:
        return Response(status=204)
    return page(
        "orders/show.html",
        block="status",
        service_order=order,
        order=attempt,
        name=masked_name(order.name),
        groups=_groups(order) if order.state == "pending" and attempt is None else [],
        poll=poll,
        seen=seen,
        words=words,
        **shown,
    )


def _groups(order: ServiceOrder) -> Any:
    if order.amount <= 0:
        return []
    try:
        return offers(order.amount)
    except Misconfigured as error:
        log.error("paying online is not possible: %s", error.sentence)
        return []


def poll_every(order: ServiceOrder) -> str:
    """How often the waiting page asks again; not at all once somebody has left it lying."""
    age = now() - order.placed_at
    if age > timedelta(hours=6):
        return ""
    return "3s" if age < timedelta(minutes=15) else "10s"


@bp.post("/<order_token>/pay")
@public
def pay(order_token: str) -> Any:
    """Open an attempt by the chosen method: shown on this page, or the gateway's own."""
    order = order_of(order_token)
    path = service.status_of(order).path
    kind, _colon, method = request.form.get("choice", "").partition(":")
    try:
        if kind not in {one.kind for one in usable()}:
            abort(404)
        attempt = service.open_payment(order, method, kind)
    except (OrderError, service.ServiceOrderError) as error:
        db.session.rollback()
        return go(path, say(error), "info")
    except DriverError as error:
        db.session.rollback()
        log.warning("pay page could not be opened: %s", error.sentence)
        return go(path, _("Halaman bayar belum bisa dibuka. Coba lagi sebentar."), "bad")
    if attempt.pay_url:
        return make_response(redirect(attempt.pay_url, 303))
    return go(path)
