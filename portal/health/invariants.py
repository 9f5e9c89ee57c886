"""The books' invariants as SQL: each must return no row. `flask doctor` runs them.

Written once for both engines. The times they compare with are bound as `:now` values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, text

from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.infra.types import UtcDateTime


@dataclass(frozen=True)
class Invariant:
    """One rule; `sql` lists the rows that break it."""

    name: str
    sentence: str
    sql: str
    older_than: timedelta | None = None


INVARIANTS: Sequence[Invariant] = (
    Invariant(
        "I1",
        "a paid invoice is covered by payments and credit notes, exactly",
        "SELECT i.id FROM invoice i WHERE i.state = 'paid' AND i.total <> "
        "(SELECT COALESCE(SUM(a.amount), 0) FROM allocation a WHERE a.invoice_id = i.id) + "
        "(SELECT COALESCE(SUM(n.amount), 0) FROM credit_note n WHERE n.invoice_id = i.id)",
    ),
    Invariant(
        "I2",
        "payment = allocations + credit, before any of it was given back",
        "SELECT p.id FROM payment p WHERE p.amount <> "
        "(SELECT COALESCE(SUM(a.amount), 0) FROM allocation a WHERE a.payment_id = p.id) + "
        "(SELECT COALESCE(SUM(c.amount), 0) FROM credit c WHERE c.payment_id = p.id "
        "AND c.refund_id IS NULL)",
    ),
    Invariant(
        "I3",
        "an order is settled when, and only when, it has a payment",
        "SELECT o.id FROM payment_order o LEFT JOIN payment p ON p.payment_order_id = o.id "
        "WHERE (o.state = 'settled' AND p.id IS NULL) "
        "OR (o.state <> 'settled' AND p.id IS NOT NULL)",
    ),
    Invariant(
        "I4",
        "nothing is allocated to a void invoice, and none is over-allocated",
        "SELECT i.id FROM allocation a JOIN invoice i ON i.id = a.invoice_id "
        "GROUP BY i.id, i.total, i.state HAVING SUM(a.amount) < 0 "
        "OR (i.state = 'void' AND SUM(a.amount) <> 0) OR SUM(a.amount) > i.total - "
        "(SELECT COALESCE(SUM(n.amount), 0) FROM credit_note n WHERE n.invoice_id = i.id)",
    ),
    Invariant(
        "I5",
        "one live invoice per subscription and period",
        "SELECT subscription_id FROM invoice WHERE state <> 'void' "
        "GROUP BY subscription_id, period HAVING COUNT(*) > 1",
    ),
    Invariant(
        "I6",
        "at most one accepted attempt per message",
        "SELECT message_id FROM message_attempt WHERE outcome = 'accepted' "
        "GROUP BY message_id HAVING COUNT(*) > 1",
    ),
    Invariant(
        "I8",
        "no lease is dead for more than a minute",
        "SELECT id FROM message WHERE state IN ('leased', 'sending') AND lease_until < :cutoff",
        older_than=timedelta(seconds=60),
    ),
    Invariant(
        "I9",
        "every payment has its confirmation; a reversal needs none",
        "SELECT p.id FROM payment p WHERE p.reverses_id IS NULL AND NOT EXISTS (SELECT 1 FROM message m WHERE "
        "m.dedupe_key = 'payment_confirmation:' || CAST(p.id AS VARCHAR(20)))",
    ),
    Invariant(
        "I10",
        "a line that is wanted open is open within five minutes",
        "SELECT n.subscription_id FROM network_access n JOIN subscription s "
        "ON s.id = n.subscription_id WHERE s.state = 'active' AND n.actual <> 'open' "
        "AND s.state_since < :cutoff",
        older_than=timedelta(minutes=5),
    ),
    Invariant(
        "I11",
        "a login code is used before it expires, and within five tries",
        "SELECT id FROM otp_challenge WHERE used_at > expires_at OR tries > 5",
    ),
    Invariant(
        "I12",
        "no login code was sent after it expired",
        "SELECT m.id FROM message m JOIN otp_challenge o ON o.id = m.otp_challenge_id "
        "WHERE m.accepted_at > o.expires_at",
    ),
    Invariant(
        "I13",
        "no stored callback waits for more than five minutes",
        "SELECT id FROM inbound_hook WHERE state = 'received' AND attempts = 0 "
        "AND received_at < :cutoff",
        older_than=timedelta(minutes=5),
    ),
    Invariant(
        "I16",
        "no customer's credit is negative",
        "SELECT customer_id FROM credit GROUP BY customer_id HAVING SUM(amount) < 0",
    ),
)


def violations(invariant: Invariant, limit: int = 20) -> list[int]:
    """Ids of the rows that break this invariant."""
    statement = text(f"SELECT * FROM ({invariant.sql}) AS broken LIMIT {int(limit)}")  # noqa: S608
    if invariant.older_than is not None:
        statement = statement.bindparams(
            bindparam("cutoff", wall() - invariant.older_than, type_=UtcDateTime())
        )
    return [int(row[0]) for row in db.session.execute(statement)]
