"""Looking at the portal as a customer sees it: who may, until when, and the record of it. The
looks themselves are requests under `/admin/as/<id>/`; how those are served is in `peeking.py`."""

from datetime import timedelta

from sqlalchemy import select, update

from portal.accounts.models import Staff
from portal.desk.models import Impersonation
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import wall
from portal.web.access import permissions_of

LASTS = timedelta(minutes=15)
PERMISSION = "impersonate"


def start(staff_id: int, customer_id: int) -> Impersonation:
    """A look that ends by itself; noted in the audit log. Never commits."""
    row = Impersonation(
        staff_id=staff_id, customer_id=customer_id, started_at=wall(), until=wall() + LASTS
    )
    db.session.add(row)
    db.session.flush()
    after = {"look": row.id, "until": row.until.isoformat()}
    audit.record("impersonate.start", f"customer:{customer_id}", after=after)
    return row


def living(peek_id: int, staff: Staff) -> Impersonation | None:
    """The look of that id while it lasts, and only for who began it and still may."""
    if PERMISSION not in permissions_of(staff.role):
        return None
    return db.session.scalar(
        select(Impersonation).where(
            Impersonation.id == peek_id,
            Impersonation.staff_id == staff.id,
            Impersonation.ended_at.is_(None),
            Impersonation.until > wall(),
        )
    )


def end(peek_id: int, staff_id: int) -> int | None:
    """End one's own look; returns the customer, or None when it was over already."""
    row = db.session.scalar(
        select(Impersonation).where(Impersonation.id == peek_id, Impersonation.staff_id == staff_id)
    )
    if row is None or not _close(row, ""):
        return None
    return row.customer_id


def end_overdue() -> int:
    """Write down the end of looks whose time was up; returns how many. Never commits."""
    rows = db.session.scalars(
        select(Impersonation).where(Impersonation.ended_at.is_(None), Impersonation.until <= wall())
    ).all()
    count = 0
    for row in rows:
        with audit.acting(f"staff:{row.staff_id}"):
            count += _close(row, "waktunya habis")
    return count


def _close(row: Impersonation, why: str) -> bool:
    ended = updated(
        update(Impersonation)
        .where(Impersonation.id == row.id, Impersonation.ended_at.is_(None))
        .values(ended_at=min(wall(), row.until))
    )
    if ended == 1:
        after = {"look": row.id}
        audit.record("impersonate.end", f"customer:{row.customer_id}", after=after, reason=why)
    return ended == 1
