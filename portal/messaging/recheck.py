"""Right before sending: is there still a reason for this message?"""

from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.subscriptions.models import Subscription

ABOUT_DEBT = frozenset({"payment_reminder", "overdue_notice"})


def why_not(message: Message) -> tuple[str, str] | None:
    """The state and reason to leave with, or None when the message may go."""
    if message.expires_at is not None and message.expires_at < wall():
        return "expired", "Kedaluwarsa sebelum sempat dikirim."
    if message.invoice_id is not None and message.kind != "payment_confirmation":
        invoice = db.session.get(Invoice, message.invoice_id)
        state = invoice.state if invoice else "void"
        if state in {"void", "written_off"}:
            return "cancelled", "Tagihan sudah dibatalkan."
        if state == "paid" and message.kind in ABOUT_DEBT:
            return "cancelled", "Sudah lunas."
    if message.subscription_id is not None and message.kind == "isolation_notice":
        line = db.session.get(Subscription, message.subscription_id)
        if line is None or line.state != "isolated":
            return "cancelled", "Akses sudah dibuka."
    return None
