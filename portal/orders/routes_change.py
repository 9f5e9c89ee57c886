"""`/me/order/change`: a customer orders another plan for a line, after seeing what it means."""

from typing import Any

from flask import Blueprint, abort, request
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal.extensions import db
from portal.infra.secrets import new_token
from portal.invoices import lifecycle
from portal.orders import limits, service
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from portal.web.access import customer_only
from portal.web.forms import form_key
from portal.web.htmx import go, page
from portal.web.sentences import say
from portal.web.setup import row_id

bp = Blueprint("order_change", __name__, url_prefix="/me/order")


def _lines() -> list[Subscription]:
    return list(
        db.session.scalars(
            select(Subscription)
            .where(
                Subscription.customer_id == current_user.id,
                Subscription.state.in_(("active", "isolated")),
            )
            .order_by(Subscription.id)
        )
    )


def _choices(line: Subscription) -> list[Plan]:
    return [
        offer.plan for offer in service.plans_on_offer() if lifecycle.is_choice(line, offer.plan)
    ]


@bp.get("/change")
@customer_only
def choose() -> Any:
    """Which line, to which plan and when; with all three chosen, what it means."""
    return _page(request.args)


def _page(given: Any, error: str = "") -> Any:
    lines = _lines()
    wanted = given.get("line", 0, type=row_id)
    line = next((one for one in lines if one.id == wanted), lines[0] if len(lines) == 1 else None)
    if wanted and (line is None or line.id != wanted):
        abort(404)
    plans = _choices(line) if line is not None else []
    plan = next((one for one in plans if one.id == given.get("plan", 0, type=row_id)), None)
    at_once = given.get("when") == "now"
    quote = None
    if line is not None and plan is not None and not error:
        try:
            quote = service.quote_of_change(current_user.id, line.id, plan.id, at_once=at_once)
        except service.ServiceOrderError as refused:
            error = say(refused)
    return page(
        "orders/change.html",
        status=422 if error else 200,
        lines=lines,
        line=line,
        plans=plans,
        plan=plan,
        at_once=at_once,
        quote=quote,
        error=error,
        key=new_token(),
    )


@bp.post("/change")
@customer_only
def place() -> Any:
    """Order it as shown."""
    form = request.form
    line = next((one for one in _lines() if one.id == form.get("line", 0, type=row_id)), None)
    if line is None:
        abort(404)
    try:
        order = service.place(
            "change",
            form.get("plan", 0, type=row_id),
            name=current_user.name,
            phone=current_user.phone,
            address=current_user.address,
            customer_id=current_user.id,
            area_id=current_user.area_id,
            ip=request.remote_addr or "",
            form_key=form_key("key") or None,
            subscription_id=line.id,
            at_once=form.get("when") == "now",
        )
        path = service.status_of(order).path
        db.session.commit()
    except limits.TooMany:
        db.session.rollback()
        return _page(form, _("Terlalu banyak pesanan. Coba lagi nanti atau hubungi kami."))
    except service.ServiceOrderError as error:
        db.session.rollback()
        return _page(form, say(error))
    return go(path, _("Pesanan dikirim."))
