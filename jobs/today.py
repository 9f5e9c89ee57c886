"""A whole day of the timetable at once, in this process: for the demo's time travel.

The workers may be at the same rows; every row is claimed, so it does not matter.
"""

from jobs.inbox import process_hook
from jobs.payments import check_order
from jobs.schedule import ENTRIES
from portal.extensions import db
from portal.infra import inbox
from portal.messaging import sending
from portal.network import reconcile
from portal.payments import orders

ROUNDS = 20


def run_whole_day() -> None:
    """Every entry once, then everything it caused: routers, payments, messages."""
    for entry in ENTRIES:
        entry.run()
        db.session.commit()
    for _ in range(ROUNDS):
        if not _work_off():
            return


def _work_off() -> int:
    """One pass over all queues; returns how much there was to do."""
    hooks, waiting, lines = inbox.due(), orders.due_orders(100), reconcile.due()
    for hook_id in hooks:
        process_hook(hook_id)
    for order_pk in waiting:
        check_order(order_pk)
    for subscription_id in lines:
        reconcile.apply_access(subscription_id)
    db.session.rollback()
    sent = sum(
        sending.drain(lane, limit=10_000, seconds=120)
        for lane in ("interactive", "messages", "bulk")
    )
    return len(hooks) + len(waiting) + len(lines) + sent
