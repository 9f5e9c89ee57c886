"""The customer's own pages: home, invoices, waiting for a payment, history, profile.

They show invoices, payments and access together, so they live above all three. Every query
is bound to the logged-in customer; anything else is 404.
"""

from typing import Any

from flask import Blueprint, abort, redirect, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, logout_user

from portal.customers import service as customers
from portal.customers.models import Customer
from portal.dashboard import customer_view
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import queries as invoices
from portal.payments import queries as payments
from portal.web.access import customer_only, public
from portal.web.htmx import go, page

bp = Blueprint("home", __name__)


@bp.get("/")
@public
def index() -> Any:
    """What do I owe, until when, and is my service on?"""
    if not current_user.is_authenticated:
        return redirect(url_for("login.ask"), 303)
    return page("home/index.html", **customer_view.home(current_user))


@bp.get("/me/invoices")
@customer_only
def invoice_list() -> Any:
    """All invoices of the customer, the newest first."""
    return page("home/invoices.html", rows=invoices.of_customer(current_user.id, today()))


@bp.get("/me/invoices/<int:invoice_id>")
@customer_only
def invoice(invoice_id: int) -> Any:
    """One invoice; while an order is open its status block polls itself."""
    found = invoices.one(invoice_id, today(), current_user.id)
    if found is None:
        abort(404)
    order = payments.pending_order(invoice_id) if found.state == "open" else None
    return page(
        "home/invoice.html",
        block="status",
        invoice=found,
        lines=invoices.lines_of(invoice_id),
        parts=payments.payments_of_invoice(invoice_id),
        order=order,
        poll=customer_view.poll_every(order),
    )


@bp.get("/me/orders/<order_id>")
@customer_only
def order(order_id: str) -> Any:
    """The page one comes back to: waits for the confirmation and shows it by itself."""
    found = payments.order_of(current_user.id, order_id)
    if found is None:
        abort(404)
    return page("home/order.html", block="status", **customer_view.order(found))


@bp.get("/me/history")
@customer_only
def history() -> Any:
    """Payments, the newest first."""
    return page("home/history.html", rows=payments.payments_of_customer(current_user.id))


@bp.get("/me/profile")
@customer_only
def profile() -> Any:
    """Who am I here; language; leaving."""
    return page("home/profile.html", lines=customer_view.lines(current_user.id))


@bp.post("/me/profile/leave-everywhere")
@customer_only
def leave_everywhere() -> Any:
    """Log out on every device, this one too."""
    customers.end_sessions(db.session.get_one(Customer, current_user.id))
    db.session.commit()
    logout_user()
    session.clear()
    return go(url_for("login.ask"), _("Anda sudah keluar dari semua perangkat."))
