"""A person's drawer: the cash they answer for, and the lock that guards it.

What a person took is in their drawer until it is handed over in a settlement or counted in a
closing; each payment is in one of them at most. Whoever changes a drawer holds it first, and
before any customer, so that nobody waits in a circle.
"""

from datetime import date
from typing import Any

from sqlalchemy import exists, select

from portal.accounts.models import Staff
from portal.counter.models import Closing, ClosingEntry, SettlementPayment, standing
from portal.extensions import db
from portal.payments.models import Payment

COLLECTOR = "collector"
MOST = 10**10
"""The largest amount (rupiah) anybody types here; more is a slip of the finger."""


class CounterError(ValueError):
    """It cannot be done; a sentence for the person at the counter."""


def hold(*staff_ids: int) -> None:
    """Lock these drawers until the transaction ends, always in the same order.

    Without blocking payments that merely name the person.
    """
    db.session.execute(
        select(Staff.id)
        .where(Staff.id.in_(staff_ids))
        .order_by(Staff.id)
        .with_for_update(key_share=True)
    ).all()


def closing_of(staff_id: int, day: date) -> Closing | None:
    """The closing in force of a person's day; a reopened one is none."""
    return db.session.scalar(
        select(Closing).where(
            Closing.cashier_id == staff_id, Closing.day == day, Closing.reopened_at.is_(None)
        )
    )


def in_drawer(staff_id: int | None = None) -> list[Any]:
    """Conditions: cash payments still in somebody's drawer, or in this person's.

    A reversal names who took the money, so it is in the same drawer.
    """
    settled = exists().where(
        SettlementPayment.payment_id == Payment.id, standing(SettlementPayment)
    )
    closed = exists().where(ClosingEntry.payment_id == Payment.id, standing(ClosingEntry))
    whose = Payment.taken_by_id
    mine = whose.is_not(None) if staff_id is None else whose == staff_id
    return [mine, Payment.source == "cash", ~settled, ~closed]
