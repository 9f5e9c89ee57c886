"""Payments asked for in a chat, one line a job."""

from jobs.runtime import job
from portal.telegram import bills


@job
def show_bill(bill_id: int) -> None:
    """Open one payment at the gateway and send its QR code."""
    bills.show(bill_id)
