"""An invoice run that a person asked for: kept in the database, done by the worker.

The wish survives a closed browser, a killed worker and a lost Redis; the scheduler rings
for it until it is done, and every chunk commits whole.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from portal.core.period import Period
from portal.extensions import db
from portal.infra import audit, queue
from portal.infra.timekeeping import wall
from portal.invoices import billing
from portal.invoices.billing import Preview
from portal.invoices.models import Invoice
from portal.settings import service as settings

REQUESTED = "billing.requested"
LAST = "billing.last_request"
PAUSED = "billing.paused"
SILENT = "billing.silent"


@dataclass(frozen=True)
class Progress:
    """How far a requested run is. `left` counts lines without an invoice."""

    period: str
    issued: int
    left: int
    running: bool
    paused: bool = False

    @property
    def total(self) -> int:
        return self.issued + self.left


def request(period: Period, *, tell: bool = True) -> None:
    """Ask for everything of the period; in the caller's transaction. Audited.

    Without `tell` nobody is written to until a person asks for that too.
    """
    settings.set_internal(REQUESTED, str(period))
    settings.set_internal(PAUSED, False)
    settings.set_internal(SILENT, not tell)
    begun = {"period": str(period), "at": wall().isoformat(), "issued": _issued(period)}
    settings.set_internal(LAST, begun)
    audit.record("billing.run", f"period:{period}", after={"tell": tell})
    queue.ring(queue.RUN_SCHEDULED, "issue_requested")


def pause(period: Period) -> bool:
    """Stop the run of this period after the chunk that is under way; False when none runs."""
    return _set_paused(period, True)


def resume(period: Period) -> bool:
    """Let the paused run of this period go on; False when there is none."""
    return _set_paused(period, False)


def _set_paused(period: Period, paused: bool) -> bool:
    if settings.fresh_internal(REQUESTED) != str(period):
        return False
    if bool(settings.fresh_internal(PAUSED)) != paused:
        settings.set_internal(PAUSED, paused)
        audit.record("billing.pause" if paused else "billing.resume", f"period:{period}")
    if not paused:
        queue.ring(queue.RUN_SCHEDULED, "issue_requested")
    return True


def continue_requested() -> int:
    """Do, or go on with, the requested run; commits per chunk. Returns how many it issued."""
    wanted = settings.internal(REQUESTED)
    if not wanted or settings.fresh_internal(PAUSED):
        db.session.rollback()
        return 0
    period = Period.parse(wanted)
    count = 0
    tell = _tells(wanted, not settings.internal(SILENT))
    while issued := billing.issue_chunk(period, only_due=False, tell=tell):
        count += issued
        db.session.commit()
        if settings.fresh_internal(PAUSED):
            db.session.rollback()
            return count
        tell = _tells(wanted, tell)
    # Past the cache: whoever asked for another period meanwhile is not forgotten.
    if settings.fresh_internal(REQUESTED) == wanted:
        settings.set_internal(REQUESTED, None)
    db.session.commit()
    return count


def _tells(wanted: str, before: bool) -> bool:
    """Whether the run of this period speaks now; a wish for another period says nothing of it."""
    silent = bool(settings.fresh_internal(SILENT))  # first: the period is read after it
    return not silent if settings.fresh_internal(REQUESTED) == wanted else before


def is_silent(period: Period) -> bool:
    """Whether a silent run of the period is under way: then nobody else speaks of it either."""
    return settings.fresh_internal(REQUESTED) == str(period) and bool(
        settings.fresh_internal(SILENT)
    )


def progress(period: Period, preview: Preview | None = None) -> Progress:
    """Where the run of a period stands now; `preview` when you have it already."""
    seen = preview or billing.preview(period)
    running = settings.internal(REQUESTED) == str(period)
    paused = running and bool(settings.internal(PAUSED))
    return Progress(str(period), seen.already_issued, seen.count, running, paused)


def _issued(period: Period) -> int:
    return (
        db.session.scalar(
            select(func.count()).where(Invoice.period == str(period), Invoice.state != "void")
        )
        or 0
    )


def seconds_left(seen: Progress) -> int | None:
    """How long the run still takes at the pace it had so far; None while nobody can tell."""
    begun = settings.internal(LAST)
    if not begun or begun.get("period") != seen.period or not seen.running or seen.paused:
        return None
    done = seen.issued - int(begun.get("issued", 0))
    spent = (wall() - datetime.fromisoformat(begun["at"])).total_seconds()
    return int(spent * seen.left / done) if done > 0 and spent > 0 else None


def periods() -> list[str]:
    """Periods that have invoices, the newest first; for filters."""
    return list(
        db.session.scalars(
            select(Invoice.period).group_by(Invoice.period).order_by(Invoice.period.desc())
        )
    )


def sums(statement: object) -> tuple[int, int, int]:
    """Number, total and what is still owed (rupiah) of a list of invoices."""
    rows = statement.order_by(None).subquery()  # type: ignore[attr-defined]
    left = rows.c.total - rows.c.paid - rows.c.credited
    owed = case((rows.c.state == "open", left), else_=0)
    count, total, rest = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(rows.c.total), 0),
            func.coalesce(func.sum(owed), 0),
        ).select_from(rows)
    ).one()
    return int(count), int(total), int(rest)
