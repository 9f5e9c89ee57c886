"""Sessions of staff and customers, kept on the server: opening, checking, ending, listing.

The cookie carries `<kind>:<id>:<token>`; the database knows only the token's hash. A session
dies with its row, at once and everywhere. Nothing here asks who may log in.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g, has_request_context, request
from sqlalchemy import ColumnElement, and_, delete, or_, select, text, update
from sqlalchemy.exc import DBAPIError

from portal.accounts.agents import in_words, masked
from portal.accounts.models_sessions import SessionRow
from portal.accounts.rules import FRESH, rules
from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.secrets import digest, new_token
from portal.infra.timekeeping import wall

SEEN_EVERY = timedelta(minutes=1)
STAFF, CUSTOMER = "staff", "customer"
PATIENCE_MS = 200
"""How long noting "seen" may wait for somebody who writes: a page is worth more than the note."""


@dataclass(frozen=True)
class LoginSession:
    """One device of somebody's, as their page lists it. `current`: the one that is asking."""

    id: int
    created_at: datetime
    seen_at: datetime
    agent: str
    ip: str
    current: bool


def open_session(kind: str, person_id: int) -> str:
    """A new session of this person and browser; returns the token for the cookie's identity.

    The caller commits. What was proven to get here counts as a fresh proof.
    """
    if kind not in (STAFF, CUSTOMER):
        raise ValueError(f"no such kind of session: {kind!r}")
    token, current = new_token(), wall()
    asked = request if has_request_context() else None
    db.session.add(
        SessionRow(
            kind=kind,
            person_id=person_id,
            token_hash=digest(token),
            created_at=current,
            seen_at=current,
            proved_at=current,
            agent=(asked.user_agent.string if asked else "")[:200],
            ip=((asked.remote_addr or "") if asked else "")[:45],
        )
    )
    db.session.flush()
    return token


def check(kind: str, person_id: int, token: str) -> bool:
    """Whether this token opens a living session of this person; notes that it was seen."""
    row = db.session.execute(
        select(SessionRow.id, SessionRow.seen_at, SessionRow.proved_at, SessionRow.created_at)
        .where(SessionRow.token_hash == digest(token))
        .where(SessionRow.kind == kind, SessionRow.person_id == person_id)
    ).one_or_none()
    if row is None or _over(kind, row.created_at, row.seen_at):
        return False
    if has_request_context():
        g.login_session = (row.id, row.proved_at)
        if row.seen_at <= wall() - SEEN_EVERY and not _asks_by_itself():
            _note_seen(row.id)
    return True


def _over(kind: str, created_at: datetime, seen_at: datetime) -> bool:
    current, limits = wall(), rules()
    if kind == CUSTOMER:
        return current - seen_at >= limits.customer_idle
    return current - seen_at >= limits.staff_idle or current - created_at >= limits.staff_longest


def _asks_by_itself() -> bool:
    """A page that looks for news by itself is nobody at the desk."""
    return request.headers.get("X-Live") == "1"


def _note_seen(session_id: int) -> None:
    """A short write of its own, before the view begins; given up when somebody else writes."""
    if db.session.new or db.session.dirty or db.session.deleted:
        return
    db.session.rollback()  # on SQLite this request may hold the write lock already
    seen = update(SessionRow).where(SessionRow.id == session_id).values(seen_at=wall())
    postgres = is_postgres()
    with db.engine.connect() as own:
        try:
            if postgres:
                own.execute(text(f"SET LOCAL lock_timeout = {PATIENCE_MS}"))
            else:
                own.connection.dbapi_connection.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")  # type: ignore[union-attr]
            own.execute(seen)
            own.commit()
        except DBAPIError:
            own.rollback()  # the next request notes it
        finally:
            if not postgres:
                own.connection.dbapi_connection.execute("PRAGMA busy_timeout=15000")  # type: ignore[union-attr]


def is_fresh() -> bool:
    """Whether this request's session proved itself lately enough for what is delicate."""
    _session_id, proved_at = getattr(g, "login_session", (None, None))
    return proved_at is not None and wall() - proved_at < FRESH


def prove() -> bool:
    """This request's session just proved itself; False when it was ended meanwhile."""
    session_id, _proved_at = getattr(g, "login_session", (None, None))
    current = wall()
    found = db.session.execute(
        update(SessionRow)
        .where(SessionRow.id == session_id)
        .values(proved_at=current)
        .returning(SessionRow.id)
    ).scalar_one_or_none()
    if found is None:
        return False
    g.login_session = (session_id, current)
    return True


def end(token: str) -> None:
    """Log this browser out. The caller commits."""
    _delete(SessionRow.token_hash == digest(token))


def end_one(kind: str, person_id: int, session_id: int) -> bool:
    """Log one device of this person out; False when it is not theirs or already gone."""
    found = and_(*_of(kind, person_id), SessionRow.id == session_id)
    there = db.session.scalar(select(SessionRow.id).where(found))
    _delete(found)
    return there is not None


def end_all(kind: str, person_id: int, but: str | None = None) -> None:
    """Log this person out everywhere, or everywhere but where this token is."""
    where = _of(kind, person_id)
    if but:
        where.append(SessionRow.token_hash != digest(but))
    _delete(*where)


def of(kind: str, person_id: int) -> list[LoginSession]:
    """The devices this person is logged in on, the one that asks first, then the latest."""
    mine, _proved_at = getattr(g, "login_session", (None, None))
    rows = db.session.scalars(select(SessionRow).where(*_of(kind, person_id)))
    found = [
        LoginSession(
            id=row.id,
            created_at=row.created_at,
            seen_at=row.seen_at,
            agent=in_words(row.agent),
            ip=masked(row.ip),
            current=row.id == mine,
        )
        for row in rows
        if not _over(kind, row.created_at, row.seen_at)
    ]
    return sorted(found, key=lambda one: (one.current, one.seen_at, one.id), reverse=True)


def forget_dead() -> int:
    """Delete what no cookie opens any more; says how many. For the night."""
    current, limits = wall(), rules()
    staff = and_(
        SessionRow.kind == STAFF,
        or_(
            SessionRow.seen_at <= current - limits.staff_idle,
            SessionRow.created_at <= current - limits.staff_longest,
        ),
    )
    customer = and_(
        SessionRow.kind == CUSTOMER, SessionRow.seen_at <= current - limits.customer_idle
    )
    dead = list(db.session.scalars(select(SessionRow.id).where(or_(staff, customer))))
    for start in range(0, len(dead), 500):
        _delete(SessionRow.id.in_(dead[start : start + 500]))
    return len(dead)


def _of(kind: str, person_id: int) -> list[ColumnElement[bool]]:
    return [SessionRow.kind == kind, SessionRow.person_id == person_id]


def _delete(*where: ColumnElement[bool]) -> None:
    db.session.execute(
        delete(SessionRow).where(*where).execution_options(synchronize_session=False)
    )
