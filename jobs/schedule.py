"""The whole timetable on one screen.

Every entry asks the domain "what is due now, by the ISP's date?" and is safe to run at any
time, twice, or late. `lane` None runs in the scheduler itself (quick sweeps); otherwise the
entry is handed to that lane, or run in the scheduler while Redis is away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from jobs.runtime import job
from portal.accounts import lockout, sessions
from portal.broadcasts import expansion
from portal.desk import bulk, peek
from portal.extensions import db
from portal.imports import ticks as import_ticks
from portal.infra import inbox, queue
from portal.infra.schedule import ScheduleRun
from portal.infra.timekeeping import today, wall
from portal.invoices import billing, late_fees, lifecycle, runs
from portal.invoices import service as invoices
from portal.media import service as media
from portal.messaging import retention, sending, templates
from portal.network import isolation, reconcile
from portal.notices import digest, warnings
from portal.orders import service as service_orders
from portal.payments import orders
from portal.signup import tokens as meta_tokens
from portal.signup import work as signup_work
from portal.telegram import bills
from portal.tickets import news as ticket_news


@dataclass(frozen=True)
class Entry:
    """One line of the timetable; `every` in seconds."""

    name: str
    every: int
    run: Callable[[], object]
    lane: str | None = None
    daily: bool = False


def sweep_messages() -> None:
    """Free dead leases, expire the stale, ring for what waits."""
    sending.sweep()
    db.session.commit()


def sweep_hooks() -> None:
    """Ring for callbacks that nobody processed."""
    inbox.ring_for_due()
    db.session.commit()


def sweep_network() -> None:
    """Ring for routers that are out of step; restores first."""
    reconcile.heal()
    for subscription_id in reconcile.due():
        queue.ring(queue.APPLY_ACCESS, subscription_id)
    db.session.commit()


def poll_payments() -> None:
    """Ask the gateway about open orders whose webhook may never come."""
    orders.poll()
    db.session.commit()


def show_bills() -> None:
    """Ring for payments asked for in a chat that nobody has shown yet."""
    bills.ring_for_due()
    db.session.commit()


def advance_signups() -> None:
    """Ring for numbers being connected; end what nobody finished."""
    signup_work.close_stale()
    signup_work.ring_for_due()
    db.session.commit()


def watch_tokens() -> None:
    """Ask Meta when permissions end, and warn of those that do; take back credit of who left."""
    meta_tokens.look()
    meta_tokens.warn()
    db.session.commit()
    meta_tokens.revoke_due()


def tell_staff() -> None:
    """Tell the ISP's own people what came up since the last time."""
    digest.tell_what_is_new()
    db.session.commit()
    ticket_news.tell_what_is_new()
    db.session.commit()


def forget_old_words() -> None:
    """Empty what messages said longer ago than the owner keeps."""
    looked_at = 1
    while looked_at:
        looked_at = retention.clear_old()
        db.session.commit()


def sync_templates() -> None:
    """Ring for every channel with approved texts; what changed unheard is noticed."""
    templates.request_syncs()
    db.session.commit()


def forget_old_files() -> None:
    """Delete files whose address has expired, then what lies there without a row."""
    while media.sweep():
        db.session.commit()
    db.session.rollback()
    media.sweep_orphans()


def forget_logins() -> None:
    """Delete sessions that no cookie opens any more, and what failed logins left behind."""
    sessions.forget_dead()
    lockout.forget_quiet()
    db.session.commit()


def change_lines() -> None:
    """Wake lines whose pause is over, change plans whose day has come, ask late fees."""
    for subscription_id in lifecycle.due_to_wake():
        lifecycle.wake(subscription_id, "jadwal")
        db.session.commit()
        lifecycle.catch_up(subscription_id)
        db.session.commit()
    for change_id in lifecycle.due_changes():
        lifecycle.bill_before(change_id)
        db.session.commit()
        lifecycle.apply_change(change_id)
        db.session.commit()
    late_fees.charge_late()
    db.session.commit()


def expire_orders() -> None:
    """End orders for work that nobody paid in time."""
    service_orders.expire_unpaid()
    db.session.commit()


def issue_invoices() -> None:
    """Issue what the billing day brought; also what was missed while we were down."""
    for period in billing.due_periods(today()):
        while billing.issue_chunk(period, only_due=True, tell=not runs.is_silent(period)):
            db.session.commit()
        db.session.rollback()


def issue_requested() -> None:
    """Go on with the run a person asked for in the admin area."""
    runs.continue_requested()


def continue_broadcasts() -> None:
    """Queue what is confirmed, keep still what is paused, end what is over."""
    expansion.continue_all()


def continue_imports() -> None:
    """Check, write and take back what is waiting in the import wizard."""
    import_ticks.continue_all()


def forget_old_imports() -> None:
    """Delete uploaded customer files after their days."""
    import_ticks.forget_old()
    db.session.commit()


def continue_bulk() -> None:
    """Go on with bulk actions from the customers list, and with taking them back."""
    bulk.continue_all()


def end_looks() -> None:
    """Write down the end of looks through a customer's eyes whose time was up."""
    peek.end_overdue()
    db.session.commit()


def remind() -> None:
    """Reminders and overdue notices whose day has come."""
    invoices.remind_due()
    db.session.commit()


def isolate() -> None:
    """Wall off what is late past its grace, open what is not."""
    warnings.note_sent()
    db.session.commit()
    isolation.run()


ENTRIES = (
    Entry("sweep_messages", 5, sweep_messages),
    Entry("sweep_hooks", 5, sweep_hooks),
    Entry("sweep_network", 10, sweep_network),
    Entry("poll_payments", 5, poll_payments),
    Entry("show_bills", 10, show_bills),
    Entry("tell_staff", 30, tell_staff),
    Entry("advance_signups", 10, advance_signups),
    Entry("watch_tokens", 6 * 3600, watch_tokens, lane="bulk"),
    Entry("issue_requested", 5, issue_requested, lane="bulk"),
    Entry("continue_broadcasts", 5, continue_broadcasts, lane="bulk"),
    Entry("continue_bulk", 5, continue_bulk, lane="bulk"),
    Entry("end_looks", 60, end_looks),
    Entry("continue_imports", 5, continue_imports, lane="bulk"),
    Entry("forget_old_imports", 3600, forget_old_imports, lane="bulk"),
    # Before the invoices: they bill the line as it is today.
    Entry("change_lines", 600, change_lines, lane="bulk", daily=True),
    Entry("issue_invoices", 600, issue_invoices, lane="bulk", daily=True),
    Entry("expire_orders", 600, expire_orders, daily=True),
    Entry("forget_old_words", 3600, forget_old_words, lane="bulk", daily=True),
    Entry("sync_templates", 86_400, sync_templates, lane="bulk"),
    Entry("forget_old_files", 3600, forget_old_files, lane="bulk"),
    Entry("forget_logins", 3600, forget_logins, lane="bulk"),
    Entry("remind", 600, remind, lane="bulk", daily=True),
    Entry("isolate", 600, isolate, lane="bulk", daily=True),
)
BY_NAME = {entry.name: entry for entry in ENTRIES}


def run_now(entry: Entry) -> None:
    """Run one entry here and keep when and how it went."""
    row = db.session.get(ScheduleRun, entry.name) or ScheduleRun(name=entry.name)
    row.started_at = wall()
    row.next_at = row.started_at + timedelta(seconds=entry.every)
    db.session.add(row)
    db.session.commit()
    error = ""
    try:
        entry.run()
    except Exception as caught:
        error = type(caught).__name__
        raise
    finally:
        db.session.rollback()
        row = db.session.get_one(ScheduleRun, entry.name)
        row.finished_at, row.error = wall(), error
        db.session.commit()


@job
def run_entry(name: str) -> None:
    """A timetable entry as a job of its lane."""
    run_now(BY_NAME[name])
