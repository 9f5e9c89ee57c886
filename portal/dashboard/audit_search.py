"""Which entries of the audit log are wanted: the filters of its page, all of them in the URL."""

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, Any
from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import Select, or_, select

from portal.core.spreadsheet import harmless
from portal.dashboard import audit_diff, audit_view
from portal.extensions import db
from portal.infra import timekeeping
from portal.infra.audit import AuditEntry

PER_PAGE = 50
MOST = 200_000
CHUNK = 1_000
NAMES = ("q", "who", "action", "object", "ip", "from", "until")


@dataclass(frozen=True)
class Wish:
    """What is asked for; empty means everything."""

    q: str = ""
    who: str = ""
    action: str = ""
    object: str = ""
    ip: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Wish":
        """From a URL; a date that is none asks for nothing."""
        found = {name: args.get(name, "").strip()[:80] for name in NAMES}
        return cls(
            found["q"],
            found["who"],
            found["action"],
            found["object"],
            found["ip"],
            _day(found["from"]),
            _day(found["until"]),
        )

    def query(self, **more: str) -> str:
        """The same wish as a URL's query."""
        values = {
            "q": self.q,
            "who": self.who,
            "action": self.action,
            "object": self.object,
            "ip": self.ip,
            "from": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            **more,
        }
        return urlencode({name: value for name, value in values.items() if value})

    def statement(self) -> Select[Any]:
        """The entries, in no order yet."""
        found = select(AuditEntry)
        if self.q:
            columns = (AuditEntry.action, AuditEntry.actor, AuditEntry.subject, AuditEntry.reason)
            hits = [column.icontains(self.q, autoescape=True) for column in columns]
            found = found.where(or_(*hits))
        if self.who:
            found = found.where(_same(AuditEntry.actor, self.who))
        if self.action:
            found = found.where(AuditEntry.action == self.action)
        if self.object:
            found = found.where(_same(AuditEntry.subject, self.object))
        if self.ip:
            found = found.where(AuditEntry.ip.startswith(self.ip, autoescape=True))
        if self.since:
            found = found.where(AuditEntry.at >= _start(self.since))
        if self.until:
            found = found.where(AuditEntry.at < _start(self.until, 1))
        return found


def _same(column: Any, wanted: str) -> Any:
    """`staff:3` is that one, `staff` or `staff:` everybody of the kind."""
    kind, _colon, rest = wanted.partition(":")
    if rest:
        return column == wanted
    return or_(column == kind, column.startswith(f"{kind}:", autoescape=True))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _start(day: date, later: int = 0) -> datetime:
    """When a day begins at the ISP; the last day there is has no next one."""
    day = min(day, date.max - timedelta(days=2)) + timedelta(days=later)
    day = max(day, date.min + timedelta(days=2))
    return datetime.combine(day, time(), timekeeping.zone()).astimezone(UTC)


@dataclass(frozen=True)
class Slice:
    """Some entries, the newest first; `older` and `newer` are keys of the next ones, or none."""

    rows: Sequence[AuditEntry]
    older: int | None
    newer: int | None


def part(wish: Wish, before: int | None, after: int | None) -> Slice:
    """One page: from the newest, or what is older than `before`, or newer than `after`.

    By key and not by number: what is added meanwhile moves nothing.
    """
    statement = wish.statement()
    if after is not None:
        upwards = statement.where(AuditEntry.id > after).order_by(AuditEntry.id)
        rows = list(db.session.scalars(upwards.limit(PER_PAGE + 1)))
        more, rows = len(rows) > PER_PAGE, rows[:PER_PAGE][::-1]
        return Slice(rows, rows[-1].id if rows else None, rows[0].id if more else None)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    rows = list(db.session.scalars(statement.order_by(AuditEntry.id.desc()).limit(PER_PAGE + 1)))
    more, rows = len(rows) > PER_PAGE, rows[:PER_PAGE]
    first = rows[0].id if rows and before is not None else None
    return Slice(rows, rows[-1].id if more else None, first)


def written(wish: Wish) -> IO[bytes]:
    """All of them as CSV for Excel as it is set up in Indonesia; the newest first."""
    target: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    lines = csv.writer(text, delimiter=";")
    head = (
        _("Waktu"), _("Pelaku"), _("Tindakan"), _("Objek"), _("Yang berubah"), _("Sebelum"),
        _("Sesudah"), _("Alasan"), _("IP"),
    )  # fmt: skip
    lines.writerow([harmless(one) for one in head])
    for row in _rows(wish):
        lines.writerow([harmless(one) for one in row])
    text.flush()
    text.detach()
    target.seek(0)
    return target


def _rows(wish: Wish) -> Iterator[tuple[str, ...]]:
    """A line for each field that changed, so that the file can be filtered by field."""
    last, count = None, 0
    while count < MOST:
        found = part_of_file(wish, last)
        if not found:
            return
        last, count = found[-1].id, count + len(found)
        names = audit_view.actors(found)
        for entry in found:
            start = (
                entry.at.astimezone(timekeeping.zone()).strftime("%Y-%m-%d %H:%M:%S"),
                names.get(entry.actor, entry.actor),
                str(audit_view.ACTIONS.get(entry.action, entry.action)),
                entry.subject,
            )
            end = (entry.reason, entry.ip)
            for one in audit_diff.changes(entry) or [audit_diff.NOTHING]:
                yield (*start, str(one.label), one.before, one.after, *end)
        db.session.expunge_all()


def part_of_file(wish: Wish, before: int | None) -> Sequence[AuditEntry]:
    """The next rows of the file."""
    statement = wish.statement().order_by(AuditEntry.id.desc()).limit(CHUNK)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    return db.session.scalars(statement).all()
