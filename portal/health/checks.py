"""What `flask doctor`, `/readyz` and the staff look at: is this installation sound?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import select, text

from portal.accounts import people
from portal.config import ROOT, Settings
from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.health import lanes
from portal.health.invariants import INVARIANTS, violations
from portal.infra import queue
from portal.infra.schedule import ScheduleRun
from portal.infra.timekeeping import wall
from portal.media import service as media
from portal.media import shelf


@dataclass(frozen=True)
class Finding:
    """The answer of one check. `level`: ok, warn, bad."""

    name: str
    level: str
    sentence: str


def database() -> Finding:
    """The database answers and its schema is the newest."""
    db.session.execute(text("SELECT 1"))
    current = MigrationContext.configure(db.session.connection()).get_current_heads()
    wanted = ScriptDirectory(str(ROOT / "migrations")).get_heads()
    if set(current) != set(wanted):
        return Finding("database", "bad", "schema is not current: run `flask db upgrade`")
    return Finding("database", "ok", f"{db.engine.dialect.name}, schema {', '.join(wanted)}")


def bell() -> Finding:
    """Redis answers; without it everything is slower, nothing is lost."""
    if queue.bell().alive():
        return Finding("redis", "ok", "answers")
    return Finding("redis", "warn", "does not answer; the scheduler does the work meanwhile")


def scheduler() -> Finding:
    """The timetable has been walked in the last two minutes and nothing failed."""
    runs = db.session.scalars(select(ScheduleRun)).all()
    finished = [run.finished_at for run in runs if run.finished_at]
    if not finished or (wall() - max(finished)).total_seconds() > 120:
        return Finding("scheduler", "warn", "has not run for two minutes; is it started?")
    failed = sorted(run.name for run in runs if run.error)
    if failed:
        return Finding("scheduler", "warn", f"last run failed: {', '.join(failed)}")
    return Finding("scheduler", "ok", "runs")


def heartbeats() -> Finding:
    """The scheduler and a worker of every lane were heard within a minute."""
    missing = lanes.missing_roles()
    if missing:
        words = f"nobody heard for a minute: {', '.join(missing)}"
        return Finding("heartbeats", "warn", f"{words}; are worker and scheduler started?")
    alive = sum(process.alive for process in lanes.processes())
    return Finding("heartbeats", "ok", f"{alive} processes, every lane is worked")


def outbox() -> Finding:
    """No lane's oldest due work is older than five minutes, unless it gets on behind a limit."""
    late = [lane for lane in lanes.lanes() if lane.oldest and lane.oldest > lanes.TOO_OLD]
    words = ", ".join(
        f"{lane.name} {int(lane.oldest.total_seconds() // 60)} min" for lane in late if lane.oldest
    )
    if any(lane.stuck for lane in late):
        return Finding("outbox", "warn", f"waiting too long: {words}; see /admin/health")
    if late:
        return Finding("outbox", "ok", f"gets on, the oldest waits: {words}")
    return Finding("outbox", "ok", "nothing waits longer than five minutes")


def configuration() -> Finding:
    """Settings that are legal but unwise."""
    settings: Settings = current_app.extensions["loket.settings"]
    if settings.production and settings.sqlite:
        return Finding("configuration", "warn", "production on SQLite: one machine only")
    if settings.production and not settings.public_url.startswith("https://"):
        return Finding("configuration", "bad", "PUBLIC_URL must be https:// in production")
    return Finding("configuration", "ok", settings.app_env)


def second_factors() -> Finding:
    """How many owners log in with a password alone: a hint, never a failure."""
    without, all_owners = people.owners_without_code()
    if without:
        words = f"{without} of {all_owners} owners have no authenticator code: /admin/account"
        return Finding("second factor", "ok", words)
    return Finding("second factor", "ok", "every owner has an authenticator code")


def whatsapp() -> Finding:
    """A channel is chosen and its provider accepts us."""
    from portal.messaging.channels import check_active

    try:
        health = check_active()
    except DriverError as error:
        return Finding("whatsapp", "warn", error.sentence)
    return Finding("whatsapp", "ok" if health.ok else "warn", health.sentence)


def graph_version() -> Finding:
    """No Meta channel in force speaks a Graph version that ends soon."""
    from portal.messaging.channels import in_order
    from portal.messaging.drivers.meta_cloud import MetaCloud

    drivers = [channel.driver() for channel in in_order() if channel.kind == MetaCloud.kind]
    found = [driver.version_warning() for driver in drivers if isinstance(driver, MetaCloud)]
    if warnings := sorted(set(filter(None, found))):
        return Finding("graph version", "warn", " ".join(warnings))
    return Finding("graph version", "ok", f"Meta channels: {len(found)}")


def meta_permissions() -> Finding:
    """No permission of a connected WhatsApp number ends within two weeks, none was taken away."""
    from portal.signup import tokens

    found = [one.sentence for one in tokens.expiring()]
    over = any(one.over for one in tokens.expiring())
    if gone := tokens.ended():
        found.append(f"taken away by Meta: {', '.join(gone)}")
    if found:
        return Finding("meta permissions", "bad" if over or gone else "warn", " ".join(found))
    return Finding("meta permissions", "ok", "none ends within two weeks")


def files() -> Finding:
    """A live row for every file, and a file for every live row."""
    missing, orphans = media.without_file(), media.orphans()
    if missing:
        ids = ", ".join(str(row_id) for row_id in missing[:20])
        return Finding("files", "bad", f"uploaded files are gone from {shelf.folder()}: ids {ids}")
    if orphans:
        words = f"{len(orphans)} files without a row; the hourly sweep deletes them"
        return Finding("files", "warn", words)
    return Finding("files", "ok", "a live row for every file, a file for every row")


def invariants() -> Iterator[Finding]:
    """One finding per invariant."""
    for rule in INVARIANTS:
        broken = violations(rule)
        if broken:
            yield Finding(rule.name, "bad", f"broken ({rule.sentence}): ids {broken}")
        else:
            yield Finding(rule.name, "ok", rule.sentence)


CHECKS: Sequence[Callable[[], Finding]] = (
    database,
    bell,
    scheduler,
    heartbeats,
    outbox,
    configuration,
    second_factors,
    whatsapp,
    graph_version,
    meta_permissions,
    files,
)


def examine() -> list[Finding]:
    """Everything; a check that crashes is a bad finding, not a crash."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found.append(check())
        except Exception as error:
            db.session.rollback()
            found.append(Finding(check.__name__, "bad", f"failed: {type(error).__name__}"))
    try:
        found.extend(invariants())
    except Exception as error:
        db.session.rollback()
        found.append(Finding("invariants", "bad", f"failed: {type(error).__name__}"))
    return found
