"""What the customer's pages show, gathered in a fixed number of queries."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.core.period import Period
from portal.customers.models import Customer
from portal.infra.timekeeping import now, today
from portal.invoices import queries as invoices
from portal.network.queries import AccessView, access_views
from portal.payments import queries as payments
from portal.payments.models import PaymentOrder
from portal.payments.service import credit_balance
from portal.subscriptions.models import Subscription
from portal.subscriptions.queries import lines_of


@dataclass(frozen=True)
class LineView:
    """One service line with its access."""

    line: Subscription
    access: AccessView

    @property
    def status(self) -> str:
        """What the badge says: the wanted state, or that it is on its way."""
        if self.line.state == "active" and self.access.actual != "open":
            return "opening"
        return self.line.state


def lines(customer_id: int) -> list[LineView]:
    """The customer's lines with their access."""
    found = lines_of(customer_id)
    access = access_views([line.id for line in found])
    return [LineView(line, access[line.id]) for line in found]


def home(customer: Customer) -> dict[str, Any]:
    """The home page: debts, lines, credit, the last invoices."""
    day = today()
    rows = invoices.of_customer(customer.id, day)
    owing = sorted((row for row in rows if row.state == "open"), key=lambda row: row.due_on)
    mine = lines(customer.id)
    dates = [view.access.next_on for view in mine if view.access.next_on]
    return {
        "owing": owing,
        "total": sum(row.remaining for row in owing),
        "recent": rows[:5],
        "lines": mine,
        "isolated": [view for view in mine if view.line.state == "isolated"],
        "limit_on": min(dates) if dates and owing else None,
        "credit": credit_balance(customer.id),
        "next_invoice": next_invoice([view.line for view in mine], day),
    }


def next_invoice(found: list[Subscription], day: date) -> date | None:
    """About when the next invoice comes, from the billing days."""
    coming = []
    for line in found:
        for period in (Period.of(day), Period.of(day).next()):
            if (at := period.day(line.billing_day)) > day:
                coming.append(at)
                break
    return min(coming, default=None)


def poll_every(order: PaymentOrder | None) -> str:
    """How often a waiting block asks again: eager at first, then calmer, then not at all."""
    if order is None or order.state != "pending":
        return ""
    age = now() - order.created_at
    if age > timedelta(hours=2):
        return ""
    return "3s" if age < timedelta(minutes=5) else "10s"


def order(found: PaymentOrder) -> dict[str, Any]:
    """The waiting page: the order, the payment when it came, access on its way back."""
    payment = payments.payment_of_order(found.id)
    mine = lines(found.customer_id)
    opening = payment is not None and any(view.status == "opening" for view in mine)
    return {
        "order": found,
        "payment": payment,
        "paid_invoices": payments.invoices_of_payment(payment.id) if payment else [],
        "opening": opening,
        "isolated": any(view.line.state == "isolated" for view in mine),
        "poll": "3s" if opening else poll_every(found),
    }
