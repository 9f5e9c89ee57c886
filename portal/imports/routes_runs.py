"""One import: what the check found, saving with progress, the result, and taking it back."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_babel import gettext as _

from portal.extensions import db
from portal.imports import differences, files, queries, runs, shelf, ticks
from portal.imports.models import ImportRun
from portal.imports.routes_staff import find, send
from portal.imports.runs import ImportRefused
from portal.web.access import staff
from portal.web.htmx import go, is_fragment, page
from portal.web.sentences import say

bp = Blueprint("import_runs", __name__, url_prefix="/admin/import")
STEERING = {
    "pause": ("running", "paused"),
    "resume": ("paused", "running"),
    "stop": ("paused", "cancelled"),
}


@bp.get("/<int:import_id>")
@staff("imports")
def show(import_id: int) -> Any:
    """Where it stands; while it moves, only the progress is asked for again."""
    run = find(import_id)
    if run.state == "new":
        return go(url_for("imports.columns_of", import_id=run.id))
    moving = run.state in queries.MOVING
    if is_fragment():
        if not moving:
            answer = Response(status=200)
            answer.headers["HX-Refresh"] = "true"
            return answer
        if request.args.get("seen") == _seen(run):
            return Response(status=204)
    return page("imports/show.html", block="progress", **_shown(run, moving))


def _seen(run: ImportRun) -> str:
    done = run.result.get("undone", 0) + run.result.get("kept", 0)
    return f"{run.state}-{run.cursor}-{done}"


def _shown(run: ImportRun, moving: bool) -> dict[str, Any]:
    said = None if moving else shelf.get_json(run.id, "differences")
    return {
        "run": run,
        "seen": _seen(run),
        "moving": moving,
        "states": queries.STATES,
        "sources": queries.SOURCES,
        "most": queries.SHOWN,
        "found": None if moving else queries.findings(run),
        "not_done": [] if moving else queries.not_done(run),
        "report": differences.compared(said) if said else None,
        "busy": queries.busy(),
        "undoable": runs.undoable(run),
        "kept_days": runs.KEPT.days,
        "undo_days": runs.UNDO_DAYS,
        "progress": _progress(run),
    }


def _progress(run: ImportRun) -> tuple[int, int]:
    """How many rows are done, of how many."""
    if run.state == "undoing":
        done = run.result.get("undone", 0) + run.result.get("kept", 0)
        return done, max(1, run.result.get("new", 0) + run.result.get("changed", 0))
    return min(run.cursor * ticks.ROWS_A_PIECE, run.total), max(1, run.total)


@bp.post("/<int:import_id>/start")
@staff("imports")
def start(import_id: int) -> Any:
    """Save what was checked."""
    return _ask(import_id, lambda run: runs.start(run.id), "")


@bp.post("/<int:import_id>/check")
@staff("imports")
def check(import_id: int) -> Any:
    """Compare once more with the books as they are now."""
    return _ask(import_id, runs.check_again, "")


@bp.post("/<int:import_id>/undo")
@staff("imports")
def undo(import_id: int) -> Any:
    """Take the import back, as far as nothing has happened since."""
    return _ask(import_id, lambda run: runs.undo(run.id), "")


@bp.post("/<int:import_id>/remove")
@staff("imports")
def remove(import_id: int) -> Any:
    """Delete the file now."""
    return _ask(import_id, runs.remove, _("Berkas dihapus."))


def _ask(import_id: int, verb: Callable[[ImportRun], None], sentence: str) -> Any:
    run, here = find(import_id), url_for(".show", import_id=import_id)
    try:
        verb(run)
    except ImportRefused as error:
        db.session.rollback()
        return go(here, say(error), "warn")
    db.session.commit()
    return go(here, sentence)


@bp.post("/<int:import_id>/steer/<import_verb>")
@staff("imports")
def steer(import_id: int, import_verb: str) -> Any:
    """Pause, go on, or stop for good; what is saved stays saved."""
    find(import_id)
    if import_verb not in STEERING:
        abort(404)
    moved = runs.steer(import_id, *STEERING[import_verb])
    db.session.commit()
    here = url_for(".show", import_id=import_id)
    return go(here) if moved else go(here, _("Keadaannya sudah berubah."), "warn")


@bp.get("/<int:import_id>/bad.csv")
@staff("imports")
def bad(import_id: int) -> Any:
    """The bad rows with a column that says why; it can be uploaded again once repaired."""
    run = find(import_id)
    kept = shelf.get_json(run.id, "bad")
    if kept is None:
        return _forgotten(run)
    return send(files.bad_rows(kept["header"], kept["rows"]), f"impor-{run.id}-salah.csv", "csv")


@bp.get("/<int:import_id>/differences.<file_kind>")
@staff("imports")
def differences_file(import_id: int, file_kind: str) -> Any:
    """The whole difference report, customer by customer."""
    run = find(import_id)
    if file_kind not in files.MIME:
        abort(404)
    said = shelf.get_json(run.id, "differences")
    if said is None:
        return _forgotten(run)
    target = files.differences(file_kind, differences.compared(said))
    return send(target, f"impor-{run.id}-perbedaan.{file_kind}", file_kind)


def _forgotten(run: ImportRun) -> Any:
    return go(
        url_for(".show", import_id=run.id), _("Berkas ini sudah dihapus atau belum ada."), "warn"
    )
