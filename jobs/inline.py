"""Doing in this process what the lanes would do: while Redis is away, and for time travel.

Workers may be at the same rows; every row is claimed, so it does not matter.
"""

import logging
import time
from collections.abc import Callable, Sequence

from jobs.inbox import process_hook
from jobs.payments import check_order
from jobs.signup import advance
from jobs.telegram import show_bill
from portal.extensions import db
from portal.infra import inbox
from portal.messaging import sending
from portal.network import reconcile
from portal.payments import orders
from portal.signup import work as signups
from portal.telegram import bills

log = logging.getLogger(__name__)


def work_off(limit: int, seconds: float) -> int:
    """One pass over all queues in their order of importance; returns how much there was.

    `limit` items of each but messages; `seconds` for each queue and lane. Somebody waits in
    front of a screen for a login code: those go first, and once more between the others.
    """
    done = sending.drain("interactive", seconds=seconds)
    hooks, waiting, lines = inbox.due(limit), orders.due_orders(limit), reconcile.due(limit)
    wanted, connecting = bills.due(limit), signups.due(limit)
    # Each job has a session of its own; an open transaction here would lock it out on SQLite.
    db.session.rollback()
    done += _each(process_hook, hooks, seconds)
    done += _each(show_bill, wanted, seconds)
    done += _each(check_order, waiting, seconds)
    done += _each(reconcile.apply_access, lines, seconds)
    done += _each(advance, connecting, seconds)
    for lane in ("interactive", "messages", "bulk"):
        done += sending.drain(lane, seconds=seconds)
        db.session.rollback()
    return done


def _each(work: Callable[[int], object], ids: Sequence[int], seconds: float) -> int:
    """One after the other within the budget; one that fails does not stop the rest."""
    deadline = time.monotonic() + seconds
    for number, row_id in enumerate(ids):
        if time.monotonic() > deadline:
            return number
        try:
            work(row_id)
        except Exception:
            log.exception("%s %s failed", getattr(work, "__name__", "work"), row_id)
        db.session.rollback()
    return len(ids)
