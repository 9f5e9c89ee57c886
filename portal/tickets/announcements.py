"""Announcements: written by staff, shown to the customers of an area or to all. None commits."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import or_, select, update

from portal.customers.models import Area
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import now, zone
from portal.tickets.models import Announcement
from portal.tickets.words import LEVELS

MOST = {"title": 120, "body": 1000}
ORDER = {"outage": 0, "work": 1, "info": 2}


class Wrong(ValueError):
    """Fields that cannot be taken: name -> sentence in the person's language."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


@dataclass(frozen=True)
class Typed:
    """An announcement as a form says it; times local, as the browser's field sends them."""

    level: str = "outage"
    title: str = ""
    body: str = ""
    area_id: int = 0
    starts: str = ""
    ends: str = ""


def live(area_id: int | None) -> list[Announcement]:
    """What customers of this area should see now, the most serious first."""
    current = now()
    found = db.session.scalars(
        select(Announcement)
        .where(
            Announcement.starts_at <= current,
            or_(Announcement.ends_at.is_(None), Announcement.ends_at > current),
            or_(Announcement.area_id.is_(None), Announcement.area_id == area_id),
        )
        .order_by(Announcement.id.desc())
        .limit(20)
    )
    return sorted(found, key=lambda one: ORDER.get(one.level, 9))[:5]


def listing(limit: int = 100) -> list[Announcement]:
    """All of them for staff: the ones that are not over first."""
    found = select(Announcement).order_by(Announcement.id.desc()).limit(limit)
    return sorted(db.session.scalars(found), key=lambda one: standing(one) == "over")


def standing(one: Announcement) -> str:
    """soon, live or over."""
    current = now()
    if one.ends_at is not None and one.ends_at <= current:
        return "over"
    return "soon" if one.starts_at > current else "live"


def write(typed: Typed, by: int, announcement_id: int | None = None) -> Announcement:
    """Keep a new announcement, or change one that is not over. Audited. Raises Wrong."""
    values = _checked(typed)
    if announcement_id is None:
        found = Announcement(created_at=now(), created_by_id=by, **values)
        db.session.add(found)
    else:
        found = db.session.get_one(Announcement, announcement_id)
        if standing(found) == "over":
            raise Wrong({"ends": _("Pengumuman ini sudah berakhir. Tulis yang baru.")})
        for name, value in values.items():
            setattr(found, name, value)
    db.session.flush()
    after = {"level": found.level, "title": found.title, "area": found.area_id}
    audit.record("announcement.write", f"announcement:{found.id}", after=after)
    return found


def end(announcement_id: int) -> bool:
    """Show it no longer; False when it was over. Audited."""
    current = now()
    not_over = or_(Announcement.ends_at.is_(None), Announcement.ends_at > current)
    done = updated(
        update(Announcement)
        .where(Announcement.id == announcement_id, not_over)
        .values(ends_at=current),
        refresh=True,
    )
    if done:
        audit.record("announcement.end", f"announcement:{announcement_id}")
    return done == 1


def _checked(typed: Typed) -> dict[str, object]:
    wrong: dict[str, str] = {}
    title, body = " ".join(typed.title.split()), typed.body.strip()
    if typed.level not in LEVELS:
        wrong["level"] = _("Pilih jenis pengumuman.")
    if len(title) < 5:
        wrong["title"] = _("Tulis apa yang terjadi, misalnya: Kabel putus di Cibiru.")
    for name, value in (("title", title), ("body", body)):
        if len(value) > MOST[name]:
            wrong[name] = _("Terlalu panjang: paling banyak %(most)s huruf.", most=MOST[name])
    if typed.area_id and db.session.get(Area, typed.area_id) is None:
        wrong["area"] = _("Wilayah itu tidak ada.")
    starts, ends = _moment(typed.starts, "starts", wrong), _moment(typed.ends, "ends", wrong)
    starts = starts or now()
    if ends is not None and ends <= max(starts, now()) and "ends" not in wrong:
        wrong["ends"] = _("Selesainya harus setelah mulai, dan belum lewat.")
    if wrong:
        raise Wrong(wrong)
    return {
        "level": typed.level,
        "title": title,
        "body": body,
        "area_id": typed.area_id or None,
        "starts_at": starts,
        "ends_at": ends,
    }


def _moment(text: str, name: str, wrong: dict[str, str]) -> datetime | None:
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
        return local.replace(tzinfo=zone()) if local.tzinfo is None else local
    except ValueError:
        wrong[name] = _("Isi tanggal dan jam, misalnya 2026-12-25T14:30.")
        return None
