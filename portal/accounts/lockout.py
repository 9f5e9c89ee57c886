"""Waiting after failed staff logins, of a person and of an address. The caller commits.

Five failures in a row are free for a person, twenty in a day for an address (many people may
share one); each further one doubles the wait, from a minute up to an hour. Passwords, codes and
recovery codes count alike, and nobody is told which of them it was. A browser or session of the
person's own (`known.py`) waits for its own failures only, or strangers' guesses would shut it out.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from flask import has_request_context, request
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts.models import Staff
from portal.accounts.models_sessions import LoginAddress
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import is_postgres
from portal.infra.timekeeping import wall

FREE_FAILURES = 5
FREE_PER_ADDRESS = 20
LONGEST = timedelta(minutes=60)
FORGOTTEN = timedelta(days=1)
"""An address that failed last so long ago starts anew."""


def wait(failures: int, free: int) -> timedelta:
    """How long nothing opens after this many failures; zero while they are free."""
    if failures < free:
        return timedelta()
    # The exponent is capped too: 2 to the power of an attacker's patience is slow.
    return min(timedelta(minutes=2 ** min(failures - free, 10)), LONGEST)


def locked(until: datetime | None) -> bool:
    """Whether that moment is still to come."""
    return until is not None and until > wall()


def person_failed(staff: Staff) -> None:
    """One more failure of this person; the row is locked by the caller."""
    staff.failed_logins += 1
    if pause := wait(staff.failed_logins, FREE_FAILURES):
        staff.locked_until = wall() + pause
        after = {"failures": staff.failed_logins}
        audit.record("staff.lockout", f"staff:{staff.id}", after=after)


def person_passed(staff: Staff, own: str = "") -> None:
    """Everything fitted; `own` names the browser or session of theirs where it did."""
    staff.failed_logins, staff.locked_until = 0, None
    own_passed(own)


def address() -> str:
    """Whom failures count for: an IPv4 address, the /64 of an IPv6 one, "" outside of requests."""
    if not has_request_context() or not request.remote_addr:
        return ""
    try:
        found = ip_address(request.remote_addr)
    except ValueError:
        return request.remote_addr[:45]
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def address_locked() -> bool:
    """Whether nothing opens for the address that asks. Locks its row when there is one."""
    row = _row(address())
    return row is not None and locked(row.locked_until)


def address_failed() -> None:
    """One more failure of the address that asks."""
    row = _failed(address(), FREE_PER_ADDRESS)
    if row is not None and locked(row.locked_until):
        audit.record("staff.address_lockout", "login", after={"failures": row.failures})


def own_locked(name: str) -> bool:
    """Whether nothing opens for this browser or session of somebody's own."""
    row = _row(name)
    return row is not None and locked(row.locked_until)


def own_failed(name: str) -> None:
    """One more failure of it."""
    _failed(name, FREE_FAILURES)


def own_passed(name: str) -> None:
    """Everything fitted there."""
    row = _row(name)
    if row is not None:
        row.failures, row.locked_until = 0, None


def _failed(name: str, free: int) -> LoginAddress | None:
    current = wall()
    if not name:
        return None
    insert = postgresql.insert if is_postgres() else sqlite.insert
    new = insert(LoginAddress).values(address=name, failures=0, failed_at=current)
    db.session.execute(new.on_conflict_do_nothing(index_elements=["address"]))
    row = _row(name)
    if row is None:
        return None
    if current - row.failed_at >= FORGOTTEN:
        row.failures = 0
    row.failures, row.failed_at = row.failures + 1, current
    if pause := wait(row.failures, free):
        row.locked_until = current + pause
    return row


def forget_quiet() -> None:
    """Delete addresses that failed last so long ago that they start anew. For the night."""
    quiet = LoginAddress.failed_at <= wall() - FORGOTTEN
    gone = delete(LoginAddress).where(quiet)
    db.session.execute(gone.execution_options(synchronize_session=False))


def _row(name: str) -> LoginAddress | None:
    if not name:
        return None
    return db.session.scalar(
        select(LoginAddress)
        .where(LoginAddress.address == name)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
