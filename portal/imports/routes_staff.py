"""The import page: upload, look at what would happen, confirm.

Between the two steps the file waits under an unguessable name in `var/uploads/`, readable by
the application only; it is deleted after the import, or after a day.
"""

import re
import secrets
import time
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, request, session, url_for
from flask_babel import gettext as _

from portal.config import VAR
from portal.imports.columns import SYNONYMS
from portal.imports.parse import MOST_BYTES
from portal.imports.service import run_import
from portal.web.access import staff
from portal.web.htmx import page

bp = Blueprint("imports", __name__, url_prefix="/admin/imports")

UPLOADS = VAR / "uploads"
KEPT_SECONDS = 24 * 3600


@bp.get("")
@staff("customers")
def index() -> Any:
    """Choose a file."""
    return page("imports/index.html", error="")


@bp.get("/template.csv")
@staff("customers")
def template() -> Response:
    """A CSV to start from."""
    header = ",".join(names[0] for names in SYNONYMS.values())
    rows = (
        'PLG-0001,Budi Santoso,081234567890,"Jl. Melati 5",RW 01,Rumah 20 Mbps,165000,budi.01,1,'
        "2026-01-15\n"
        'PLG-0002,Warung Bu Tini,085712345678,"Jl. Mawar 2",RW 02,Rumah 10 Mbps,125000,tini.02,10,'
        "2026-02-01\n"
    )
    return Response(
        f"{header}\n{rows}",
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": "attachment; filename=contoh-pelanggan.csv"},
    )


@bp.post("")
@staff("customers")
def upload() -> Any:
    """Check the file without storing a single customer."""
    file = request.files.get("file")
    data = file.read(MOST_BYTES + 1) if file else b""
    if not data:
        return page("imports/index.html", status=422, error=_("Pilih berkas CSV dahulu."))
    if len(data) > MOST_BYTES:
        return page("imports/index.html", status=422, error=_("Berkas lebih besar dari 5 MB."))
    token = _keep(data)
    session["import"] = token
    report = run_import(data, dry_run=True)
    return page("imports/report.html", report=report, done=False)


@bp.post("/confirm")
@staff("customers")
def confirm() -> Any:
    """Import the file that was checked."""
    path = _kept(session.get("import", ""))
    if path is None:
        return redirect(url_for("imports.index"), 303)
    report = run_import(path.read_bytes(), dry_run=False)
    path.unlink(missing_ok=True)
    session.pop("import", None)
    return page("imports/report.html", report=report, done=True)


def _keep(data: bytes) -> str:
    """Store an upload and clear old ones; returns its name."""
    UPLOADS.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in UPLOADS.glob("*.csv"):
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            old.unlink(missing_ok=True)
    token = secrets.token_hex(16)
    path = UPLOADS / f"{token}.csv"
    path.touch(mode=0o600)
    path.write_bytes(data)
    return token


def _kept(token: str) -> Path | None:
    path = UPLOADS / f"{token}.csv"
    return path if re.fullmatch(r"[0-9a-f]{32}", token) and path.is_file() else None
