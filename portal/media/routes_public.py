"""`/media/<token>/<name>`: what WhatsApp services and phones fetch. Nobody is logged in here.

The type is the row's, never guessed; a browser may show a picture or a film and nothing else,
and runs nothing in it.
"""

from typing import Any

from flask import Blueprint, abort, send_file

from portal.media import service, shelf
from portal.web.access import public

bp = Blueprint("media", __name__, url_prefix="/media")
POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


@bp.get("/<media_token>/<filename>")
@public
def show(media_token: str, filename: str) -> Any:
    """The file, whole or a range of it; 404 once it has expired."""
    row = service.by_token(media_token, filename)
    place = shelf.place(row.path) if row else None
    if row is None or place is None or not place.is_file():
        abort(404)
    answer = send_file(
        place,
        mimetype=row.mime,
        as_attachment=row.kind == "document",
        download_name=row.filename,
        conditional=True,
        etag=row.sha256,
        last_modified=row.created_at,
    )
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
