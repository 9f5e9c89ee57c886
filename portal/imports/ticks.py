"""The worker's turns: check, write and take back what waits; and what a command does at once.

Everything here commits as it goes. A step that fails is tried again; see `_alone`.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import select, update

from portal.extensions import db
from portal.imports import checking, dumping, shelf, undoing, writing
from portal.imports.checking import Checked
from portal.imports.models import ImportChange, ImportRun
from portal.imports.rows import packed
from portal.imports.runs import DUMPS, KEPT, UNDO_DAYS, ImportRefused, remove, start
from portal.imports.xlsx import TableError
from portal.infra.timekeeping import now
from portal.web.sentences import N_

log = logging.getLogger(__name__)

SECONDS = 30.0
"""Budget of one tick, below JOB_TIMEOUT; the next tick goes on."""
ROWS_A_PIECE = 100
TRIES = 3


def continue_all(seconds: float = SECONDS) -> int:
    """One tick: check, write, undo whatever waits. Commits; returns how many steps it took."""
    ends, count = time.monotonic() + seconds, 0
    steps: tuple[tuple[str, Callable[[int], bool]], ...] = (
        ("checking", check),
        ("running", writing.take_piece),
        ("undoing", undoing.undo_piece),
    )
    for state, step in steps:
        for run_id in _in(state):
            while time.monotonic() < ends and _alone(step, run_id):
                count += 1
    return count


def _in(state: str) -> list[int]:
    found = db.session.scalars(
        select(ImportRun.id).where(ImportRun.state == state).order_by(ImportRun.id)
    ).all()
    db.session.rollback()
    return list(found)


def _alone(step: Callable[[int], bool], run_id: int) -> bool:
    """A step that fails is noted and tried again, row by row; after three times it stops."""
    try:
        return step(run_id)
    except Exception:
        db.session.rollback()
        log.exception("import %s could not go on", run_id)
    run = writing.locked(run_id)
    if run is not None:
        run.attempts += 1
        if run.attempts >= TRIES:
            _give_up(run)
    db.session.commit()
    return False


def _give_up(run: ImportRun) -> None:
    if run.state == "checking":
        run.state, run.error = "failed", N_("Berkas ini tidak bisa dibaca.")
    elif run.state == "running":
        run.state, run.error = "paused", N_("Dijeda karena gangguan. Coba lanjutkan.")
        run.attempts = 1


def check(run_id: int) -> bool:
    """Read the file and compare it with the books; nothing of it is written. Commits."""
    run = db.session.get(ImportRun, run_id)
    if run is None or run.state != "checking":
        db.session.rollback()
        return False
    source, sheet, began = run.source, run.sheet, now()
    mapping = {name: int(place) for name, place in run.mapping.items()}
    data = shelf.file_of(run_id)
    db.session.rollback()
    try:
        if source in DUMPS:
            checked, differences = dumping.check(data, source)
        else:
            checked, differences = checking.check_table(data, sheet, mapping), None
    except TableError as error:
        db.session.rollback()
        _failed(run_id, str(error))
        return False
    _keep(run_id, checked, differences, began)
    return False


def take_now(checked: Checked, said: object, source: str, filename: str) -> ImportRun:
    """Write what a command checked, at once, as a run that can be undone like any. Commits.

    Only the owner sees it; the file itself is not kept. Raises ImportRefused.
    """
    run = ImportRun(
        source=source, filename=filename[-160:], size=0, state="checking", role="owner",
        created_at=now(), created_by="system:command",
    )  # fmt: skip
    db.session.add(run)
    db.session.commit()
    run_id = run.id
    _keep(run_id, checked, said, run.created_at)
    try:
        start(run_id)
    except ImportRefused:
        db.session.rollback()
        remove(db.session.get_one(ImportRun, run_id))
        db.session.commit()
        raise
    db.session.commit()
    failures = 0
    while (state := _state(run_id)) == "running" and failures < TRIES:
        failures += not _alone(writing.take_piece, run_id) and state == _state(run_id)
    return db.session.get_one(ImportRun, run_id)


def _state(run_id: int) -> str:
    state = db.session.scalar(select(ImportRun.state).where(ImportRun.id == run_id)) or ""
    db.session.rollback()
    return state


def _failed(run_id: int, sentence: str) -> None:
    run = writing.locked(run_id)
    if run is not None and run.state == "checking":
        run.state, run.error = "failed", sentence
    db.session.commit()


def _keep(run_id: int, checked: Checked, differences: object, began: datetime) -> None:
    run = writing.locked(run_id)
    if run is None or run.state != "checking":
        db.session.rollback()
        return
    shelf.drop(run_id, "rows", "check", "bad", "differences")
    rows = [packed(row) for row in checked.rows]
    starts = range(0, len(rows), ROWS_A_PIECE)
    for position, at in enumerate(starts):
        shelf.put_json(run_id, "rows", rows[at : at + ROWS_A_PIECE], position)
    shelf.put_json(run_id, "check", asdict(checked.findings))
    shelf.put_json(run_id, "bad", {"header": checked.header, "rows": checked.bad})
    if differences is not None:
        shelf.put_json(run_id, "differences", differences)
    run.pieces, run.total, run.cursor = len(starts), len(rows), 0
    run.summary = checked.findings.counts
    run.state, run.checked_at, run.attempts = "checked", began, 0
    db.session.commit()


def forget_old() -> int:
    """Delete files after their days, and what undoing needs after its own; in the caller's
    transaction. Returns how many runs were touched."""
    old = db.session.scalars(
        select(ImportRun).where(
            ImportRun.created_at < now() - KEPT,
            ImportRun.forgotten_at.is_(None),
            ImportRun.state.not_in(("running", "undoing", "paused")),
        )
    ).all()
    for run in old:
        shelf.drop(run.id)
        run.forgotten_at = now()
        if run.state in {"new", "checking", "checked"}:
            run.state = "cancelled"
    late = now() - timedelta(days=UNDO_DAYS)
    stale = select(ImportRun.id).where(ImportRun.started_at < late)
    forgotten = db.session.execute(
        update(ImportChange)
        .where(ImportChange.run_id.in_(stale), ImportChange.state.in_(("done", "undone", "kept")))
        .values(before={}, after={}, state="past")
        .execution_options(synchronize_session=False)
    )
    return len(old) + int(forgotten.rowcount)  # type: ignore[attr-defined]
