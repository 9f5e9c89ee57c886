"""Sending a message again, as it was or changed: always a new row that points at the old one."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from portal.core.money import parse_rupiah
from portal.core.phone import GroupId, InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.infra import audit
from portal.messaging import recheck, service
from portal.messaging.kinds import KINDS
from portal.messaging.models import Message
from portal.messaging.service import MessageError

AGAIN = ("failed", "unknown", "expired", "cancelled")
ARRIVED = ("sent", "delivered", "read")
MOST_AT_ONCE = 1000
LONGEST_TEXT = 4000
DATED = frozenset({"due_on", "paid_at", "period", "text"})
"""Values whose stored form is not what people type; they are carried over as they are."""


def refusal(message: Message) -> str:
    """Why this one is not sent again, in a sentence; empty when it may be."""
    if message.kind == "otp_code":
        return "Kode masuk tidak dikirim ulang; pelanggan meminta kode baru."
    if message.state not in (*AGAIN, *ARRIVED):
        return "Pesan ini masih dalam perjalanan."
    if forgotten(message):
        return "Isinya sudah dihapus karena umurnya."
    if stop := recheck.outlived(message, recheck.gather([message])):
        return f"Tidak dikirim ulang: {stop.reason}"
    return ""


def forgotten(message: Message) -> bool:
    """Whether its words were emptied when their retention ended."""
    expected = KINDS[message.kind].expects if message.kind in KINDS else ()
    return not message.body and any(name not in message.params for name in expected)


def resend(message_id: int) -> int:
    """Queue a message again; returns the new row's id. Raises MessageError with the reason."""
    return _again(_found(message_id), {})


def resend_changed(message_id: int, recipient: str, values: dict[str, str], body: str) -> int:
    """Queue it again with another recipient, other values, or another text.

    Raises MessageError with a sentence about the first thing that will not do.
    """
    old = _found(message_id)
    changed: dict[str, Any] = {"recipient": _address(recipient)}
    changed["params"] = {**old.params, **_typed(old, values)}
    text = body.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise MessageError(f"Teks paling banyak {LONGEST_TEXT} huruf.")
    changed["body"] = text or None
    return _again(old, changed)


def _found(message_id: int) -> Message:
    old = db.session.get(Message, message_id)
    if old is None:
        raise MessageError("Pesan tidak ditemukan.")
    if sentence := refusal(old):
        raise MessageError(sentence)
    return old


def _again(old: Message, changed: dict[str, Any]) -> int:
    copies = db.session.scalar(select(func.count()).where(Message.parent_id == old.id)) or 0
    new_id = service.queue(
        old.kind,
        changed.get("recipient", old.recipient),
        f"{old.kind}:resend:{old.id}:{copies + 1}",
        changed.get("params", old.params),
        customer_id=old.customer_id,
        invoice_id=old.invoice_id,
        subscription_id=old.subscription_id,
        language=old.language,
        parent_id=old.id,
        body=changed.get("body", old.body),
    )
    if new_id is None:
        raise MessageError("Pesan ini baru saja dikirim ulang.")
    audit.record("message.resend", f"message:{old.id}", after={"new": new_id})
    return new_id


def _address(typed: str) -> str:
    try:
        return str(GroupId.parse(typed)) if "@" in typed else str(PhoneNumber.parse(typed))
    except (ValueError, InvalidPhone):
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


def eligible(messages: Sequence[Message]) -> tuple[list[int], Counter[str]]:
    """Which of these may be sent again, and why the others may not, counted by reason."""
    facts = recheck.gather(messages)
    ids: list[int] = []
    reasons: Counter[str] = Counter()
    for message in messages:
        if message.kind == "otp_code":
            reasons["Kode masuk tidak dikirim ulang."] += 1
        elif message.state not in AGAIN:
            reasons["Masih dalam perjalanan atau sudah sampai."] += 1
        elif forgotten(message):
            reasons["Isinya sudah dihapus karena umurnya."] += 1
        elif stop := recheck.outlived(message, facts):
            reasons[stop.reason] += 1
        else:
            ids.append(message.id)
    return ids, reasons


def resend_many(messages: Sequence[Message]) -> int:
    """Queue the eligible ones again; one that has been sent again since is left out."""
    ids, _reasons = eligible(messages)
    repeated = set(
        db.session.scalars(
            select(Message.parent_id).where(Message.parent_id.in_(ids), Message.state.not_in(AGAIN))
        )
    )
    chosen = [message for message in messages if message.id in set(ids) - repeated]
    for message in chosen:
        _again(message, {})
    audit.record("message.resend_many", "messages", after={"count": len(chosen)})
    return len(chosen)
