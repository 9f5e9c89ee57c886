"""One customer as staff see them: the head that stands above every tab, and each tab's rows.

Money is in it for those who may see money; the rest need a name, an address and a line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import abort
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from portal.counter import queries as counter
from portal.customers.models import Customer
from portal.dashboard import audit_view, isolation_view
from portal.dashboard.customer_view import LineView
from portal.dashboard.customer_view import lines as customer_lines
from portal.desk import notes
from portal.desk.models import CustomerNote
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import today
from portal.invoices import queries as invoices
from portal.invoices.models import Invoice
from portal.messaging import conversation, inbound, preferences
from portal.messaging.kinds import KINDS
from portal.network.models import Router
from portal.payments import queries as payments
from portal.payments.routes_staff import SOURCES
from portal.payments.service import credit_balance
from portal.subscriptions.models import Subscription
from portal.web.access import may, may_open
from portal.web.pagination import paginate

# Tab -> (its view, its name); a person sees those they may open.
TABS: tuple[tuple[str, Any], ...] = (
    ("customers.show", _l("Ringkasan")),
    ("customers.invoices", _l("Tagihan")),
    ("customers.payments", _l("Pembayaran")),
    ("customers.services", _l("Layanan")),
    ("customers.messages", _l("Notifikasi")),
    ("customers.notes", _l("Catatan")),
    ("customers.log", _l("Log")),
)
RECENT = 5
LOG_ROWS = 50


@dataclass(frozen=True)
class Head:
    """What stands above every tab. Rupiah; `owing` are the open invoices, the oldest first."""

    customer: Customer
    lines: Sequence[LineView]
    owing: Sequence[invoices.InvoiceView]
    credit: int
    notes: int
    money: bool

    @property
    def owed(self) -> int:
        return sum(row.remaining for row in self.owing)

    @property
    def late(self) -> bool:
        return any(row.due_on < today() for row in self.owing)

    @property
    def limit(self) -> tuple[date, str] | None:
        """The next line that is walled off unless paid: when, and why."""
        dated = [(view.limit_on, view.why) for view in self.lines if view.limit_on]
        return min(dated, default=None)

    @property
    def walled(self) -> Sequence[LineView]:
        return [view for view in self.lines if view.line.state == "isolated"]


def customer_or_404(customer_id: int) -> Customer:
    """This customer; 404 for one the person may not see."""
    return counter.customer_or_404(customer_id)


def head(customer_id: int) -> Head:
    """The head of this customer's pages; 404 for one the person may not see."""
    customer = customer_or_404(customer_id)
    owing = invoices.of_customer(customer_id, today(), only_open=True)
    return Head(
        customer,
        customer_lines(customer_id, owing),
        owing,
        credit_balance(customer_id),
        db.session.scalar(
            select(func.count())
            .select_from(CustomerNote)
            .where(CustomerNote.customer_id == customer_id)
        )
        or 0,
        may("customers") or may("counter"),
    )


def shown(endpoint: str, about: Head) -> dict[str, Any]:
    """What every tab's page needs."""
    return {
        "head": about,
        "customer": about.customer,
        "tabs": [(name, label) for name, label in TABS if may_open(name)],
        "tab": endpoint,
    }


def summary(about: Head) -> dict[str, Any]:
    """Ringkasan."""
    customer_id = about.customer.id
    return {
        "pinned": notes.pinned(customer_id),
        "recent": invoices.of_customer(customer_id, today())[:RECENT] if about.money else [],
        "last_payments": payments.payments_of_customer(customer_id, RECENT) if about.money else [],
        "agreed": isolation_view.agreements(customer_id) if may("customers") else None,
        "sources": SOURCES,
        "typed": {},
    }


def invoice_rows(customer_id: int) -> dict[str, Any]:
    """Tagihan, the newest first."""
    found = paginate(invoices.listing_of(customer_id, ""))
    return {"page": found, "rows": [invoices.view(row, today()) for row in found.rows]}


def payment_rows(customer_id: int) -> dict[str, Any]:
    """Pembayaran with the invoices each went to."""
    found = payments.payments_of_customer(customer_id, 200)
    parts = payments.invoices_of_payments([payment.id for payment in found])
    return {"payments": found, "parts": parts, "sources": SOURCES}


def service_rows(customer_id: int) -> dict[str, Any]:
    """Layanan: lines, the ended ones too, and the names of their routers."""
    ended = db.session.scalars(
        select(Subscription)
        .where(Subscription.customer_id == customer_id, Subscription.state == "ended")
        .order_by(Subscription.id.desc())
    ).all()
    routers = {row.id: row.name for row in db.session.execute(select(Router.id, Router.name))}
    return {"ended": ended, "routers": routers}


def message_rows(customer: Customer) -> dict[str, Any]:
    """Notifikasi: what was said, and what the customer wants to hear."""
    return {
        "said": conversation.with_customer(customer, 50),
        "kinds": KINDS,
        "flags": inbound.FLAGS,
        "wishes": preferences.of(customer),
    }


def log_rows(customer_id: int) -> dict[str, Any]:
    """Log: what was changed about the customer, their lines and invoices, by whom."""
    lines = select(Subscription.id).where(Subscription.customer_id == customer_id)
    bills = select(Invoice.id).where(Invoice.customer_id == customer_id)
    subjects = [
        f"customer:{customer_id}",
        *(f"subscription:{row_id}" for row_id in db.session.scalars(lines)),
        *(f"invoice:{row_id}" for row_id in db.session.scalars(bills)),
    ]
    rows = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject.in_(subjects))
        .order_by(AuditEntry.id.desc())
        .limit(LOG_ROWS)
    ).all()
    return {"audit": rows, "actions": audit_view.ACTIONS, "actors": audit_view.actors(rows)}


def customer_of_line(customer_id: int, subscription_id: int) -> Subscription:
    """A line of this customer; 404 for another's."""
    line = db.session.get(Subscription, subscription_id)
    if line is None or line.customer_id != customer_id:
        abort(404)
    return line
