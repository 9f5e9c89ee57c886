"""The kinds of messages: their lane, the order of their template parameters, their shelf life.

The order is the one of the approved WhatsApp templates and must not change.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class Kind:
    """One kind. `expects` are the named values of its text, in template order;
    `stale_after` is how long it may wait before it would only confuse. `optional` kinds a
    customer may refuse; `patient` kinds wait for the sending hours, the others answer what
    has just happened and leave at any hour. `extras` are values that are no part of an approved
    template and are worked out when the message leaves, never stored with it."""

    name: str
    label: Any
    lane: str
    expects: tuple[str, ...]
    stale_after: timedelta | None = None
    optional: bool = False
    patient: bool = False
    extras: tuple[str, ...] = ()


PAY_LINK = ("pay_link",)

KINDS = {
    kind.name: kind
    for kind in (
        Kind("otp_code", _l("Kode masuk"), "interactive", ("code",)),
        Kind(
            "access_opened",
            _l("Akses dibuka"),
            "interactive",
            ("name", "cs_phone"),
            timedelta(days=1),
        ),
        Kind(
            "payment_confirmation",
            _l("Pembayaran diterima"),
            "messages",
            ("name", "amount", "payment_number", "paid_at", "status"),
            optional=True,
        ),
        Kind(
            "invoice_notification",
            _l("Tagihan baru"),
            "messages",
            ("name", "period", "invoice_number", "plan", "amount", "due_on", "customer_number"),
            optional=True,
            patient=True,
            extras=PAY_LINK,
        ),
        Kind(
            "payment_reminder",
            _l("Pengingat"),
            "messages",
            ("name", "amount", "days_left", "customer_number"),
            timedelta(days=1),
            optional=True,
            patient=True,
            extras=PAY_LINK,
        ),
        Kind(
            "overdue_notice",
            _l("Lewat jatuh tempo"),
            "messages",
            ("name", "amount", "customer_number"),
            timedelta(days=2),
            patient=True,
            extras=PAY_LINK,
        ),
        Kind(
            "isolation_notice",
            _l("Isolir"),
            "messages",
            ("name", "amount", "cs_phone", "customer_number"),
            timedelta(days=2),
            extras=PAY_LINK,
        ),
        Kind(
            "broadcast",
            _l("Siaran"),
            "bulk",
            ("text",),
            timedelta(days=2),
            optional=True,
            patient=True,
        ),
        Kind("staff_notice", _l("Kabar untuk petugas"), "messages", ("text",)),
        Kind("customer_notice", _l("Kabar untuk pelanggan"), "messages", ("text",)),
    )
}

TALK = Kind("chat_reply", _l("Percakapan Telegram"), "interactive", (), timedelta(hours=1))
"""A word of the bot in a conversation: written for this one message, so there is no text of it
for the owner to change, no template, and no customer refuses it."""
EVERY = {**KINDS, TALK.name: TALK}
"""All there may be in the outbox; KINDS are those with a text of their own."""

FREE_KINDS = ("broadcast", "staff_notice", "customer_notice")
"""No template is made for these: they are somebody's own words. `customer_notice` is what one
customer should know: an answer to a ticket, a changed number."""

# Values a test message is filled with.
SAMPLES: dict[str, Any] = {
    "code": "123456",
    "name": "Budi Santoso",
    "period": "2026-11",
    "invoice_number": "INV-202611-00042",
    "plan": "Rumah 20 Mbps",
    "amount": 165000,
    "due_on": "2026-11-25",
    "customer_number": "PLG-0042",
    "days_left": 3,
    "cs_phone": "+6281280001111",
    "payment_number": "PAY-20261121-00007",
    "paid_at": "2026-11-21T03:00:00+00:00",
    "status": "Lunas",
    "text": "Ini pesan uji coba dari Loket. Bila Anda membacanya, WhatsApp sudah tersambung.",
}
