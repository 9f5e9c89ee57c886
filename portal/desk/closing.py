"""The end of a customer: what it means, doing it, taking it back. Never commits. Rupiah."""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select, update

from portal.customers import service as customers
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.invoices import lifecycle, quotes
from portal.subscriptions.models import Subscription
from portal.subscriptions.queries import lines_of


@dataclass(frozen=True)
class Ending:
    """One line that would end, and what was billed and will not be used."""

    line: Subscription
    returned: int


def foresee(customer: Customer) -> list[Ending]:
    """The lines that would end today."""
    return [Ending(line, quotes.left_over(line)) for line in lines_of(customer.id)]


def close(customer_id: int, reason: str) -> list[int]:
    """End every line and the account; returns the lines. Raises ValueError with a sentence.

    What is owed stays owed, and credit stays credit.
    """
    words = reason.strip()[:200]
    if not words:
        raise ValueError(_("Tulis alasannya."))
    ended = list(
        db.session.scalars(
            select(Subscription.id)
            .where(Subscription.customer_id == customer_id, Subscription.state != "ended")
            .order_by(Subscription.id)
        )
    )
    for line_id in ended:
        lifecycle.end(line_id, words)
    if not _move(customer_id, "active", "closed"):
        raise ValueError(_("Pelanggan ini sudah ditutup."))
    customers.end_sessions(db.session.get_one(Customer, customer_id))
    after = {"status": "closed", "lines": len(ended)}
    audit.record(
        "customer.close",
        f"customer:{customer_id}",
        before={"status": "active"},
        after=after,
        reason=words,
    )
    return ended


def settle(line_ids: list[int]) -> None:
    """Issue what a pause held back; in a transaction of its own."""
    for line_id in line_ids:
        lifecycle.catch_up(line_id)


def reopen(customer_id: int) -> bool:
    """A closed customer is one again, without a line; False when it was not closed."""
    if not _move(customer_id, "closed", "active"):
        return False
    before, after = {"status": "closed"}, {"status": "active"}
    audit.record("customer.reopen", f"customer:{customer_id}", before=before, after=after)
    return True


def _move(customer_id: int, source: str, target: str) -> bool:
    statement = (
        update(Customer)
        .where(Customer.id == customer_id, Customer.status == source)
        .values(status=target)
    )
    return updated(statement, refresh=True) == 1
