"""The tab of notes: writing, changing, pinning."""

from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.desk import customer_page, notes
from portal.desk.blueprint import bp
from portal.desk.routes_page import tab_page
from portal.extensions import db
from portal.web.access import staff
from portal.web.htmx import go


def _tab(customer_id: int, error: str = "", note_id: int = 0) -> Any:
    customer_page.customer_or_404(customer_id)
    found = notes.of(customer_id)
    rows = {
        "written": found,
        "edits": notes.edits([note.id for note in found]),
        "error": error,
        "wrong": note_id,
        "typed": request.form,
    }
    return tab_page("customers.notes", customer_id, rows, 422 if error else 200)


@bp.get("/<int:customer_id>/notes", endpoint="notes")
@staff("lookup")
def show_notes(customer_id: int) -> Any:
    """Pinned first, then the newest."""
    return _tab(customer_id)


@bp.post("/<int:customer_id>/notes")
@staff("lookup")
def write_note(customer_id: int) -> Any:
    """A new note."""
    customer_page.customer_or_404(customer_id)
    try:
        notes.write(
            customer_id, current_user.id, request.form.get("body", ""), pin="pin" in request.form
        )
    except notes.NoteError as error:
        db.session.rollback()
        return _tab(customer_id, str(error))
    db.session.commit()
    return go(url_for(".notes", customer_id=customer_id), _("Catatan disimpan."))


@bp.post("/<int:customer_id>/notes/<int:customer_note_id>")
@staff("lookup")
def change_note(customer_id: int, customer_note_id: int) -> Any:
    """Change a note; what it said is kept."""
    customer_page.customer_or_404(customer_id)
    note = notes.one(customer_id, customer_note_id) or abort(404)
    version = request.form.get("version", 0, type=int)
    try:
        changed = notes.change(
            note,
            current_user.id,
            request.form.get("body", ""),
            pin="pin" in request.form,
            version=version,
        )
    except notes.NoteError as error:
        db.session.rollback()
        return _tab(customer_id, str(error), customer_note_id)
    if not changed:
        db.session.rollback()
        words = _("Catatan ini baru saja diubah orang lain. Periksa lalu simpan lagi.")
        return _tab(customer_id, words, customer_note_id)
    db.session.commit()
    return go(url_for(".notes", customer_id=customer_id), _("Catatan disimpan."))
