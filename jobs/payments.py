"""Asking the gateway, one line a job."""

from jobs.runtime import job
from portal.payments import orders


@job
def check_order(order_pk: int) -> None:
    """Ask about one order whose hour has come."""
    orders.check_order(order_pk)
