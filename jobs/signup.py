"""Connecting WhatsApp numbers, one line each."""

from jobs.runtime import job
from portal.signup import work


@job
def advance(signup_id: int) -> None:
    """The next step of an attempt."""
    work.advance(signup_id)
