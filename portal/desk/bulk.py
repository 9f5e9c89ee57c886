"""Runs of bulk actions: made once, worked off one customer a transaction, stopped, taken back.

Whom a run is about is written down when it is confirmed. The mark on an item and what is done to
its customer are committed together, so a crash at any point neither doubles nor loses anybody,
and any number of workers may go on with the same run. Functions that say so commit.
"""

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from portal.desk.actions import AREA, CHUNK, MESSAGE, Action, Params
from portal.desk.line_actions import PAUSE, PLAN, PROMISE
from portal.desk.models import BulkItem, BulkRun
from portal.extensions import db
from portal.infra import audit
from portal.infra.checkpoints import checkpoint
from portal.infra.database import updated
from portal.infra.timekeeping import now

log = logging.getLogger(__name__)

ACTIONS: dict[str, Action] = {one.key: one for one in (MESSAGE, AREA, PLAN, PAUSE, PROMISE)}
SECONDS = 30.0
"""Budget of one tick, below a job's time; the next tick goes on."""
FAILED = "Gagal karena kesalahan; coba lagi untuk pelanggan ini."
STOPPED = "Dihentikan."


@dataclass(frozen=True)
class Preview:
    """Who would get it and who would not, with the reason of each."""

    ids: Sequence[int]
    left_out: dict[int, str]

    @property
    def going(self) -> int:
        return len(self.ids) - len(self.left_out)

    @property
    def seen(self) -> str:
        """Names exactly these people, and who of them gets it: as many others are not the same."""
        going = [one for one in self.ids if one not in self.left_out]
        said = f"{sorted(self.ids)} {sorted(going)}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def reasons(self) -> dict[str, int]:
        """How many for each reason, the most frequent first."""
        found: dict[str, int] = {}
        for why in self.left_out.values():
            found[why] = found.get(why, 0) + 1
        return dict(sorted(found.items(), key=lambda one: -one[1]))


def preview(action: Action, ids: Sequence[int], params: Params) -> Preview:
    """What confirming would mean; changes nothing."""
    left_out: dict[int, str] = {}
    for start in range(0, len(ids), CHUNK):
        left_out |= action.left_out(ids[start : start + CHUNK], params)
    return Preview(ids, left_out)


def start(
    action: Action, ids: Sequence[int], params: Params, about: str, staff_id: int, once: str
) -> BulkRun:
    """Write the run and its customers down; the same key is the same run. Never commits."""
    before = db.session.scalar(select(BulkRun).where(BulkRun.once == once))
    if before is not None:
        return before
    checkpoint("bulk.looked")
    run = BulkRun(
        once=once,
        action=action.key,
        params=params,
        about=about[:500],
        state="running",
        total=len(ids),
        staff_id=staff_id,
        created_at=now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(run)
    except IntegrityError:  # the other press was a moment faster
        return db.session.scalars(select(BulkRun).where(BulkRun.once == once)).one()
    for first in range(0, len(ids), CHUNK):
        rows = [
            {"run_id": run.id, "customer_id": one, "state": "waiting", "reason": "", "before": {}}
            for one in ids[first : first + CHUNK]
        ]
        db.session.execute(insert(BulkItem), rows)
    after = {"action": action.key, "count": len(ids), "about": run.about}
    audit.record("bulk.start", f"bulk:{run.id}", after=after)
    return run


def continue_all(seconds: float = SECONDS) -> int:
    """One tick: go on with what runs and with what is taken back; returns how many customers.
    Commits."""
    ends, count = time.monotonic() + seconds, 0
    for state, work in (("running", _do_one), ("undoing", _undo_one)):
        runs = db.session.scalars(
            select(BulkRun.id).where(BulkRun.state == state).order_by(BulkRun.id)
        ).all()
        db.session.rollback()
        for run_id in runs:
            count += _work_off(run_id, state, work, ends)
    return count


def _work_off(run_id: int, state: str, work: Any, ends: float) -> int:
    source, target = ("waiting", "done") if state == "running" else ("done", "undone")
    count = 0
    while time.monotonic() < ends:
        run = db.session.get(BulkRun, run_id, populate_existing=True)
        items = db.session.scalars(
            select(BulkItem.id)
            .where(BulkItem.run_id == run_id, BulkItem.state == source)
            .order_by(BulkItem.id)
            .limit(50)
        ).all()
        db.session.rollback()
        if run is None or not items:
            _finish(run_id, state, target)
            break
        for item_id in items:
            if time.monotonic() >= ends or not _still(run_id, state):
                return count
            work(item_id)
            count += 1
    return count


def _still(run_id: int, state: str) -> bool:
    found = db.session.scalar(select(BulkRun.state).where(BulkRun.id == run_id))
    db.session.rollback()
    return found == state


def _finish(run_id: int, state: str, target: str) -> None:
    ended = "done" if state == "running" else "undone"
    moved = updated(
        update(BulkRun)
        .where(BulkRun.id == run_id, BulkRun.state == state)
        .values(state=ended, finished_at=now())
    )
    if moved:
        after = {"action": ended, target: counts(run_id).get(target, 0)}
        audit.record("bulk.finish", f"bulk:{run_id}", after=after)
    db.session.commit()


def _do_one(item_id: int) -> None:
    """One customer, once. Commits."""
    found = _claim(item_id, "waiting", "done")
    if found is None:
        return
    item, run, action = found
    try:
        with audit.acting(f"staff:{run.staff_id}"):
            item.before = action.do(run, item.customer_id, run.params)
        db.session.flush()
        checkpoint("bulk.done")
    except ValueError as error:
        _leave(item_id, "waiting", "skipped", str(error))
        return
    except Exception:
        log.exception("bulk item %s failed", item_id)
        _leave(item_id, "waiting", "failed", FAILED)
        return
    db.session.commit()


def _undo_one(item_id: int) -> None:
    """Take one customer's part back, once. Commits."""
    found = _claim(item_id, "done", "undone")
    if found is None:
        return
    item, run, action = found
    before = dict(item.before)
    try:
        if action.undo is None:
            raise ValueError(str(action.taking_back))
        with audit.acting(f"staff:{run.staff_id}"):
            action.undo(item.customer_id, run.params, before)
    except ValueError as error:
        _leave(item_id, "done", "kept", str(error))
        return
    except Exception:
        log.exception("bulk item %s could not be undone", item_id)
        _leave(item_id, "done", "kept", FAILED)
        return
    db.session.commit()
    if action.after is not None:
        action.after(before)
        db.session.commit()


def _claim(item_id: int, source: str, target: str) -> tuple[BulkItem, BulkRun, Action] | None:
    """The item, marked in this transaction: whoever comes second waits and finds it marked."""
    taken = updated(
        update(BulkItem)
        .where(BulkItem.id == item_id, BulkItem.state == source)
        .values(state=target, at=now())
    )
    if taken != 1:
        db.session.rollback()
        return None
    item = db.session.get_one(BulkItem, item_id, populate_existing=True)
    run = db.session.get_one(BulkRun, item.run_id)
    return item, run, ACTIONS[run.action]


def _leave(item_id: int, source: str, target: str, why: str) -> None:
    """Nothing was done after all; say why. Commits."""
    db.session.rollback()
    updated(
        update(BulkItem)
        .where(BulkItem.id == item_id, BulkItem.state == source)
        .values(state=target, reason=why[:300], at=now())
    )
    db.session.commit()


def stop(run_id: int) -> bool:
    """Nothing more of it; what is done stays done. Never commits."""
    if not _turn(run_id, ("running",), "stopped"):
        return False
    updated(
        update(BulkItem)
        .where(BulkItem.run_id == run_id, BulkItem.state == "waiting")
        .values(state="skipped", reason=STOPPED, at=now())
    )
    audit.record("bulk.stop", f"bulk:{run_id}", after={"done": counts(run_id).get("done", 0)})
    return True


def take_back(run_id: int) -> bool:
    """Undo what can be undone, as a job; False when nothing can or it is under way."""
    run = db.session.get(BulkRun, run_id)
    if run is None or ACTIONS[run.action].undo is None:
        return False
    if not _turn(run_id, ("done", "stopped"), "undoing"):
        return False
    audit.record("bulk.undo", f"bulk:{run_id}")
    return True


def _turn(run_id: int, sources: Sequence[str], target: str) -> bool:
    return (
        updated(
            update(BulkRun)
            .where(BulkRun.id == run_id, BulkRun.state.in_(sources))
            .values(state=target, finished_at=None if target == "undoing" else now()),
            refresh=True,
        )
        == 1
    )


def counts(run_id: int) -> dict[str, int]:
    """How many customers of the run are in each state."""
    rows = db.session.execute(
        select(BulkItem.state, func.count())
        .where(BulkItem.run_id == run_id)
        .group_by(BulkItem.state)
    )
    return {state: count for state, count in rows}
