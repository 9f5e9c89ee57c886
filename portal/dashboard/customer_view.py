"""What the customer's pages show, gathered in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.core.cycles import next_issue
from portal.core.period import Period
from portal.customers.models import Customer
from portal.infra.timekeeping import now, today, zone
from portal.invoices import queries as invoices
from portal.invoices.billing import BILLED_STATES
from portal.invoices.queries import InvoiceView
from portal.network import words
from portal.network.decision import Decision
from portal.network.facts import BY_HAND, judge
from portal.network.queries import AccessView, access_views
from portal.payments import paying
from portal.payments import queries as payments
from portal.payments.models import PaymentOrder
from portal.payments.service import credit_balance
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from portal.subscriptions.queries import lines_of
from portal.web.pagination import paginate

OPENS_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True)
class LineView:
    """One service line with its access. `limit_on`: when it is walled off unless paid.

    `decision` is the rule's answer now, with its reason in words.
    """

    line: Subscription
    access: AccessView
    late: bool = False
    limit_on: date | None = None
    decision: Decision | None = None

    @property
    def status(self) -> str:
        """What the badge says: the wanted state, that it is on its way, or that it is late."""
        if self.line.state != "active":
            return self.line.state
        if self.access.actual != "open":
            return "opening"
        return "overdue" if self.late else "active"

    @property
    def why(self) -> str:
        """What the rule says about access, for a line it decides about and that owes."""
        if self.decision is None or self.line.state not in {"active", "isolated"}:
            return ""
        return "" if self.decision.code == "clear" else words.sentence(self.decision)

    @property
    def postponed(self) -> bool:
        """Somebody or something postpones the wall: worth saying to the customer."""
        return self.decision is not None and self.decision.postponed

    @property
    def by_hand(self) -> bool:
        """Walled off by a person: paying does not open it by itself."""
        return self.access.decision == BY_HAND


def lines(customer_id: int, owing: Sequence[InvoiceView] = ()) -> list[LineView]:
    """The customer's lines with their access, judged by these open invoices."""
    found = lines_of(customer_id)
    ids = [line.id for line in found]
    access, judged = access_views(ids), judge(ids)
    day = today()
    views = []
    for line in found:
        late = any(row.due_on < day for row in owing if row.subscription_id == line.id)
        decision = judged[line.id].decision
        limit = _limit_on(line, decision, day)
        views.append(LineView(line, access[line.id], late, limit, decision))
    return views


def _limit_on(line: Subscription, decision: Decision, day: date) -> date | None:
    """When the line would be walled off, by the function the run uses.

    Asked now and not read from the last run, which has not seen an invoice of this morning.
    """
    if line.state != "active" or decision.code == BY_HAND:
        return None
    return decision.next_on if decision.action == "keep" else day


def home(customer: Customer) -> dict[str, Any]:
    """The home page: debts, lines, credit, the last invoices."""
    day = today()
    rows = invoices.of_customer(customer.id, day)
    owing = sorted((row for row in rows if row.state == "open"), key=lambda row: row.due_on)
    mine = lines(customer.id, owing)
    limits = [view.limit_on for view in mine if view.limit_on]
    return {
        "owing": owing,
        "total": sum(row.remaining for row in owing),
        "recent": rows[:5],
        "lines": mine,
        "isolated": [view for view in mine if view.line.state == "isolated"],
        "limit_on": min(limits, default=None),
        "credit": credit_balance(customer.id),
        "next_invoice": next_invoice([view.line for view in mine], day, rows),
        "can_pay_ahead": settings.flag("payments.ahead")
        and any(view.line.state in BILLED_STATES for view in mine),
    }


def next_invoice(
    found: Sequence[Subscription], day: date, rows: Sequence[InvoiceView]
) -> date | None:
    """About when the next invoice comes, from the terms of lines that are billed and the
    invoices they have: months paid ahead have theirs already."""
    billed = [line for line in found if line.state in BILLED_STATES]
    until = {line.id: day for line in billed}
    for row in rows:
        if row.state != "void" and row.subscription_id in until:
            month_end = Period.parse(row.period).last_day
            until[row.subscription_id] = max(until[row.subscription_id], month_end)
    days = (next_issue(line.terms, line.started_on, until[line.id]) for line in billed)
    return min((at for at in days if at), default=None)


def poll_every(order: PaymentOrder | None) -> str:
    """How often a waiting block asks again: eager at first, then calmer, then not at all."""
    if order is None or order.state != "pending":
        return ""
    age = now() - order.created_at
    if age > timedelta(hours=2):
        return ""
    return "3s" if age < timedelta(minutes=2) else "10s"


def order(found: PaymentOrder) -> dict[str, Any]:
    """The waiting page: the order, the payment when it came, access on its way back."""
    payment = payments.payment_of_order(found.id)
    mine = lines(found.customer_id)
    opening = payment is not None and any(view.status == "opening" for view in mine)
    return {
        "order": found,
        "payment": payment,
        "paid_invoices": payments.invoices_of_payment(payment.id) if payment else [],
        "to_credit": payments.credit_of(payment.id) if payment else 0,
        "opening": opening,
        # Long enough to wonder: then a person is one tap away.
        "slow": opening and payment is not None and now() - payment.paid_at > OPENS_WITHIN,
        "isolated": any(view.line.state == "isolated" for view in mine),
        "poll": "3s" if opening else poll_every(found),
        **paying.shown(found),
        **paying.about(found),
    }


def years_since(first: int | None) -> list[int]:
    """The years to choose from, the newest first."""
    last = today().year
    return list(range(last, min(first or last, last) - 1, -1))


def history(customer_id: int, year: int | None, kind: str) -> dict[str, Any]:
    """A page of payments with the invoices they went to, the newest first."""
    found = paginate(payments.listing_of(customer_id, year, kind), scalars=True)
    parts = payments.invoices_of_payments([payment.id for payment in found.rows])
    first = payments.first_paid_at(customer_id)
    return {
        "found": found,
        "rows": [{"payment": one, "invoices": parts.get(one.id, [])} for one in found.rows],
        "year": year,
        "kind": kind,
        "years": years_since(first.astimezone(zone()).year if first else None),
    }
