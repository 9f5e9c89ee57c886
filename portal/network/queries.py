"""Reading a line's access for screens."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from portal.extensions import db
from portal.network.models import NetworkAccess


@dataclass(frozen=True)
class AccessView:
    """The last decision on a line and what its router confirmed."""

    decision: str
    reason: str
    next_on: date | None
    actual: str
    last_error: str


NOTHING = AccessView("", "", None, "open", "")


def access_views(subscription_ids: list[int]) -> dict[int, AccessView]:
    """Access of several lines at once; a line nothing happened to yet is open."""
    rows = db.session.scalars(
        select(NetworkAccess).where(NetworkAccess.subscription_id.in_(subscription_ids))
    )
    found = {
        row.subscription_id: AccessView(
            row.decision, row.reason, row.next_on, row.actual, row.last_error
        )
        for row in rows
    }
    return {line: found.get(line, NOTHING) for line in subscription_ids}


def access_view(subscription_id: int) -> AccessView:
    """Access of one line."""
    return access_views([subscription_id])[subscription_id]
