"""Saved views: a filter of the customers list under a name, one's own or shared."""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from portal.desk.filtering import Filter
from portal.desk.models import SavedView
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import now

NAME_LIMIT = 60
MOST = 30


class ViewError(ValueError):
    """It cannot be saved; the message is a sentence."""


def of(staff_id: int) -> Sequence[SavedView]:
    """One's own and the shared ones, by name."""
    return db.session.scalars(
        select(SavedView)
        .where(
            SavedView.deleted_at.is_(None),
            or_(SavedView.staff_id == staff_id, SavedView.shared),
        )
        .order_by(SavedView.name, SavedView.id)
    ).all()


def save(staff_id: int, name: str, wanted: Filter, *, shared: bool) -> SavedView:
    """Under this name; a view of that name is written over. Raises ViewError."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LIMIT:
        raise ViewError(_("Beri nama, paling banyak %(limit)s huruf.", limit=NAME_LIMIT))
    if not wanted.narrows and not wanted.sort:
        raise ViewError(_("Belum ada saringan yang dapat disimpan."))
    mine = SavedView.staff_id == staff_id, SavedView.deleted_at.is_(None)
    row = db.session.scalar(select(SavedView).where(*mine, SavedView.name == name))
    if row is None:
        if len(db.session.scalars(select(SavedView.id).where(*mine)).all()) >= MOST:
            raise ViewError(_("Paling banyak %(limit)s tampilan. Hapus satu dahulu.", limit=MOST))
        row = SavedView(staff_id=staff_id, name=name, created_at=now())
        db.session.add(row)
    row.query, row.shared = wanted.query(), shared
    try:
        db.session.flush()
    except IntegrityError:  # the same name from another tab, a moment ago
        db.session.rollback()
        raise ViewError(_("Nama itu baru saja dipakai. Simpan lagi.")) from None
    if shared:
        audit.record("view.share", f"view:{row.id}", after={"name": name, "query": row.query})
    return row


def delete(staff_id: int, view_id: int) -> bool:
    """Take one's own view away; False when there is none. It can be brought back."""
    return _mark(staff_id, view_id, SavedView.deleted_at.is_(None), now())


def restore(staff_id: int, view_id: int) -> bool:
    """Bring a deleted view back; False when its name is taken again or it is not there."""
    try:
        with db.session.begin_nested():
            return _mark(staff_id, view_id, SavedView.deleted_at.is_not(None), None)
    except IntegrityError:
        return False


def _mark(staff_id: int, view_id: int, still: object, value: object) -> bool:
    mine = SavedView.id == view_id, SavedView.staff_id == staff_id
    return updated(update(SavedView).where(*mine, still).values(deleted_at=value)) == 1  # type: ignore[arg-type]
