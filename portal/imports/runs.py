"""The way of an import from upload to undo: verbs that change one row, committed by the caller.

What the worker does with a row in between is in `ticks.py`.
"""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.extensions import db
from portal.imports import columns, shelf, writing
from portal.imports.models import ImportMapping, ImportRun
from portal.infra import audit, queue
from portal.infra.timekeeping import now
from portal.web.sentences import N_

KEPT = timedelta(days=7)
"""How long the file and what was read from it are kept, encrypted; told in docs/imports.md."""
UNDO_DAYS = 30
"""How long an import can be taken back; then what it would need is deleted."""
DUMPS = ("phpnuxbill", "indonusa")
ENDED = ("done", "cancelled", "undone", "failed")
BUSY = N_("Impor lain sedang berjalan. Tunggu sampai selesai, lalu coba lagi.")


class ImportRefused(ValueError):
    """Not now, or not any more; the message is a sentence in Indonesian."""


def create(data: bytes, filename: str, source: str, role: str, by: str) -> ImportRun:
    """Keep an uploaded file; a dump needs no mapping and is checked at once."""
    run = ImportRun(
        source=source,
        filename=filename[-160:],
        size=len(data),
        state="new",
        role=role,
        created_at=now(),
        created_by=by,
    )
    db.session.add(run)
    db.session.flush()
    shelf.put_file(run.id, data)
    audit.record("imports.upload", f"import:{run.id}", after={"source": source, "bytes": len(data)})
    if source in DUMPS:
        _ask_for_check(run)
    return run


def remembered(headers: list[str]) -> dict[str, int] | None:
    """How a file with these headers was mapped before."""
    found = db.session.scalar(
        select(ImportMapping).where(ImportMapping.headers == columns.fingerprint(headers))
    )
    return None if found is None else {name: int(at) for name, at in found.mapping.items()}


def map_columns(run: ImportRun, headers: list[str], mapping: dict[str, int], sheet: str) -> None:
    """Remember the mapping and ask for the check. Raises ImportRefused."""
    if run.state not in {"new", "checked", "failed"}:
        raise ImportRefused(N_("Impor ini sudah dimulai; kolomnya tidak bisa diubah lagi."))
    key = columns.fingerprint(headers)
    row = db.session.scalar(select(ImportMapping).where(ImportMapping.headers == key))
    if row is None:
        row = ImportMapping(headers=key, mapping={}, updated_at=now())
        db.session.add(row)
    row.mapping, row.updated_at = dict(mapping), now()
    run.mapping, run.sheet = dict(mapping), sheet
    _ask_for_check(run)


def check_again(run: ImportRun) -> None:
    """The books have changed since: look once more. Raises ImportRefused."""
    if run.state not in {"checked", "failed"} or run.forgotten_at:
        raise ImportRefused(N_("Impor ini tidak bisa diperiksa lagi."))
    _ask_for_check(run)


def _ask_for_check(run: ImportRun) -> None:
    run.state, run.attempts, run.error = "checking", 0, ""
    queue.ring(queue.RUN_SCHEDULED, "continue_imports")


def start(run_id: int) -> None:
    """Begin to write what was checked; one import at a time. Raises ImportRefused."""
    _claim(run_id, ("checked",), "running", started_at=now(), cursor=0, attempts=0, result={})
    audit.record("imports.start", f"import:{run_id}")


def undo(run_id: int) -> None:
    """Begin to take an import back. Raises ImportRefused."""
    run = db.session.get_one(ImportRun, run_id)
    if not undoable(run):
        raise ImportRefused(N_("Impor ini tidak bisa dibatalkan lagi."))
    _claim(run_id, ("done", "cancelled"), "undoing", attempts=0, finished_at=None)
    audit.record("imports.undo", f"import:{run_id}")


def undoable(run: ImportRun) -> bool:
    """Whether there is something to take back, and it is not too late."""
    if run.state not in {"done", "cancelled"} or run.started_at is None:
        return False
    return now() - run.started_at < timedelta(days=UNDO_DAYS)


def _claim(run_id: int, sources: tuple[str, ...], target: str, **values: object) -> None:
    """Take the only place there is, by the unique slot."""
    try:
        with db.session.begin_nested():
            moved = db.session.execute(
                update(ImportRun)
                .where(ImportRun.id == run_id, ImportRun.state.in_(sources))
                .values(state=target, slot="busy", **values)
                .execution_options(synchronize_session="fetch")
            )
    except IntegrityError:
        raise ImportRefused(BUSY) from None
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise ImportRefused(N_("Keadaannya sudah berubah."))
    queue.ring(queue.RUN_SCHEDULED, "continue_imports")


def steer(run_id: int, source: str, target: str) -> bool:
    """Pause, go on or stop; False when it was not in that state any more. Audited."""
    run = writing.locked(run_id)
    if run is None or run.state != source:
        return False
    run.state = target
    if target == "cancelled":
        run.slot, run.finished_at = None, now()
    audit.record(f"imports.{target}", f"import:{run_id}", before={"state": source})
    if target == "running":
        queue.ring(queue.RUN_SCHEDULED, "continue_imports")
    return True


def remove(run: ImportRun) -> None:
    """Throw away a file that was never imported. Raises ImportRefused."""
    if run.started_at is not None or run.state == "checking":
        raise ImportRefused(N_("Impor ini sudah dimulai."))
    shelf.drop(run.id)
    run.state, run.forgotten_at, run.finished_at = "cancelled", now(), now()
    audit.record("imports.remove", f"import:{run.id}")
