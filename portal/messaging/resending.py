"""Sending one message again, as it was or changed: always a new row that points at the old one.

Many at once are in `resending_many.py`.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from portal.core import recipients
from portal.core.money import parse_rupiah
from portal.extensions import db
from portal.infra import audit
from portal.messaging import recheck, service
from portal.messaging.kinds import KINDS
from portal.messaging.models import Message
from portal.messaging.service import MessageError, NewMessage

AGAIN = ("failed", "unknown", "expired", "cancelled")
ARRIVED = ("accepted", "sent", "delivered", "read", "manual")
LONGEST_TEXT = 4000
DATED = frozenset({"due_on", "paid_at", "period", "text"})
"""Values whose stored form is not what people type; they are carried over as they are."""


class AlreadyAgain(MessageError):
    """The same form came twice; the copy is there."""


@dataclass(frozen=True)
class Changes:
    """What a person changed: the recipient as typed, named values as typed, a text or none."""

    recipient: str
    values: dict[str, str]
    body: str = ""


def refusal(message: Message) -> str:
    """Why this one is not sent again, in a sentence; empty when it may be."""
    if sentence := never(message):
        return sentence
    if stop := recheck.outlived(message, recheck.gather([message])):
        return f"Tidak dikirim ulang: {stop.reason}"
    return ""


def never(message: Message) -> str:
    """What forbids it whatever is true meanwhile."""
    if message.kind not in KINDS:
        return "Jenis pesan ini tidak dikenal lagi."
    if message.kind == "otp_code":
        return "Kode masuk tidak dikirim ulang; pelanggan meminta kode baru."
    if message.state not in (*AGAIN, *ARRIVED):
        return "Pesan ini masih dalam perjalanan."
    return "Isinya sudah dihapus karena umurnya." if forgotten(message) else ""


def forgotten(message: Message) -> bool:
    """Whether its words were emptied when their retention ended."""
    return not message.body and not message.params


def copies(message_id: int) -> int:
    """How often it was sent again so far. A form carries this number, so that the same form
    sent twice is one copy."""
    return db.session.scalar(select(func.count()).where(Message.parent_id == message_id)) or 0


def resend(message_id: int, nth: int | None = None, *, knowingly: bool = False) -> int:
    """Queue a message again; returns the new row's id.

    `nth` is `copies()` when the form was made; `knowingly` that the person was warned that it
    arrived. Raises MessageError with the reason, AlreadyAgain for a form sent twice.
    """
    return _again(_found(message_id, knowingly), nth, {})


def resend_changed(
    message_id: int, changes: Changes, nth: int | None = None, *, knowingly: bool = False
) -> int:
    """Queue it again with another recipient, other values, or another text.

    Raises MessageError with a sentence about the first thing that will not do.
    """
    old = _found(message_id, knowingly)
    changed: dict[str, Any] = {"recipient": _address(changes.recipient)}
    changed["params"] = {**old.params, **_typed(old, changes.values)}
    text = changes.body.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise MessageError(f"Teks paling banyak {LONGEST_TEXT} huruf.")
    changed["body"] = text or None
    return _again(old, nth, changed)


def _found(message_id: int, knowingly: bool) -> Message:
    old = db.session.get(Message, message_id)
    if old is None:
        raise MessageError("Pesan tidak ditemukan.")
    if sentence := refusal(old):
        raise MessageError(sentence)
    if old.state in ARRIVED and not knowingly:
        raise MessageError("Pesan ini sudah sampai. Centang dahulu bahwa Anda tahu.")
    return old


def _again(old: Message, nth: int | None, changed: dict[str, Any]) -> int:
    number = copies(old.id) if nth is None else nth
    new_ids = service.queue_many([copy_of(old, number, changed)])
    if not new_ids:
        raise AlreadyAgain("Pesan ini baru saja dikirim ulang.")
    audit.record("message.resend", f"message:{old.id}", after={"new": new_ids[0]})
    return new_ids[0]


def copy_of(old: Message, number: int, changed: dict[str, Any]) -> NewMessage:
    return NewMessage(
        old.kind,
        changed.get("recipient", old.recipient),
        f"{old.kind}:resend:{old.id}:{number + 1}",
        changed.get("params", old.params),
        customer_id=old.customer_id,
        invoice_id=old.invoice_id,
        subscription_id=old.subscription_id,
        language=old.language,
        parent_id=old.id,
        body=changed.get("body", old.body),
    )


def _address(typed: str) -> str:
    try:
        return recipients.parse(typed)
    except ValueError:
        raise MessageError("Nomor tujuan tidak sah. Contoh: 081234567890.") from None


def editable(message: Message) -> list[str]:
    """The named values a person may change, in template order."""
    expected = KINDS[message.kind].expects if message.kind in KINDS else ()
    return [name for name in expected if name in message.params and name not in DATED]


def _typed(old: Message, values: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in editable(old):
        typed = values.get(name, str(old.params[name])).strip()
        if not typed or len(typed) > 500:
            raise MessageError("Setiap isian wajib diisi, paling banyak 500 huruf.")
        found[name] = _like(old.params[name], typed, name)
    return found


def _like(stored: Any, typed: str, name: str) -> Any:
    """The typed value in the stored one's type. Amounts in rupiah."""
    try:
        if name == "amount":
            return parse_rupiah(typed)
        if isinstance(stored, int):
            return int(typed)
    except ValueError:
        raise MessageError("Isi angka dengan benar, misalnya 165.000.") from None
    return typed
