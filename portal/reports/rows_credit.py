"""What customers have left with us, computed two ways that must agree.

Forward: money that came, less what was put on invoices and given back, up to a day. Back: what
the rows of `credit` say now, less what moved after that day. A gap between them is the
*selisih* of the ledger.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Select, func, literal, or_, select, type_coerce, union_all

from portal.invoices.models import Allocation, Invoice
from portal.payments.models import Credit, Payment, Refund
from portal.reports.days import allocated_on, midnight
from portal.reports.rows import columns
from portal.reports.scope import Scope


def forward(scope: Scope) -> Select[Any]:
    """A customer's credit at the end of `scope.until`, from payments, allocations, refunds."""
    day = scope.until
    moved = _allocations(-Allocation.amount).where(
        # Written by then is counted by then; only the rest needs a closer look.
        or_(Allocation.created_at < midnight(day + timedelta(days=1)), allocated_on() <= day)
    )
    return _per_customer(
        scope,
        select(Payment.customer_id, Payment.amount).where(Payment.booked_on <= day),
        moved,
        select(Refund.customer_id, -Refund.amount).where(Refund.booked_on <= day),
    )


def back(scope: Scope) -> Select[Any]:
    """The same, from the rows of credit as they are now."""
    day = scope.until
    moved = _allocations(Allocation.amount).where(
        Allocation.created_at >= midnight(day + timedelta(days=1)), allocated_on() > day
    )
    return _per_customer(
        scope,
        select(Credit.customer_id, Credit.amount),
        select(Payment.customer_id, -Payment.amount).where(Payment.booked_on > day),
        moved,
        select(Refund.customer_id, Refund.amount).where(Refund.booked_on > day),
    )


def _allocations(amount: Any) -> Select[Any]:
    return (
        select(Payment.customer_id, amount)
        .select_from(Allocation)
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
    )


def _per_customer(scope: Scope, *parts: Any) -> Select[Any]:
    moves = union_all(
        *(part.with_only_columns(*_named(part), maintain_column_froms=True) for part in parts)
    ).subquery()
    total = type_coerce(func.sum(moves.c.amount), BigInteger)
    held = (
        select(moves.c.customer_id, total.label("amount"))
        .group_by(moves.c.customer_id)
        .having(func.sum(moves.c.amount) != 0)
        .subquery()
    )
    return select(
        *columns(
            id=held.c.customer_id,
            day=literal(scope.until),
            amount=held.c.amount,
            customer_id=held.c.customer_id,
        )
    )


def _named(part: Any) -> tuple[Any, Any]:
    owner, amount = part.selected_columns
    return owner.label("customer_id"), amount.label("amount")
