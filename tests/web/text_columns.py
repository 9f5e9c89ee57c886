"""Which text columns nobody but us writes. Every other one of every table gets the canary in
every row (`seeding.py`), and must come out as text on every page and in every file: a new column
is in it by itself. Name it here only when its words are ours, or checked before they are stored."""

from typing import Any

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
        "nonce",
        "need",
        "event",
        "told_waba_id",
        "told_phone_id",
        "told_business_id",
        "waba_id",
        "phone_id",
        "business_id",
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
