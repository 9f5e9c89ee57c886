"""The desk's rows in the house of every route: a view, a note with its past, a run, a look."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Staff
from portal.customers.models import Customer
from portal.desk.models import (
    BulkItem,
    BulkRun,
    CustomerNote,
    Impersonation,
    NoteEdit,
    SavedView,
)
from portal.extensions import db
from portal.infra.timekeeping import now, wall
from tests import factories


def at_the_desk(budi: Customer) -> dict[str, Any]:
    """Parts of addresses; flushed."""
    staff_id = db.session.scalar(select(Staff.id).limit(1)) or factories.staff().id
    made = {"created_at": now()}
    view = SavedView(staff_id=staff_id, name="x", shared=True, query="q=x", **made)
    note = CustomerNote(customer_id=budi.id, body="x", pinned=True, author_id=staff_id, **made)
    run = BulkRun(
        once="a", action="area", params={"area": "x"}, state="done", total=1, staff_id=staff_id,
        **made,
    )  # fmt: skip
    look = Impersonation(
        staff_id=staff_id, customer_id=budi.id, started_at=wall(),
        until=wall() + timedelta(minutes=15),
    )  # fmt: skip
    db.session.add_all([view, note, run, look])
    db.session.flush()
    db.session.add(NoteEdit(note_id=note.id, body="x", edited_by_id=staff_id, **made))
    db.session.add(BulkItem(run_id=run.id, customer_id=budi.id, state="skipped", reason="x"))
    return {
        "view_id": view.id,
        "customer_note_id": note.id,
        "bulk_id": run.id,
        "peek_id": look.id,
        "area_id": budi.area_id,
    }
