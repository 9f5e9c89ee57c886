"""Sending jobs, one line each."""

from jobs.runtime import job
from portal.extensions import db
from portal.messaging import sending, templates


@job
def drain_interactive() -> None:
    """Login codes and the like, at once; those that come meanwhile too."""
    sending.drain("interactive")


@job
def drain_messages() -> None:
    """What waits in the messages lane."""
    sending.drain("messages")


@job
def drain_bulk() -> None:
    """What waits in the bulk lane."""
    sending.drain("bulk")


@job
def sync_templates(channel_id: int) -> None:
    """What the provider has approved, read back."""
    templates.look_again(channel_id)
    db.session.commit()
