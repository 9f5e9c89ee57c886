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
        "SELECT p.id FROM payment p WHERE p.reverses_id IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM message m WHERE m.dedupe_key = "
        "'payment_confirmation:' || CAST(p.id AS VARCHAR(20)))",
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
        "no customer's credit is negative, nor what is left of a payment",
        "SELECT customer_id FROM credit GROUP BY customer_id HAVING SUM(amount) < 0 "
        "UNION ALL SELECT COALESCE(p.reverses_id, p.id) FROM credit c "
        "JOIN payment p ON p.id = c.payment_id "
        "GROUP BY COALESCE(p.reverses_id, p.id) HAVING SUM(c.amount) < 0",
    ),
    Invariant(
        "I18",
        "a refund is exactly the credit that was taken for it",
        "SELECT r.id FROM refund r WHERE r.amount <= 0 OR r.amount <> "
        "-(SELECT COALESCE(SUM(c.amount), 0) FROM credit c WHERE c.refund_id = r.id "
        "AND c.customer_id = r.customer_id)",
    ),
    Invariant(
        "I19",
        "credit notes and their tax are never more than the invoice; none on a void one",
        "SELECT i.id FROM credit_note n JOIN invoice i ON i.id = n.invoice_id "
        "GROUP BY i.id, i.total, i.state HAVING i.state = 'void' OR MIN(n.amount) <= 0 "
        "OR SUM(n.amount) > i.total OR SUM(n.tax_amount) > (SELECT COALESCE(SUM(l.amount), 0) "
        "FROM invoice_line l WHERE l.invoice_id = i.id AND l.kind = 'tax')",
    ),
    Invariant(
        "I20",
        "a reversal takes back the whole payment, wherever it went; nothing else is negative",
        "SELECT r.id FROM payment r JOIN payment p ON p.id = r.reverses_id "
        "WHERE r.amount <> -p.amount OR r.customer_id <> p.customer_id OR r.source <> p.source "
        "OR (SELECT COALESCE(SUM(c.amount), 0) FROM credit c "
        "WHERE c.payment_id IN (p.id, r.id)) <> 0 "
        "OR EXISTS (SELECT a.invoice_id FROM allocation a WHERE a.payment_id IN (p.id, r.id) "
        "GROUP BY a.invoice_id HAVING SUM(a.amount) <> 0) "
        "UNION ALL SELECT id FROM payment WHERE amount <= 0 AND reverses_id IS NULL",
    ),
    Invariant(
        "I21",
        "an open invoice still demands something",
        "SELECT i.id FROM invoice i WHERE i.state = 'open' AND i.total <= "
        "(SELECT COALESCE(SUM(a.amount), 0) FROM allocation a WHERE a.invoice_id = i.id) + "
        "(SELECT COALESCE(SUM(n.amount), 0) FROM credit_note n WHERE n.invoice_id = i.id)",
    ),
    Invariant(
        "C1",
        "cash is handed over or counted once: in one settlement or one closing at most",
        "SELECT payment_id FROM (SELECT payment_id FROM settlement_payment WHERE NOT released "
        "UNION ALL SELECT payment_id FROM closing_entry WHERE NOT released "
        "AND payment_id IS NOT NULL) AS held GROUP BY payment_id HAVING COUNT(*) > 1",
    ),
    Invariant(
        "C2",
        "a settlement expects the sum of its payments; taking it back is the same with a minus",
        "SELECT s.id FROM settlement s LEFT JOIN settlement o ON o.id = s.reverses_id "
        "WHERE (s.reverses_id IS NULL AND s.expected <> (SELECT COALESCE(SUM(p.amount), 0) "
        "FROM settlement_payment sp JOIN payment p ON p.id = sp.payment_id "
        "WHERE sp.settlement_id = s.id)) "
        "OR (s.reverses_id IS NOT NULL AND (s.expected <> -o.expected OR s.counted <> -o.counted))",
    ),
    Invariant(
        "C3",
        "a closing expects its opening float and the sum of its parts",
        "SELECT c.id FROM closing c WHERE c.expected <> c.opening + "
        "(SELECT COALESCE(SUM(e.amount), 0) FROM closing_entry e WHERE e.closing_id = c.id)",
    ),
    Invariant(
        "C4",
        "a part of a closing is the money it names",
        "SELECT e.id FROM closing_entry e LEFT JOIN payment p ON p.id = e.payment_id "
        "LEFT JOIN settlement s ON s.id = e.settlement_id LEFT JOIN refund r ON r.id = e.refund_id "
        "WHERE COALESCE(p.amount, s.counted, -r.amount, e.amount + 1) <> e.amount",
    ),
    Invariant(
        "C5",
        "people answer for cash they took themselves",
        "SELECT p.id FROM payment p LEFT JOIN payment o ON o.id = p.reverses_id "
        "LEFT JOIN settlement_payment sp ON sp.payment_id = p.id "
        "LEFT JOIN settlement s ON s.id = sp.settlement_id "
        "LEFT JOIN closing_entry e ON e.payment_id = p.id "
        "LEFT JOIN closing c ON c.id = e.closing_id "
        "WHERE COALESCE(s.collector_id, c.cashier_id) IS NOT NULL AND (p.source <> 'cash' "
        "OR COALESCE(o.taken_by_id, p.taken_by_id, 0) NOT IN "
        "(COALESCE(s.collector_id, c.cashier_id), COALESCE(c.cashier_id, s.collector_id)))",
    ),
    Invariant(
        "I22",
        "the reports' ledger has no gap: 1 is what is owed, 2 is what is left as credit",
        "SELECT 1 AS gap WHERE (SELECT COALESCE(SUM(i.total), 0) FROM invoice i "
        "WHERE i.state IN ('open', 'paid')) - (SELECT COALESCE(SUM(n.amount), 0) "
        "FROM credit_note n JOIN invoice i ON i.id = n.invoice_id "
        "WHERE i.state IN ('open', 'paid')) - (SELECT COALESCE(SUM(a.amount), 0) "
        "FROM allocation a JOIN invoice i ON i.id = a.invoice_id "
        "WHERE i.state IN ('open', 'paid')) <> (SELECT COALESCE(SUM(o.owed), 0) FROM "
        "(SELECT i.total - (SELECT COALESCE(SUM(a.amount), 0) FROM allocation a "
        "WHERE a.invoice_id = i.id) - (SELECT COALESCE(SUM(n.amount), 0) FROM credit_note n "
        "WHERE n.invoice_id = i.id) AS owed FROM invoice i WHERE i.state = 'open') AS o) "
        "UNION ALL SELECT 2 AS gap WHERE (SELECT COALESCE(SUM(amount), 0) FROM payment) - "
        "(SELECT COALESCE(SUM(amount), 0) FROM allocation) - "
        "(SELECT COALESCE(SUM(amount), 0) FROM refund) <> "
        "(SELECT COALESCE(SUM(amount), 0) FROM credit)",
    ),
    Invariant(
        "I23",
        "every payment has the day it counts for in the reports",
        "SELECT id FROM payment WHERE booked_on IS NULL",
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
