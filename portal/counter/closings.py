"""Closing a cashier's day (tutup kas): what should be in the drawer, what is. Never commits.

A closing takes in every movement up to its day that no other closing holds, so one that was
dated an already closed day is found in the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, Subquery, exists, literal, select, union_all, update

from portal.accounts.models import Staff
from portal.core.money import format_rupiah
from portal.counter import drawer
from portal.counter.drawer import COLLECTOR, CounterError
from portal.counter.models import Closing, ClosingEntry, Settlement, standing
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import now, today
from portal.payments.models import Payment, Refund

PIECES = (100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100)
"""Notes and coins in use, in rupiah."""


@dataclass(frozen=True)
class Movement:
    """Money that came into a drawer, or left it (minus). `kind`: payment, settlement, refund."""

    kind: str
    row_id: int
    number: str
    day: date
    amount: int


@dataclass(frozen=True)
class Count:
    """What the cashier says. `shown` is the expected sum on their page; rupiah."""

    day: date
    opening: int
    counted: int
    shown: int
    note: str = ""
    pieces: Mapping[str, int] = field(default_factory=dict)


def loose() -> Subquery:
    """Movements no closing holds, of everybody: kind, row_id, number, day, amount, person."""
    return union_all(_payments(), _settlements(), _refunds()).subquery()


def movements(cashier_id: int, until: date) -> list[Movement]:
    """What no closing holds yet of a person's drawer, up to a day."""
    found = loose().c
    rows = db.session.execute(
        select(found.kind, found.row_id, found.number, found.day, found.amount)
        .where(found.person == cashier_id, found.day <= until)
        .order_by(found.kind, found.row_id)
    )
    return [Movement(*row) for row in rows]


def _payments() -> Select[Any]:
    return _columns(
        "payment", Payment, Payment.booked_on, Payment.amount, Payment.taken_by_id
    ).where(*drawer.in_drawer())


def _settlements() -> Select[Any]:
    held = exists().where(ClosingEntry.settlement_id == Settlement.id, standing(ClosingEntry))
    row = Settlement
    return _columns("settlement", row, row.booked_on, row.counted, row.received_by_id).where(~held)


def _refunds() -> Select[Any]:
    held = exists().where(ClosingEntry.refund_id == Refund.id, standing(ClosingEntry))
    return _columns("refund", Refund, Refund.booked_on, -Refund.amount, Refund.paid_by_id).where(
        Refund.paid_by_id.is_not(None), Refund.method == "cash", ~held
    )


def _columns(kind: str, model: Any, day: Any, amount: Any, person: Any) -> Select[Any]:
    return select(
        literal(kind).label("kind"),
        model.id.label("row_id"),
        model.number.label("number"),
        day.label("day"),
        amount.label("amount"),
        person.label("person"),
    )


def close(count: Count, cashier_id: int, once: str) -> tuple[Closing, bool]:
    """Close a day: once per `once`; says whether it was closed now. Raises CounterError."""
    drawer.hold(cashier_id)
    before = db.session.scalar(select(Closing).where(Closing.once == once))
    if before is not None:
        return before, False
    found = movements(cashier_id, count.day)
    _check(count, cashier_id, once, found)
    made = Closing(
        once=once,
        cashier_id=cashier_id,
        day=count.day,
        opening=count.opening,
        expected=count.shown,
        counted=count.counted,
        pieces=dict(count.pieces),
        note=count.note.strip()[:200],
        closed_at=now(),
    )
    db.session.add(made)
    db.session.flush()
    for one in found:
        entry = {f"{one.kind}_id": one.row_id, "closing_id": made.id, "amount": one.amount}
        db.session.add(ClosingEntry(**entry))
    db.session.flush()
    after = {"day": count.day.isoformat(), "expected": made.expected, "counted": made.counted}
    audit.record("closing.close", f"closing:{made.id}", after=after, reason=made.note)
    return made, True


def _check(count: Count, cashier_id: int, once: str, found: Sequence[Movement]) -> None:
    person = db.session.get(Staff, cashier_id)
    if not once or person is None or person.role == COLLECTOR:
        raise CounterError(_("Formulir ini tidak lengkap. Ulangi dari awal."))
    if count.day > today():
        raise CounterError(_("Hari itu belum terjadi."))
    if drawer.closing_of(cashier_id, count.day) is not None:
        raise CounterError(_("Kas hari itu sudah ditutup."))
    if not (0 <= count.opening <= drawer.MOST and 0 <= count.counted <= drawer.MOST):
        raise CounterError(_("Isi modal awal dan uang yang dihitung."))
    expected = count.opening + sum(one.amount for one in found)
    if expected != count.shown:
        raise CounterError(_("Jumlahnya berubah sejak halaman ini dibuka. Periksa lagi."))
    if count.counted != expected and not count.note.strip():
        gap = format_rupiah(count.counted - expected)
        raise CounterError(_("Selisih %(gap)s. Tulis sebabnya.", gap=gap))


def reopen(closing_id: int, reason: str, by: str) -> Closing:
    """Open a closed day again; the row stays as history. Raises CounterError."""
    if not reason.strip():
        raise CounterError(_("Tulis alasannya."))
    row = db.session.get_one(Closing, closing_id)
    drawer.hold(row.cashier_id)
    db.session.refresh(row)
    if row.reopened_at is not None:
        raise CounterError(_("Hari ini sudah dibuka lagi."))
    row.reopened_at, row.reopened_by = now(), by
    row.reopen_reason = reason.strip()[:200]
    db.session.flush()
    updated(update(ClosingEntry).where(ClosingEntry.closing_id == closing_id).values(released=True))
    before = {"day": row.day.isoformat(), "counted": row.counted}
    subject = f"closing:{closing_id}"
    audit.record("closing.reopen", subject, before=before, reason=row.reopen_reason)
    return row
