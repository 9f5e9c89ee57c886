"""Which text columns people and providers fill, and which no page shows what they typed in.

A new text column is named in one of these: FILLED gets the canary in every row and must come
out as text on every page."""

from typing import Any

from portal.broadcasts.models import Broadcast
from portal.counter.models import Closing, Settlement
from portal.customers.models import Area, Customer
from portal.customers.models_telegram import TelegramUser
from portal.desk.models import BulkItem, BulkRun, CustomerNote, NoteEdit, SavedView
from portal.infra.audit import AuditEntry
from portal.invoices.models import CreditNote, Invoice, InvoiceLine, MonthLock
from portal.invoices.models_terms import Charge, SubscriptionDiscount
from portal.media.models import MediaFile
from portal.messaging.models import Message, MessageAttempt, MessageText, NoticeRecipient
from portal.messaging.models_channels import Channel, ChannelMeter
from portal.messaging.models_inbound import HookEventCount, InboundMessage, MessageTemplate
from portal.network.models import NetworkAccess, Router
from portal.network.models_isolation import PaymentPromise, RapelTerm
from portal.orders.models import ServiceOrder
from portal.payments.models import (
    AttentionItem,
    Credit,
    Payment,
    PaymentOrder,
    PaymentProof,
    Refund,
)
from portal.plans.models import Plan
from portal.signup.models import Signup, SignupNumber
from portal.subscriptions.models import Subscription, SubscriptionPause
from portal.tickets.models import Announcement, Ticket, TicketEntry

# Table -> columns a person or a provider can fill, whatever length the database allows.
FILLED: dict[Any, tuple[str, ...]] = {
    Area: ("name",),
    Customer: ("name", "address", "number", "email"),
    Ticket: ("closed_reason",),
    TicketEntry: ("body",),
    Announcement: ("title", "body"),
    Plan: ("name",),
    TelegramUser: ("username",),
    ServiceOrder: ("name", "address", "note", "plan_name", "slot", "reason"),
    Subscription: ("login",),
    Invoice: ("plan_name", "closed_reason"),
    InvoiceLine: ("description",),
    Charge: ("description",),
    SubscriptionDiscount: ("reason",),
    SubscriptionPause: ("reason",),
    Payment: ("number", "method", "note"),
    PaymentOrder: ("reference", "method", "pay_url", "pay_code", "last_answer"),
    PaymentProof: ("note",),
    Credit: ("reason",),
    CreditNote: ("reason",),
    Refund: ("reference", "reason"),
    MonthLock: ("reason", "locked_by", "reopened_by", "reopen_reason"),
    Settlement: ("note",),
    Closing: ("note", "reopened_by", "reopen_reason"),
    AttentionItem: ("sentence", "resolution", "resolved_by"),
    Router: ("name",),
    NetworkAccess: ("reason", "last_error"),
    PaymentPromise: ("reason",),
    RapelTerm: ("reason",),
    Message: (
        "reason",
        "provider_id",
        "dedupe_key",
        "batch",
        "body",
        "billing_category",
        "handled_by",
    ),
    MessageAttempt: ("reason", "payload", "answer", "code"),
    MessageText: ("body", "created_by"),
    NoticeRecipient: ("name",),
    Channel: ("name", "brand"),
    Signup: ("problem", "detail", "brand"),
    SignupNumber: ("display", "verified_name", "waba_name", "ended_why"),
    Broadcast: ("title", "body", "created_by"),
    SavedView: ("name", "query"),
    CustomerNote: ("body",),
    NoteEdit: ("body",),
    BulkRun: ("about",),
    BulkItem: ("reason",),
    AuditEntry: ("actor", "action", "reason", "ip"),
    ChannelMeter: ("pause_reason",),
    InboundMessage: ("name", "form", "text", "payload", "seen_by", "sender"),
    MessageTemplate: ("name", "category", "status", "quality", "reason", "problem"),
    HookEventCount: ("name",),
    MediaFile: ("filename", "mime", "created_by"),
}


UNSEEN = ("inbound_hook", "leader", "schedule", "number_sequence", "heartbeat")
"""Tables no page shows, or only numbers of."""

OURS = {
    # States, kinds and languages: our own words.
    "state", "step", "status", "kind", "role", "lane", "language", "gateway", "source", "driver",
    "outcome", "author", "level", "decision", "actual", "billing", "pause_kind",
    # Secrets, tokens and keys that are on no page.
    "password_hash", "code_hash", "totp_secret", "token_hash", "secret", "lease_token", "config",
    "key", "bound_to", "hook_token", "token", "once",
}  # fmt: skip
STRICT = {  # checked or made by us: E.164, our own numbers, periods, ids
    "customer": {"phone", "phone_alt"},
    "bulk_run": {"action"},
    "otp_challenge": {"phone", "ip"},
    "login_session": {"agent", "ip"},  # shown as words of ours and a masked address only
    "login_address": {"address"},  # on no page
    "phone_change": {"old_phone", "new_phone"},
    "ticket": {"number", "form_key"},
    "ticket_entry": {"form_key"},
    "invoice": {"number", "period"},
    "payment_order": {"order_id"},
    "settlement": {"number"},
    "credit_note": {"number"},
    "refund": {"number", "method"},
    "service_order": {"number", "phone", "ip", "form_key"},
    "month_lock": {"period"},
    "message": {"recipient"},
    "signup": {
        "nonce", "need", "event", "told_waba_id", "told_phone_id", "told_business_id", "waba_id",
        "phone_id", "business_id",
    },
    "signup_number": {"credit", "phone_id", "waba_id", "business_id", "namespace", "allocation_id"},
    "channel_contact": {"recipient"},
    "notice_recipient": {"recipient"},
    "attention_item": {"dedupe_key"},
    "staff": {"email", "name"},  # created at the terminal; shown on every page, tested below
    "audit_log": {"subject"},
    "setting": {"value", "updated_by"},
    "router": {"name"},
    "inbound_message": {"provider_id", "user_id", "reply_to", "flag"},
    "message_template": {"provider_id", "wanted_category", "parameter_format"},
    "media_file": {"sha256", "path"},
    "company_logo": {"updated_by"},  # an e-mail address of staff; on no page
}

# Named like one of ours, but a provider says it.
ALSO = {
    "message_template": {"status", "category", "quality"},
    "role_grant": {"permission"},
}
# What a row must have so that pages know what to do with it, where the model has no default.
SAMPLES: dict[str, Any] = {
    "kind": "other",
    "role": "finance",
    "source": "csv",
    "language": "id",
    "channel_contact.recipient": "+6281200000009",
    "import_run.role": "owner",
    "message_opt_out.kind": "broadcast",
    "phone_change.old_phone": "+6281200000007",
    "phone_change.new_phone": "+6281200000008",
    "schedule_run.name": "x",
    "isolation_stop.lines": [1],
    "payment_ahead.periods": ["2026-12"],
    "telegram_bill.invoice_ids": [1],
}
