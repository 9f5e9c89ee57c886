"""What a person still has to send: messages of channels nobody automates (wa.me).

Such a message is never called sent. It waits as `manual` until somebody says that it left, or
until there is no reason for it any more; that is looked at each time the list is read and by
the sweep.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.http import Http
from portal.infra.timekeeping import wall
from portal.messaging import recheck, texts
from portal.messaging.drivers.base import OutgoingMessage
from portal.messaging.models import Message
from portal.messaging.registry import REGISTRY
from portal.messaging.service import MessageError

AT_ONCE = 50
_TODO = (Message.state == "manual", Message.handled_at.is_(None))


@dataclass(frozen=True)
class Todo:
    """One message to send by hand. `obsolete` says why it need not be sent any more."""

    message: Message
    customer: Customer | None
    text: str
    link: str
    obsolete: str = ""


def count() -> int:
    """How many wait."""
    return db.session.scalar(select(func.count(Message.id)).where(*_TODO)) or 0


def waiting(limit: int = AT_ONCE) -> list[Todo]:
    """Those that wait longest first."""
    rows = db.session.execute(
        select(Message, Customer)
        .outerjoin(Customer, Customer.id == Message.customer_id)
        .where(*_TODO)
        .order_by(Message.id)
        .limit(limit)
    ).all()
    facts = recheck.gather([row[0] for row in rows])
    return [_todo(message, customer, facts) for message, customer in rows]


def _todo(message: Message, customer: Customer | None, facts: recheck.Facts) -> Todo:
    verdict = recheck.why_not(message, facts, by_hand=True)
    params = {**message.params, "pay_link": recheck.pay_link(message, facts)}
    made = texts.compose(message.kind, message.language, params, body=message.body)
    words = made.text if message.kind != "otp_code" else texts.preview(message)
    outgoing = OutgoingMessage(
        message.recipient, message.kind, message.language, message.dedupe_key, words, ()
    )
    link = ""
    if message.driver in REGISTRY:
        link = REGISTRY.get(message.driver)({}, Http()).link(outgoing)
    return Todo(message, customer, words, link, verdict.reason if verdict else "")


def done(message_id: int, by: str) -> None:
    """A person sent it. Raises MessageError when it does not wait any more."""
    _guarded(message_id, handled_at=wall(), handled_by=by[:80])
    audit.record("message.by_hand", f"message:{message_id}", after={"sent": True})


def undo(message_id: int) -> None:
    """It was not sent after all: back on the list. Raises MessageError."""
    back = updated(
        update(Message)
        .where(Message.id == message_id, Message.state == "manual", Message.handled_at.is_not(None))
        .values(handled_at=None, handled_by="")
    )
    if back != 1:
        raise MessageError("Pesan ini tidak ada di daftar yang sudah dikirim.")
    audit.record("message.by_hand", f"message:{message_id}", after={"sent": False})


def drop(message_id: int, reason: str) -> None:
    """It will not be sent. Raises MessageError when it does not wait any more."""
    _guarded(message_id, state="cancelled", reason=(reason or "Tidak jadi dikirim.")[:500])
    audit.record("message.cancel", f"message:{message_id}", after={"reason": reason})


def _guarded(message_id: int, **values: object) -> None:
    if updated(update(Message).where(Message.id == message_id, *_TODO).values(**values)) != 1:
        raise MessageError("Pesan ini sudah tidak menunggu dikirim manual.")


def clear_obsolete(limit: int = 500) -> int:
    """End those there is no reason for any more; in the caller's transaction."""
    rows = db.session.scalars(select(Message).where(*_TODO).order_by(Message.id).limit(limit)).all()
    facts, ended = recheck.gather(rows), 0
    for message in rows:
        verdict = recheck.why_not(message, facts, by_hand=True)
        if verdict is not None and verdict.state != "pending":
            ended += updated(
                update(Message)
                .where(Message.id == message.id, *_TODO)
                .values(state=verdict.state, reason=verdict.reason)
            )
    return ended


def recently_done(limit: int = 10) -> Sequence[Message]:
    """The last ones a person sent, for undoing."""
    return db.session.scalars(
        select(Message)
        .where(Message.state == "manual", Message.handled_at.is_not(None))
        .order_by(Message.handled_at.desc(), Message.id.desc())
        .limit(limit)
    ).all()
