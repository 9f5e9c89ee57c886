"""The customer's own pages: home, invoices, waiting for a payment, history, profile.

They show invoices, payments and access together, so they live above all three. Every query
is bound to the logged-in customer; anything else is 404.
"""

from typing import Any

from flask import Blueprint, Response, abort, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from flask_login import current_user

from portal.customers import service as customers
from portal.customers.models import Customer
from portal.dashboard import customer_view, routes_profile
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import corrections, links
from portal.invoices import queries as invoice_queries
from portal.invoices.models import Invoice
from portal.messaging import optouts
from portal.payments import choosing
from portal.payments import queries as payments
from portal.payments.service import credit_balance
from portal.web.access import customer_only, local_path, public
from portal.web.htmx import go, is_fragment, page
from portal.web.pagination import paginate
from portal.web.setup import LANGUAGES

bp = Blueprint("home", __name__)


@bp.get("/")
@public
def index() -> Any:
    """What do I owe, until when, and is my service on?"""
    if not current_user.is_authenticated:
        return redirect(url_for("login.ask"), 303)
    shown = customer_view.home(current_user)
    pick = choosing.picked(request.args, shown["owing"], shown["credit"])
    return page("home/index.html", pick=pick, **shown)


@bp.get("/me/invoices")
@customer_only
def invoices() -> Any:
    """The customer's invoices, the newest first; `?status=open|paid`, `?year=`, load more."""
    wanted = request.args.get("status", "")
    wanted = wanted if wanted in {"open", "paid"} else ""
    first = invoice_queries.first_period(current_user.id)
    years = customer_view.years_since(int(first[:4]) if first else None)
    year = _one_of(years)
    found = paginate(invoice_queries.listing_of(current_user.id, wanted, year))
    rows = [invoice_queries.view(row, today()) for row in found.rows]
    pick = None
    if wanted == "open":
        oldest = sorted((row for row in rows if row.remaining > 0), key=lambda row: row.due_on)
        pick = choosing.picked(request.args, oldest, credit_balance(current_user.id))
    return page(
        "home/invoices.html",
        block="rows" if "more" in request.args else "list",
        rows=rows,
        found=found,
        wanted=wanted,
        pick=pick,
        years=years,
        year=year,
    )


def _one_of(years: list[int]) -> int | None:
    """The year that was chosen, if it is one of these."""
    year = request.args.get("year", type=int)
    return year if year in years else None


@bp.get("/me/invoices/<int:invoice_id>")
@customer_only
def invoice(invoice_id: int) -> Any:
    """One invoice; while an order is open its status block polls itself."""
    found = invoice_queries.one(invoice_id, today(), current_user.id)
    if found is None:
        abort(404)
    order = payments.pending_order(invoice_id) if found.state == "open" else None
    poll = customer_view.poll_every(order)
    seen = f"{found.state}-{found.paid}-{poll}"
    if _nothing_new(seen):
        return Response(status=204)
    return page(
        "home/invoice.html",
        block="status",
        invoice=found,
        lines=invoice_queries.lines_of(invoice_id),
        parts=payments.payments_of_invoice(invoice_id),
        notes=corrections.notes_of(invoice_id),
        story=corrections.story_of(invoice_id),
        order=order,
        poll=poll,
        seen=seen,
        share_url=_share_url(invoice_id),
    )


def _share_url(invoice_id: int) -> str:
    """The bill's own link, for somebody else to pay it; empty when it has none."""
    row = db.session.get_one(Invoice, invoice_id)
    if not links.payable(row.state, row.due_on, today()):
        return ""
    return links.url(row.id, row.link_version)


@bp.get("/me/orders/<order_id>")
@customer_only
def order(order_id: str) -> Any:
    """The page one comes back to: waits for the confirmation and shows it by itself."""
    found = payments.order_of(current_user.id, order_id)
    if found is None:
        abort(404)
    shown = customer_view.order(found)
    seen = f"{found.state}-{shown['opening']}-{shown['isolated']}-{shown['poll']}"
    seen += f"-{shown['slow']}-{shown['over']}-{shown['proof'].state if shown['proof'] else ''}"
    if _nothing_new(seen):
        return Response(status=204)
    return page("home/order.html", block="status", seen=seen, **shown)


def _nothing_new(seen: str) -> bool:
    """A poll that would bring what is on the page already: no bytes, nothing read aloud."""
    return is_fragment() and request.args.get("seen") == seen


@bp.get("/me/history")
@customer_only
def history() -> Any:
    """Payments and the invoices they went to, the newest first; `?year=`, `?status=`, load more."""
    kind = request.args.get("status", "")
    kind = kind if kind in {"received", "reversal"} else ""
    year = request.args.get("year", type=int)
    year = year if year is not None and 2000 <= year <= today().year else None
    shown = customer_view.history(current_user.id, year, kind)
    block = "rows" if "more" in request.args else "list"
    return page("home/history.html", block=block, **shown)


@bp.get("/me/profile")
@customer_only
def profile() -> Any:
    """Who am I here; language; leaving."""
    return page("home/profile.html", **routes_profile.shown())


@bp.post("/me/profile/language")
@customer_only
def change_language() -> Any:
    """The language of pages and of messages, on every device."""
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        abort(404)
    customers.change_language(db.session.get_one(Customer, current_user.id), language)
    db.session.commit()
    # On every device: what this browser once chose for itself no longer counts.
    session.pop("lang", None)
    refresh()
    back = local_path(request.form.get("back"), url_for("home.profile"))
    return go(back, _("Bahasa disimpan."))


@bp.post("/me/profile/messages")
@customer_only
def change_messages() -> Any:
    """Which of the optional WhatsApp messages to get."""
    optouts.choose(current_user.id, request.form.getlist("wanted"), "customer")
    db.session.commit()
    return go(url_for("profile.messages"), _("Pilihan pesan disimpan."))


@bp.post("/me/profile/leave-everywhere")
@customer_only
def leave_everywhere() -> Any:
    """Log out on every device, this one too."""
    customers.end_sessions(db.session.get_one(Customer, current_user.id))
    db.session.commit()
    session.clear()
    return go(url_for("login.ask"), _("Anda sudah keluar dari semua perangkat."))
