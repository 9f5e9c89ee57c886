"""Router commands, one line a job."""

from jobs.runtime import job
from portal.network import reconcile


@job
def apply_access(subscription_id: int) -> None:
    """Bring one line's router in step with what is wanted."""
    reconcile.apply_access(subscription_id)
