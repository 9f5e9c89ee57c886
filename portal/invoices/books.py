"""Months whose books are closed: what is dated in one is not changed any more.

The owner closes a month that is over and may open it again, each with a reason. Corrections
are dated today, so they never need a closed month opened. Reading a lock holds it: nobody
closes the month before the reader's transaction has ended.
"""

from datetime import date

from sqlalchemy import select

from portal.core.period import Period
from portal.extensions import db
from portal.infra import audit
from portal.infra.locks import one_at_a_time, together
from portal.infra.timekeeping import now, today
from portal.invoices.models import MonthLock
from portal.web.sentences import N_

NAME = "books"


class BooksError(ValueError):
    """The month cannot be closed or opened; the message is a sentence in Indonesian."""


def is_locked(day: date) -> bool:
    """Whether the month of this local day is closed; it stays so until the caller is done."""
    together(NAME)
    return lock_of(Period.of(day)) is not None


def book_day(day: date) -> date:
    """The day something counts for: that day, or today when its month is closed."""
    return today() if is_locked(day) else day


def lock_of(period: Period) -> MonthLock | None:
    """The lock on a month, when it is closed."""
    return db.session.scalar(
        select(MonthLock).where(MonthLock.period == str(period), MonthLock.reopened_at.is_(None))
    )


def lock(period: Period, reason: str, by: str) -> MonthLock:
    """Close a month that is over. Raises BooksError without a reason, or when it is closed."""
    if not reason.strip():
        raise BooksError(N_("Tulis alasannya."))
    if period.last_day >= today():
        raise BooksError(N_("Bulan ini belum berakhir, jadi belum bisa dikunci."))
    one_at_a_time(NAME)
    if lock_of(period) is not None:
        raise BooksError(N_("Bulan ini sudah dikunci."))
    row = MonthLock(period=str(period), reason=reason.strip()[:200], locked_at=now(), locked_by=by)
    db.session.add(row)
    db.session.flush()
    audit.record("books.lock", f"period:{period}", reason=row.reason)
    return row


def reopen(period: Period, reason: str, by: str) -> None:
    """Open a closed month again; the lock stays as history. Raises BooksError."""
    if not reason.strip():
        raise BooksError(N_("Tulis alasannya."))
    one_at_a_time(NAME)
    row = lock_of(period)
    if row is None:
        raise BooksError(N_("Bulan ini tidak dikunci."))
    row.reopened_at, row.reopened_by = now(), by
    row.reopen_reason = reason.strip()[:200]
    db.session.flush()
    audit.record(
        "books.reopen",
        f"period:{period}",
        before={"locked_at": row.locked_at.isoformat(), "locked_by": row.locked_by},
        reason=row.reopen_reason,
    )
