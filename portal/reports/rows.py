"""The shape every row behind a number has, and the money that came and went.

A `Rows` is a SELECT with these columns; `amount` is signed, so that numbers add up by adding.
The days of the scope are applied here; filters on columns in `measures.py`.
"""

from typing import Any

from sqlalchemy import BigInteger, Date, Integer, Select, String, cast, literal, null, select
from sqlalchemy.sql.elements import ColumnElement

from portal.payments.models import Payment, Refund
from portal.reports.scope import Scope

COLUMNS: dict[str, Any] = {
    "id": Integer,
    "day": Date,
    "amount": BigInteger,
    "number": String,
    "customer_id": Integer,
    "invoice_id": Integer,
    "payment_id": Integer,
    "source": String,
    "method": String,
    "staff_id": Integer,
    "bucket": String,
    "words": String,
    "due_on": Date,
}
"""`bucket`: the band of an ageing; `due_on`: when the invoice behind it is due."""


def columns(**found: Any) -> list[ColumnElement[Any]]:
    """The columns in their order; those nobody named are empty."""
    return [
        (found[name] if name in found else cast(null(), kind)).label(name)
        for name, kind in COLUMNS.items()
    ]


def received(scope: Scope) -> Select[Any]:
    """Money that came, by the day it is booked on."""
    return _payments(scope).where(Payment.reverses_id.is_(None))


def reversed_(scope: Scope) -> Select[Any]:
    """Payments that turned out not to be: negative, by the day the reversal is booked on."""
    return _payments(scope).where(Payment.reverses_id.is_not(None))


def _payments(scope: Scope) -> Select[Any]:
    return select(
        *columns(
            id=Payment.id,
            day=Payment.booked_on,
            amount=Payment.amount,
            number=Payment.number,
            customer_id=Payment.customer_id,
            payment_id=Payment.id,
            source=Payment.source,
            method=Payment.method,
            staff_id=Payment.taken_by_id,
            words=Payment.note,
        )
    ).where(Payment.booked_on.between(scope.since, scope.until))


def refunded(scope: Scope) -> Select[Any]:
    """Credit given back: negative, by the day it is booked on."""
    return select(
        *columns(
            id=Refund.id,
            day=Refund.booked_on,
            amount=-Refund.amount,
            number=Refund.number,
            customer_id=Refund.customer_id,
            source=literal("refund", String),
            method=Refund.method,
            staff_id=Refund.paid_by_id,
            words=Refund.reason,
        )
    ).where(Refund.booked_on.between(scope.since, scope.until))
