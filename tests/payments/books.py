"""Looking at the books from outside: what must always hold, and short ways to read rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select

from portal.customers.models import Customer
from portal.extensions import db
from portal.health.invariants import INVARIANTS, violations
from portal.infra import inbox
from portal.invoices.models import Allocation, Invoice
from portal.payments import notices, opening
from portal.payments.models import AttentionItem, Credit, Payment, PaymentOrder
from tests import factories

PATH = "/me/orders/{order_id}"


def balanced() -> None:
    """Every invariant of the books, as `flask doctor` checks them."""
    db.session.rollback()
    broken = {rule.name: found for rule in INVARIANTS if (found := violations(rule))}
    db.session.rollback()
    assert broken == {}


def total(column: object) -> int:
    found = db.session.scalar(select(func.coalesce(func.sum(column), 0)))
    db.session.rollback()
    return int(found or 0)


def money() -> tuple[int, int, int]:
    """Rupiah received, allocated and left as credit, in all."""
    return total(Payment.amount), total(Allocation.amount), total(Credit.amount)


def start(payer: Customer, *bills: Invoice) -> PaymentOrder:
    """The customer presses Bayar; the order, detached."""
    made = opening.start_order(payer.id, [bill.id for bill in bills], PATH)
    return factories.fresh(PaymentOrder, made.id)


def order(found: PaymentOrder) -> PaymentOrder:
    """The order as it is now."""
    return factories.fresh(PaymentOrder, found.id)


def bill(found: Invoice) -> Invoice:
    """The invoice as it is now."""
    return factories.fresh(Invoice, found.id)


def attention() -> list[str]:
    """Kinds on the *perlu perhatian* list."""
    return [item.kind for item in factories.every(AttentionItem)]


def deliver(body: bytes) -> str:
    """A callback arrives and is processed; what became of it."""
    hook_id = inbox.store("pakasir", body, {})
    db.session.commit()
    hook = inbox.claim(hook_id)
    db.session.commit()
    if hook is None:
        return "taken by somebody else"
    outcome = notices.process_hook(hook)
    inbox.finish(hook, "processed", outcome)
    db.session.commit()
    return outcome


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever is read inside leaves no transaction open."""
    try:
        yield
    finally:
        db.session.rollback()
