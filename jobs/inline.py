"""Doing in this process what the lanes would do: while Redis is away, and for time travel.

Workers may be at the same rows; every row is claimed, so it does not matter.
"""

from jobs.inbox import process_hook
from jobs.payments import check_order
from portal.extensions import db
from portal.infra import inbox
from portal.messaging import sending
from portal.network import reconcile
from portal.payments import orders


def work_off(limit: int, seconds: float) -> int:
    """One pass over all queues in their order of importance; returns how much there was.

    `limit` items of each but messages, which have `seconds` a lane.
    """
    hooks, waiting, lines = inbox.due(limit), orders.due_orders(limit), reconcile.due(limit)
    # Each job has a session of its own; an open transaction here would lock it out on SQLite.
    db.session.rollback()
    for hook_id in hooks:
        process_hook(hook_id)
    for order_pk in waiting:
        check_order(order_pk)
    for subscription_id in lines:
        reconcile.apply_access(subscription_id)
    db.session.rollback()
    sent = sum(sending.drain(lane, seconds=seconds) for lane in ("interactive", "messages", "bulk"))
    db.session.rollback()
    return len(hooks) + len(waiting) + len(lines) + sent
