"""The kinds of messages as drivers see them: the names of their values and what a field calls them.

Drivers do not see portal/messaging/kinds.py; a test holds the two together.
"""

from collections.abc import Mapping

# The values of each kind, in the order they come in: `expects` in portal/messaging/kinds.py.
NAMES: Mapping[str, tuple[str, ...]] = {
    "payment_confirmation": ("name", "amount", "payment_number", "paid_at", "status"),
    "invoice_notification": (
        "name",
        "period",
        "invoice_number",
        "plan",
        "amount",
        "due_on",
        "customer_number",
    ),
    "payment_reminder": ("name", "amount", "days_left", "customer_number"),
    "overdue_notice": ("name", "amount", "customer_number"),
    "isolation_notice": ("name", "amount", "cs_phone", "customer_number"),
    "access_opened": ("name", "cs_phone"),
    "otp_code": ("code",),
    "broadcast": ("text",),
    "staff_notice": ("text",),
    "customer_notice": ("text",),
}
LABELS: Mapping[str, str] = {
    "payment_confirmation": "Pembayaran diterima",
    "invoice_notification": "Tagihan baru",
    "payment_reminder": "Pengingat",
    "overdue_notice": "Lewat jatuh tempo",
    "isolation_notice": "Isolir",
    "access_opened": "Akses dibuka",
    "otp_code": "Kode masuk",
    "broadcast": "Siaran",
    "staff_notice": "Kabar untuk petugas",
    "customer_notice": "Kabar untuk pelanggan",
}
FREE_KINDS = ("broadcast", "staff_notice", "customer_notice")
"""Staff's own words: text, unless a template for them is named."""
TEMPLATE_KINDS = tuple(kind for kind in NAMES if kind not in FREE_KINDS)
FIRST_KIND = next(iter(LABELS))
"""The kind whose field carries the help that is true of all of them."""
