"""Right before sending: is there still a reason for this message, and are its numbers true?"""

from datetime import date
from typing import Any

from portal.extensions import db
from portal.infra.timekeeping import today, wall
from portal.invoices.models import Invoice
from portal.invoices.queries import remaining
from portal.messaging.models import Message
from portal.subscriptions.models import Subscription

ABOUT_DEBT = frozenset({"payment_reminder", "overdue_notice"})


def why_not(message: Message) -> tuple[str, str] | None:
    """The state and reason to leave with, or None when the message may go."""
    if message.expires_at is not None and message.expires_at < wall():
        return "expired", "Kedaluwarsa sebelum sempat dikirim."
    return outlived(message)


def outlived(message: Message) -> tuple[str, str] | None:
    """Whether what the message says is no longer so, however fresh the message is."""
    return _invoice_says_no(message) or _line_says_no(message)


def _invoice_says_no(message: Message) -> tuple[str, str] | None:
    if message.invoice_id is None or message.kind == "payment_confirmation":
        return None
    invoice = db.session.get(Invoice, message.invoice_id)
    if invoice is None or invoice.state in {"void", "written_off"}:
        return "cancelled", "Tagihan sudah dibatalkan."
    if message.kind not in ABOUT_DEBT:
        return None
    if invoice.state == "paid":
        return "cancelled", "Sudah lunas."
    if message.kind == "payment_reminder" and invoice.due_on < today():
        return "expired", "Jatuh tempo sudah lewat sebelum pengingat sempat dikirim."
    return None


def _line_says_no(message: Message) -> tuple[str, str] | None:
    if message.subscription_id is None:
        return None
    line = db.session.get(Subscription, message.subscription_id)
    state = line.state if line else "ended"
    if message.kind == "isolation_notice" and state != "isolated":
        return "cancelled", "Akses sudah dibuka."
    if message.kind == "access_opened" and state == "isolated":
        return "cancelled", "Sudah diisolir lagi."
    return None


def current_params(message: Message) -> dict[str, Any]:
    """The named values as of now: a reminder that waited tells today's debt and distance."""
    params = dict(message.params)
    if message.kind not in ABOUT_DEBT or message.invoice_id is None:
        return params
    params["amount"] = remaining(message.invoice_id)
    if "days_left" in params and "due_on" in params:
        params["days_left"] = (date.fromisoformat(params["due_on"]) - today()).days
    return params
