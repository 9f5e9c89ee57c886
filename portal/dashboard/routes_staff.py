"""The staff's first page, one invoice, the isolation board, the audit log.

They show several features together, so they live above all of them.
"""

from datetime import date
from typing import Any

from flask import Blueprint, abort, request
from sqlalchemy import select

from portal.accounts.permission_words import role_name
from portal.core.money import format_rupiah
from portal.core.plots import short
from portal.customers.models import Area
from portal.dashboard import (
    audit_view,
    isolation_board,
    isolation_view,
    navigation,
    plots_view,
    staff_view,
)
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now, today
from portal.invoices import corrections, links
from portal.invoices import queries as invoices
from portal.invoices.models import Invoice
from portal.network import overview
from portal.payments import queries as payments
from portal.settings.registry import BY_KEY
from portal.settings.routes_staff import words as settings_words
from portal.web import todo
from portal.web.access import may, may_open, staff
from portal.web.htmx import page
from portal.web.pagination import paginate
from portal.web.setup import row_id

TEN_MILLION = 10_000_000

bp = Blueprint("dashboard", __name__, url_prefix="/admin")


@bp.app_context_processor
def navigation_context() -> dict[str, Any]:
    """The menu, for every staff page."""
    if not request.path.startswith("/admin"):
        return {}
    return {
        "nav_groups": navigation.nav_groups(),
        "nav_own": navigation.own_pages(),
        "role_name": role_name,
    }


@bp.get("")
@staff("view")
def index() -> Any:
    """What is the state of things, and what needs me?"""
    periods = staff_view.periods()
    period = request.args.get("period", "")
    period = period if period in periods else periods[0]
    return page(
        "dashboard/index.html",
        block="board",
        period=period,
        periods=periods,
        todos=todo.items(),
        at=now(),
        **_money(period),
        **_work(),
    )


def _money(period: str) -> dict[str, Any]:
    """What only who may bill sees; the counts are for everybody."""
    found: dict[str, Any] = {"figures": staff_view.figures(period)}
    if may_open("invoices.index"):
        found |= {"money": plots_view.money(period), "ageing": plots_view.ageing()}
    if may_open("payments.index"):
        found |= {"last": staff_view.last_payments(), "ways": plots_view.ways(period)}
    if may("customers"):
        found["comings"] = plots_view.comings(period)
    return found


def _work() -> dict[str, Any]:
    """Lanes and channels for who looks after messages; routers for who looks after lines."""
    found: dict[str, Any] = {}
    if may_open("messages.index"):
        found["lanes"] = staff_view.lanes()
        found["carriers"] = staff_view.carriers()
        found["workers"] = staff_view.workers()
    if may_open("routers.index"):
        found["routers"] = overview.routers()
    return found


@bp.app_template_filter("amount_short")
def amount_short(amount: int) -> str:
    """`3,5 jt`, for axes."""
    return short(amount)


@bp.app_template_filter("rupiah_short")
def rupiah_short(amount: int) -> str:
    """`Rp3,5 jt` from ten million on, below in full; for tiles."""
    return f"Rp{short(amount)}" if abs(amount) >= TEN_MILLION else format_rupiah(amount)


@bp.get("/invoices/<int:invoice_id>")
@staff("billing")
def invoice(invoice_id: int) -> Any:
    """One invoice with its lines and payments."""
    found = invoices.one(invoice_id, today())
    if found is None:
        abort(404)
    return page(
        "invoices/show.html",
        invoice=found,
        lines=invoices.lines_of(invoice_id),
        parts=payments.payments_of_invoice(invoice_id),
        notes=corrections.notes_of(invoice_id),
        closed=corrections.story_of(invoice_id),
        pay_link=_pay_link(invoice_id),
        **_history(invoice_id),
    )


def _history(invoice_id: int) -> dict[str, Any]:
    """What people did about an invoice, the newest first."""
    rows = db.session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject == f"invoice:{invoice_id}",
            AuditEntry.action != "invoice.link_renewed",
        )
        .order_by(AuditEntry.id.desc())
    ).all()
    return {
        "history": rows,
        "actions": audit_view.ACTIONS,
        "actors": audit_view.actors(rows),
    }


def _pay_link(invoice_id: int) -> tuple[str, date | None]:
    """The link in force and its last day; none when the invoice has no link any more."""
    row = db.session.get_one(Invoice, invoice_id)
    return links.url(row.id, row.link_version), links.ends_on(row)


@bp.get("/settings/history/<setting_key>")
@staff("settings")
def setting_history(setting_key: str) -> Any:
    """Who set one setting to what, the newest first."""
    spec = BY_KEY.get(setting_key) or abort(404)
    found = paginate(
        select(AuditEntry)
        .where(AuditEntry.subject == f"setting:{setting_key}")
        .order_by(AuditEntry.id.desc()),
        scalars=True,
    )
    return page(
        "settings/history.html",
        spec=spec,
        page=found,
        actors=audit_view.actors(found.rows),
        words=settings_words,
    )


@bp.get("/isolation")
@staff("view")
def isolation() -> Any:
    """Who is walled off, who will be, and why."""
    show, text = request.args.get("show", "all"), request.args.get("q", "").strip()[:80]
    show = show if show in isolation_board.SHOWS else "all"
    area = request.args.get("area", 0, type=row_id)
    found = paginate(isolation_board.listed(show, text, area))
    return page(
        "dashboard/isolation.html",
        block="table",
        page=found,
        reasons=isolation_view.reasons([line.id for line, _customer, _access in found.rows]),
        view=isolation_view.stop(),
        tonight=isolation_view.tonight(),
        show=show,
        q=text,
        area=area,
        areas=db.session.execute(select(Area.id, Area.name).order_by(Area.name)).all(),
        counts=isolation_board.counts(),
        at=now(),
    )
