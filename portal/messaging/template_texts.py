"""The seven texts Loket asks Meta to approve, in the parameter order of `kinds.py`.

They say what the shipped texts in `defaults/` say, within Meta's rules (`template_rules.py`):
words before the first and after the last parameter, an example for every one. A login code is
Meta's own sentence; only its options are ours. A text that was approved once is not changed by
changing it here.
"""

import re
from collections.abc import Mapping, Sequence

from portal.messaging.drivers.approved import (
    AUTHENTICATION,
    UTILITY,
    TemplateDraft,
)
from portal.messaging.kinds import FREE_KINDS as FREE_KINDS
from portal.messaging.kinds import KINDS
from portal.messaging.template_rules import Component, text_of

CODE_MINUTES = 5
CODE_LIVES = 300
"""Seconds in which a login code must arrive; later it has expired."""

BODIES: Mapping[str, Mapping[str, str]] = {
    "payment_confirmation": {
        "id": "Halo {{1}}, pembayaran Anda sebesar Rp {{2}} telah kami terima.\n\n"
        "No. pembayaran: {{3}}\nTanggal: {{4}}\nStatus: {{5}}\n\n"
        "Terima kasih atas pembayarannya. Simpan pesan ini sebagai bukti.",
        "en": "Hello {{1}}, we have received your payment of Rp {{2}}.\n\n"
        "Payment no.: {{3}}\nDate: {{4}}\nStatus: {{5}}\n\n"
        "Thank you for your payment. Please keep this message as a receipt.",
    },
    "invoice_notification": {
        "id": "Yth. {{1}}, tagihan internet periode {{2}} telah terbit.\n\n"
        "No. tagihan: {{3}}\nPaket: {{4}}\nTotal: Rp {{5}}\nJatuh tempo: {{6}}\n"
        "ID pelanggan: {{7}}\n\n"
        "Silakan lakukan pembayaran sebelum tanggal jatuh tempo. Terima kasih.",
        "en": "Dear {{1}}, your internet bill for {{2}} has been issued.\n\n"
        "Invoice no.: {{3}}\nPlan: {{4}}\nTotal: Rp {{5}}\nDue date: {{6}}\n"
        "Customer ID: {{7}}\n\n"
        "Please pay before the due date to keep your service running. Thank you.",
    },
    "payment_reminder": {
        "id": "Halo {{1}}, tagihan internet Anda sebesar Rp {{2}} akan jatuh tempo dalam {{3}} "
        "hari.\n\nID pelanggan: {{4}}\n\n"
        "Mohon lakukan pembayaran sebelum jatuh tempo. Abaikan pesan ini bila sudah membayar.",
        "en": "Hello {{1}}, your internet bill of Rp {{2}} is due in {{3}} day(s).\n\n"
        "Customer ID: {{4}}\n\n"
        "Please pay before the due date. Ignore this message if you have already paid.",
    },
    "overdue_notice": {
        "id": "Yth. {{1}}, tagihan internet Anda sebesar Rp {{2}} telah melewati jatuh tempo.\n\n"
        "ID pelanggan: {{3}}\n\n"
        "Mohon segera lakukan pembayaran agar layanan Anda tidak terputus. Terima kasih.",
        "en": "Dear {{1}}, your internet bill of Rp {{2}} is past its due date.\n\n"
        "Customer ID: {{3}}\n\n"
        "Please pay soon so that your service is not interrupted. Thank you.",
    },
    "isolation_notice": {
        "id": "Yth. {{1}}, layanan internet Anda diisolir karena tunggakan sebesar Rp {{2}}.\n\n"
        "Hubungi layanan pelanggan kami di {{3}} atau lakukan pembayaran agar akses terbuka "
        "kembali. Sebutkan ID pelanggan {{4}} saat menghubungi kami.",
        "en": "Dear {{1}}, your internet service is on hold because Rp {{2}} is unpaid.\n\n"
        "Contact our customer service at {{3}} or make your payment and access will be "
        "restored. Please mention customer ID {{4}} when you contact us.",
    },
    "access_opened": {
        "id": "Halo {{1}}, layanan internet Anda telah aktif kembali.\n\n"
        "Terima kasih atas pembayarannya. Bila ada kendala, hubungi kami di {{2}} kapan saja.",
        "en": "Hello {{1}}, your internet service is active again.\n\n"
        "Thank you for your payment. If you have any trouble, contact us at {{2}} at any time.",
    },
}
# What Meta makes of an AUTHENTICATION template, for the preview only.
CODE_SENTENCE = {
    "id": "*{{1}}* adalah kode verifikasi Anda. Demi keamanan, jangan bagikan kode ini.\n\n"
    "_Kode ini kedaluwarsa dalam 5 menit._",
    "en": "*{{1}}* is your verification code. For your security, do not share this code.\n\n"
    "_This code expires in 5 minutes._",
}
_PLACE = re.compile(r"\{\{\s*(\w{1,40})\s*\}\}", re.ASCII)
TEMPLATE_KINDS: tuple[str, ...] = (*BODIES, "otp_code")
"""The kinds an official number sends as a template, in the order people meet them."""

# What the reviewers at Meta see in place of the parameters: our samples, as customers read them.
EXAMPLES: Mapping[str, str] = {
    "name": "Budi Santoso",
    "period": "November 2026",
    "invoice_number": "INV-202611-00042",
    "plan": "Rumah 20 Mbps",
    "amount": "165.000",
    "due_on": "25 November 2026",
    "customer_number": "PLG-0042",
    "days_left": "3",
    "cs_phone": "0812-8000-1111",
    "payment_number": "PAY-20261121-00007",
    "paid_at": "21 Nov 2026 10.00",
    "status": "Lunas",
    "code": "123456",
    "text": "ada pemeliharaan jaringan malam ini pukul 23.00 sampai 01.00",
}


def category(kind: str) -> str:
    """What Meta should file such a message under; empty where any will do."""
    if kind not in TEMPLATE_KINDS:
        return ""
    return AUTHENTICATION if kind == "otp_code" else UTILITY


def language_of(code: str) -> str:
    """The language our text is in for Meta's code: `en_US` is `en`; empty when we have none."""
    plain = code.replace("-", "_").partition("_")[0].lower()
    return plain if plain in CODE_SENTENCE else ""


def body(kind: str, language: str) -> str:
    """The text we ask for; for a login code Meta's sentence. Raises KeyError without one."""
    texts = CODE_SENTENCE if kind == "otp_code" else BODIES[kind]
    return texts[language_of(language)]


def examples(kind: str) -> list[str]:
    """A value for every parameter, in order."""
    return [EXAMPLES[name] for name in KINDS[kind].expects]


def draft(
    kind: str, name: str, language: str, text: str = "", *, named: bool = False
) -> TemplateDraft:
    """What to ask Meta for; `text` in place of ours, with numbers. `named`: its parameters are to
    be filled by name. Raises KeyError without a text."""
    if kind == "otp_code":
        body(kind, language)
        return TemplateDraft(name, language, AUTHENTICATION, _code_components(), lives=CODE_LIVES)
    words = text or body(kind, language)
    if not named:
        example: Component = {"body_text": [examples(kind)]}
        component = {"type": "BODY", "text": words, "example": example}
        return TemplateDraft(name, language, UTILITY, [component])
    given = [{"param_name": one, "example": EXAMPLES[one]} for one in KINDS[kind].expects]
    example = {"body_text_named_params": given}
    component = {"type": "BODY", "text": _by_name(kind, words), "example": example}
    return TemplateDraft(name, language, UTILITY, [component], "NAMED")


def _by_name(kind: str, text: str) -> str:
    """`{{1}}` as `{{name}}`; a number too high stays."""
    names = dict(enumerate(KINDS[kind].expects, 1))
    return _PLACE.sub(lambda place: f"{{{{{_name(place[1], names)}}}}}", text)


def _name(place: str, names: Mapping[int, str]) -> str:
    return names.get(int(place), place) if place.isdigit() else place


def _code_components() -> Sequence[Component]:
    """The button's words are Meta's too: it refuses others in some languages."""
    return [
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": CODE_MINUTES},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
    ]


def shown(components: Sequence[Component], kind: str, language: str) -> str:
    """A template with examples in its parameters, as a phone would show it."""
    text = text_of(components)
    if not text:
        known = kind == "otp_code" and language_of(language)
        text = body(kind, language) if known else ""
    header, footer = text_of(components, "HEADER"), text_of(components, "FOOTER")
    parts = (f"*{header}*" if header else "", text, f"_{footer}_" if footer else "")
    return with_examples(kind, "\n\n".join(part for part in parts if part))


def with_examples(kind: str, text: str) -> str:
    """A text with examples in its parameters; those of another kind stay as they are."""
    names = dict(enumerate(KINDS[kind].expects, 1)) if kind in KINDS else {}
    known = {name: EXAMPLES[name] for name in names.values()}
    return _PLACE.sub(lambda place: known.get(_name(place[1], names), place[0]), text)
