"""The staff's first page, one invoice, the isolation board, the audit log.

They show several features together, so they live above all of them.
"""

from datetime import date
from typing import Any

from flask import Blueprint, abort, request
from sqlalchemy import or_, select

from portal.customers.models import Customer
from portal.dashboard import audit_view, isolation_view, navigation, staff_view
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now, today
from portal.invoices import corrections, links
from portal.invoices import queries as invoices
from portal.invoices.models import Invoice
from portal.network.facts import POSTPONED
from portal.network.models import NetworkAccess
from portal.payments import queries as payments
from portal.subscriptions.models import Subscription
from portal.web.access import staff
from portal.web.htmx import page
from portal.web.pagination import paginate

bp = Blueprint("dashboard", __name__, url_prefix="/admin")


@bp.app_context_processor
def navigation_context() -> dict[str, Any]:
    """The menu, for every staff page."""
    if not request.path.startswith("/admin"):
        return {}
    return {
        "nav_groups": navigation.nav_groups(),
        "nav_own": navigation.own_pages(),
        "role_name": navigation.role_name,
    }


@bp.get("")
@staff("view")
def index() -> Any:
    """What is the state of things, and what needs me?"""
    return page(
        "dashboard/index.html",
        figures=staff_view.figures(),
        months=staff_view.months(),
        queue=staff_view.queue(),
        last=staff_view.last_payments(),
        todos=staff_view.todos(),
        at=now(),
    )


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


@bp.get("/audit")
@staff("settings")
def audit() -> Any:
    """Who changed what."""
    text = request.args.get("q", "").strip()[:80]
    statement = select(AuditEntry).order_by(AuditEntry.id.desc())
    if text:
        columns = (AuditEntry.action, AuditEntry.actor, AuditEntry.subject, AuditEntry.reason)
        statement = statement.where(
            or_(*(column.icontains(text, autoescape=True) for column in columns))
        )
    found = paginate(statement, scalars=True)
    return page(
        "dashboard/audit.html",
        page=found,
        q=text,
        actions=audit_view.ACTIONS,
        actors=audit_view.actors(found.rows),
    )


@bp.get("/isolation")
@staff("customers")
def isolation() -> Any:
    """Who is walled off, who will be, and why."""
    statement = (
        select(Subscription, Customer, NetworkAccess)
        .join(Customer, Customer.id == Subscription.customer_id)
        .join(NetworkAccess, NetworkAccess.subscription_id == Subscription.id)
        .where(
            Subscription.state.in_(("active", "isolated")),
            or_(
                Subscription.state == "isolated",
                NetworkAccess.next_on.is_not(None),
                # Postponed without a date, or held back by the fuse.
                NetworkAccess.decision.in_((POSTPONED, "isolate")),
            ),
        )
        .order_by((Subscription.state != "isolated"), NetworkAccess.next_on, Subscription.id)
    )
    found = paginate(statement)
    reasons = isolation_view.reasons([line.id for line, _customer, _access in found.rows])
    return page("dashboard/isolation.html", page=found, reasons=reasons, view=isolation_view.stop())
