"""The staff's files for messages: upload one, copy its address, delete one."""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.extensions import db
from portal.media import service
from portal.media.models import MediaFile
from portal.web.access import staff
from portal.web.htmx import go, is_fragment, page, toast

bp = Blueprint("media_files", __name__, url_prefix="/admin/media")
TEMPLATE = "media/index.html"
# The file, and what a browser puts around it.
MOST_POSTED = service.MOST_BYTES + 1024 * 1024


@bp.url_value_preprocessor
def take_large_files(_endpoint: str | None, _values: Any) -> None:
    """Before anything reads the form: only this address takes more than the others."""
    if request.endpoint == "media_files.upload":
        request.max_content_length = MOST_POSTED


@bp.errorhandler(413)
def too_large(_error: Exception) -> Any:
    """What was refused unread, and before anybody was asked who they are: shows no list."""
    if not is_fragment():
        return make_response(render_template("errors/413.html", admin=True), 413)
    answer = toast(make_response(""), _("Berkas lebih besar dari 16 MB."), "bad")
    answer.headers["HX-Reswap"] = "none"
    return answer


@bp.get("")
@staff("broadcast")
def index() -> Any:
    """Every file that can be fetched now."""
    return _list()


@bp.post("")
@staff("broadcast")
def upload() -> Any:
    """Take in a file. HTMX gets the list with the new address on top, a form a whole page."""
    file = request.files.get("file")
    if file is None:
        return _list(error=_("Pilih berkas dahulu."), status=422)
    by = current_user.email
    # Nobody should wait for our lock on the database while a photo is decoded.
    db.session.rollback()
    try:
        row = service.keep(service.examine(file.stream), file.filename or "", by)
        db.session.commit()
    except service.Refused as error:
        db.session.rollback()
        # 413 and 507 would be swapped for an error page; the form tells it better.
        return _list(error=error.sentence, status=422 if is_fragment() else error.status)
    if is_fragment():
        return toast(_list(new=row), _("Berkas tersimpan."))
    return go(url_for("media_files.index", new=row.id), _("Berkas tersimpan."))


@bp.post("/<int:media_id>/delete")
@staff("broadcast")
def delete(media_id: int) -> Any:
    """Delete a file now; messages that still need it go without."""
    gone = service.remove(media_id)
    db.session.commit()
    said = _("Berkas dihapus.") if gone else _("Berkas sudah tidak ada.")
    return toast(_list(), said) if is_fragment() else go(url_for("media_files.index"), said)


def _list(*, new: MediaFile | None = None, error: str = "", status: int = 200) -> Any:
    rows = service.live()
    chosen = new.id if new else request.args.get("new", type=int)
    return page(
        TEMPLATE,
        block="files",
        status=status,
        files=[(row, service.url(row)) for row in rows],
        new=next((row for row in rows if row.id == chosen), None),
        url=service.url,
        most_bytes=service.MOST_BYTES,
        error=error,
    )
