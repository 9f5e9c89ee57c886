"""Notes about a customer: written, changed with their history kept, pinned. Never commits."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select, update

from portal.desk.models import CustomerNote, NoteEdit
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import now

LIMIT = 2000


class NoteError(ValueError):
    """It cannot be written so; the message is a sentence."""


def of(customer_id: int) -> Sequence[CustomerNote]:
    """Pinned ones first, then the newest."""
    return db.session.scalars(
        select(CustomerNote)
        .where(CustomerNote.customer_id == customer_id)
        .order_by(CustomerNote.pinned.desc(), CustomerNote.id.desc())
    ).all()


def pinned(customer_id: int) -> Sequence[CustomerNote]:
    """What should be seen at once."""
    return [note for note in of(customer_id) if note.pinned]


def edits(note_ids: Sequence[int]) -> dict[int, list[NoteEdit]]:
    """What notes said before, the newest first."""
    found: dict[int, list[NoteEdit]] = {}
    for row in db.session.scalars(
        select(NoteEdit).where(NoteEdit.note_id.in_(note_ids)).order_by(NoteEdit.id.desc())
    ):
        found.setdefault(row.note_id, []).append(row)
    return found


def one(customer_id: int, note_id: int) -> CustomerNote | None:
    """A note of this customer."""
    return db.session.scalar(
        select(CustomerNote).where(
            CustomerNote.id == note_id, CustomerNote.customer_id == customer_id
        )
    )


def write(customer_id: int, staff_id: int, body: str, *, pin: bool) -> CustomerNote:
    """A new note. Raises NoteError."""
    note = CustomerNote(
        customer_id=customer_id,
        body=_body(body),
        pinned=pin,
        author_id=staff_id,
        version=1,
        created_at=now(),
    )
    db.session.add(note)
    db.session.flush()
    audit.record("note.write", f"customer:{customer_id}")
    return note


def change(note: CustomerNote, staff_id: int, body: str, *, pin: bool, version: int) -> bool:
    """Say it differently; False when somebody else changed it meanwhile. Raises NoteError."""
    words, before = _body(body), note.body
    taken = updated(
        update(CustomerNote)
        .where(CustomerNote.id == note.id, CustomerNote.version == version)
        .values(version=version + 1, body=words, pinned=pin),
        refresh=True,
    )
    if taken != 1:
        return False
    if words != before:
        note.edited_at = now()
        db.session.add(
            NoteEdit(note_id=note.id, body=before, edited_by_id=staff_id, created_at=now())
        )
        audit.record("note.change", f"customer:{note.customer_id}")
    return True


def _body(text: str) -> str:
    words = text.strip()
    if not words:
        raise NoteError(_("Tulis catatannya."))
    if len(words) > LIMIT:
        raise NoteError(_("Paling banyak %(limit)s huruf.", limit=LIMIT))
    return words
