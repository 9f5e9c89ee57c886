"""Sending jobs, one line each."""

from jobs.runtime import job
from portal.messaging import sending


@job
def deliver(message_id: int) -> None:
    """One urgent message, at once."""
    sending.deliver(message_id)


@job
def drain_messages() -> None:
    """What waits in the messages lane."""
    sending.drain("messages")


@job
def drain_bulk() -> None:
    """What waits in the bulk lane."""
    sending.drain("bulk")
