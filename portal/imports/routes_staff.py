"""The import wizard's beginning: upload a file, and say which of its columns is which.

What happens to the file afterwards is in `routes_runs.py`. It is kept encrypted for a week and
seen only by the role that uploaded it, and by the owner.
"""

from itertools import islice
from typing import Any

from flask import Blueprint, Response, abort, request, send_file, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.extensions import db
from portal.imports import columns, dumping, files, queries, runs, shelf, tables
from portal.imports.models import ImportRun
from portal.imports.runs import ImportRefused
from portal.imports.xlsx import TableError
from portal.web import incoming
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.sentences import say

bp = Blueprint("imports", __name__, url_prefix="/admin/import")

MOST_TABLE = 10 * 1024 * 1024
MOST_DUMP = 48 * 1024 * 1024
SAMPLES = 50
incoming.LARGE["/admin/import"] = MOST_DUMP + 64 * 1024


@bp.get("")
@staff("imports")
def index() -> Any:
    """Choose a file; the imports so far."""
    return _index()


def _index(error: str = "", status: int = 200) -> Any:
    return page(
        "imports/index.html",
        status=status,
        error=error,
        found=paginate(queries.listing(current_user.role), scalars=True),
        states=queries.STATES,
        sources=queries.SOURCES,
        kept_days=runs.KEPT.days,
        undo_days=runs.UNDO_DAYS,
        most=MOST_TABLE // 1024 // 1024,
        most_dump=MOST_DUMP // 1024 // 1024,
    )


@bp.get("/template.<file_kind>")
@staff("imports")
def template(file_kind: str) -> Response:
    """A CSV or XLSX to start from."""
    if file_kind not in files.MIME:
        abort(404)
    return send(files.template(file_kind), f"contoh-pelanggan.{file_kind}", file_kind)


def send(target: Any, name: str, kind: str) -> Response:
    """A file as a download that no cache keeps."""
    answer = send_file(target, mimetype=files.MIME[kind], as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("")
@staff("imports")
def upload() -> Any:
    """Keep the file; nobody is stored before it was checked and confirmed."""
    file = request.files.get("file")
    data = file.read(MOST_DUMP + 1) if file else b""
    if not file or not data:
        return _index(_("Pilih berkas dahulu."), 422)
    try:
        source = _source(data)
    except TableError as error:
        return _index(say(error), 422)
    run = runs.create(
        data, file.filename or "", source, current_user.role, f"staff:{current_user.id}"
    )
    db.session.commit()
    step = ".columns_of" if run.state == "new" else "import_runs.show"
    return go(url_for(step, import_id=run.id))


def _source(data: bytes) -> str:
    """What kind of file this is, by its bytes. Raises TableError when it is none of ours."""
    if dumping.looks_like_dump(data):
        if len(data) > MOST_DUMP:
            raise TableError(_("Dump lebih besar dari 48 MB. Kompres dengan gzip."))
        source = dumping.recognised(dumping.pieces(data))
        if not source:
            raise TableError(_("Dump ini bukan dari PHPNuxBill atau Java Indonusa."))
        return source
    if len(data) > MOST_TABLE:
        raise TableError(_("Berkas lebih besar dari 10 MB. Bagi menjadi beberapa berkas."))
    for sheet in tables.sheets(data)[:1] or [""]:
        tables.opened(data, sheet)
    return tables.kind_of(data)


def find(import_id: int) -> ImportRun:
    """The import of the address, for whoever may see it; 404 otherwise."""
    return queries.one(import_id, current_user.role) or abort(404)


@bp.get("/<int:import_id>/columns")
@staff("imports")
def columns_of(import_id: int) -> Any:
    """Which column is which: as remembered, else by headers and contents."""
    return _columns(find(import_id), {}, "", 200)


@bp.post("/<int:import_id>/columns")
@staff("imports")
def map_columns(import_id: int) -> Any:
    """Check the file with this mapping."""
    run = find(import_id)
    if run.forgotten_at or run.source in runs.DUMPS:
        return go(url_for("import_runs.show", import_id=run.id))
    chosen: dict[int, str] = {}
    for field, name in request.form.items():
        if field.startswith("col-") and field[4:].isdigit() and name in columns.SYNONYMS:
            chosen[int(field[4:])] = name
    if wrong := _wrong(chosen):
        return _columns(run, chosen, wrong, 422)
    sheet = request.form.get("sheet", "")[:120]
    try:
        headers = tables.opened(shelf.file_of(run.id), sheet).names
        mapping = {name: place for place, name in chosen.items() if place < len(headers)}
        runs.map_columns(run, headers, mapping, sheet)
    except (TableError, ImportRefused) as error:
        db.session.rollback()
        return _columns(find(import_id), chosen, say(error), 422)
    db.session.commit()
    return go(url_for("import_runs.show", import_id=import_id))


def _wrong(chosen: dict[int, str]) -> str:
    names = list(chosen.values())
    twice = [name for name in columns.LABELS if names.count(name) > 1]
    if twice:
        labels = ", ".join(_(columns.LABELS[name]) for name in twice)
        return _("Dipilih untuk dua kolom: %(names)s. Pilih satu saja.", names=labels)
    missing = [name for name in columns.REQUIRED if name not in names]
    if missing:
        labels = ", ".join(_(columns.LABELS[name]) for name in missing)
        return _("Wajib, tetapi belum dipilih: %(names)s.", names=labels)
    return ""


def _columns(run: ImportRun, chosen: dict[int, str], error: str, status: int) -> Any:
    if run.forgotten_at or run.source in runs.DUMPS or run.state == "checking":
        return go(url_for("import_runs.show", import_id=run.id))
    data = shelf.file_of(run.id)
    try:
        sheets = tables.sheets(data)
        wanted = request.values.get("sheet", "") or run.sheet
        sheet = wanted if wanted in sheets else (sheets[0] if sheets else "")
        table = tables.opened(data, sheet)
        samples = [row for _line, row in islice(table.lines, SAMPLES)]
    except TableError as broken:
        return _index(say(broken), 422)
    places, guessed, remembered = _places(run, table.names, samples, chosen)
    return page(
        "imports/columns.html",
        status=status,
        run=run,
        error=error,
        sheets=sheets,
        sheet=sheet,
        fields=columns.LABELS,
        required=columns.REQUIRED,
        remembered=remembered,
        columns=[
            {
                "name": name,
                "chosen": places.get(at, ""),
                "guessed": at in guessed,
                "samples": [row[at] for row in samples if at < len(row) and row[at].strip()][:3],
            }
            for at, name in enumerate(table.names)
        ],
    )


def _places(
    run: ImportRun, names: list[str], samples: list[list[str]], chosen: dict[int, str]
) -> tuple[dict[int, str], set[int], bool]:
    """Column -> our name, which were guessed from the contents, and whether it was so before."""
    if chosen:
        return chosen, set(), False
    known = dict(run.mapping) or runs.remembered(names)
    if known:
        return {int(at): name for name, at in known.items()}, set(), not run.mapping
    found, guessed = columns.guess(names, samples)
    return {at: name for name, at in found.items()}, set(guessed.values()), False
