"""Where an amount will go, before anybody confirms it: the rule of `service.py`, foretold.

Chosen invoices in order, then months paid ahead, then the customer's oldest open invoices; the
rest becomes credit. Rupiah; reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import queries as invoices
from portal.invoices.queries import InvoiceView
from portal.payments.models import PaymentOrder
from portal.payments.service import credit_balance
from portal.subscriptions.models import Subscription


@dataclass(frozen=True)
class Part:
    """What one invoice gets: from credit, from this payment; and what it still demands."""

    invoice: InvoiceView
    credit: int
    paid: int

    @property
    def left(self) -> int:
        return self.invoice.remaining - self.credit - self.paid


@dataclass(frozen=True)
class Effect:
    """Where an amount goes. `credit_used` is spent first, `credit` is left over at the end."""

    amount: int
    chosen: Sequence[Part]
    ahead: int
    others: Sequence[Part]
    credit: int

    @property
    def credit_used(self) -> int:
        return sum(part.credit for part in self.chosen)

    @property
    def still_owed(self) -> int:
        """What the chosen invoices demand afterwards."""
        return sum(part.left for part in self.chosen)


def spread(
    amount: int,
    chosen: Sequence[InvoiceView],
    others: Sequence[InvoiceView] = (),
    *,
    credit: int = 0,
    ahead: int = 0,
) -> Effect:
    """The effect of paying `amount` when `credit` is spent on the chosen ones first."""
    whole, parts, more = amount, [], []
    for one in chosen:
        given = min(credit, one.remaining)
        paid = min(amount, one.remaining - given)
        credit, amount = credit - given, amount - paid
        parts.append(Part(one, given, paid))
    months = min(amount, ahead)
    amount -= months
    for one in others:
        paid = min(amount, one.remaining)
        amount -= paid
        if paid:
            more.append(Part(one, 0, paid))
    return Effect(whole, parts, months, more, amount)


def owing(customer_id: int) -> list[InvoiceView]:
    """The customer's open invoices, the oldest due first."""
    rows = invoices.of_customer(customer_id, today(), only_open=True)
    return [row for row in rows if row.remaining > 0]


def usable_credit(customer_id: int) -> int:
    """What the customer has left and may be spent."""
    return max(0, credit_balance(customer_id))


def of_order(order: PaymentOrder) -> Effect:
    """What the order's amount will do, as things stand now."""
    mine = owing(order.customer_id)
    ids = [link.invoice_id for link in order.invoices]
    by_id = {row.id: row for row in mine}
    chosen = [by_id[one] for one in ids if one in by_id]
    others = [row for row in mine if row.id not in ids]
    ahead = order.ahead.amount if order.ahead else 0
    return spread(order.amount, chosen, others, ahead=ahead)


def line_of(order: PaymentOrder) -> Subscription | None:
    """The line whose months the order pays ahead."""
    return db.session.get(Subscription, order.ahead.subscription_id) if order.ahead else None
