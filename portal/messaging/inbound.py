"""Answers of customers: kept, put beside the message they answer, and obeyed where they ask.

STOP and BERHENTI refuse what may be refused, MULAI takes it back. Who presses "I did not
request a code" raises a flag: somebody may be trying that number. Nobody is answered here; the
bot on Telegram is told of what was heard by an event (`portal/telegram`).
"""

import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.core.recipients import PHONE, TELEGRAM, TelegramChat, reach_of
from portal.customers import service as customers
from portal.customers.models import Customer
from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.events import emit
from portal.infra.timekeeping import wall
from portal.messaging import notices, numbers, optouts
from portal.messaging.drivers import events
from portal.messaging.events import Heard
from portal.messaging.models import Message
from portal.messaging.models_inbound import InboundMessage
from portal.messaging.receipts import Scope
from portal.messaging.text_values import clean

WINDOW = timedelta(hours=24)
"""How long after a customer's last word free text may be sent on official channels."""
HEARING = timedelta(days=7)
NOT_REQUESTED = "DID_NOT_REQUEST_CODE"
# Chosen in WhatsApp's own menu, about promotions only; nobody wrote anything.
_PREFERENCE = {"MARKETING_STOP": "promo_out", "MARKETING_RESUME": "promo_in"}
_UNWRITTEN = ("user_preferences", "system")
_STOP = frozenset({"stop", "berhenti", "unsubscribe", "henti", "stop promo", "berhenti langganan"})
_START = frozenset({"mulai", "start", "lanjut", "unstop"})
LONGEST = 4096
FLAGS: dict[str, Any] = {
    "opt_out": _l("Minta berhenti"),
    "opt_in": _l("Minta mulai lagi"),
    "not_requested": _l("Tidak meminta kode"),
    "promo_out": _l("Tidak mau promosi"),
    "promo_in": _l("Mau promosi lagi"),
}


def take(source: str, scope: Scope, event: events.InboundMessage) -> None:
    """Keep one message, once however often it is told; in the caller's transaction."""
    answered = _answered(scope, event.reply_to)
    customer_id = _customer(event.sender, answered)
    flag = flag_of(event)
    insert = (postgresql if is_postgres() else sqlite).insert(InboundMessage)
    new = db.session.scalar(
        insert.values(
            source=source,
            provider_id=event.provider_id[:255],
            sender=event.sender[:60],
            user_id=event.user_id[:150],
            name=clean(event.name)[:120],
            form=event.form[:30],
            text=_storable(event.text)[:LONGEST],
            payload=clean(event.payload)[:300],
            reply_to=event.reply_to,
            message_id=answered.id if answered else None,
            customer_id=customer_id,
            flag=flag,
            at=event.at,
            received_at=wall(),
            seen_by="",
            channel_id=scope.channel_id or numbers.by_number(event.number),
        )
        .on_conflict_do_nothing(index_elements=["source", "provider_id"])
        .returning(InboundMessage.id)
    )
    if new is not None:
        _obey(new, customer_id, flag)
        emit(Heard(new, event.sender))


def flag_of(event: events.InboundMessage) -> str:
    """What an answer asks for: one of FLAGS, or nothing."""
    if reach_of(event.sender) != PHONE:
        return ""  # /start begins a conversation there, and berhenti ends one
    if event.form == "user_preferences":
        return _PREFERENCE.get(event.payload, "")
    if event.payload == NOT_REQUESTED:
        return "not_requested"
    words = re.sub(r"[^a-z ]+", " ", event.text.lower()).split()
    said = " ".join(words)
    if said in _STOP:
        return "opt_out"
    return "opt_in" if said in _START else ""


def _storable(text: str) -> str:
    """Without what no database stores; line breaks stay."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _answered(scope: Scope, provider_id: str) -> Message | None:
    if not provider_id:
        return None
    return db.session.scalars(
        select(Message).where(Message.provider_id == provider_id, Message.driver == scope.driver)
    ).first()


def _customer(sender: str, answered: Message | None) -> int | None:
    """Whose number it is; of a shared number whom the answered message was for, else the
    oldest customer."""
    if reach_of(sender) == TELEGRAM:
        person = TelegramUser.telegram_id == TelegramChat.parse(sender).id
        return db.session.scalar(select(TelegramUser.customer_id).where(person))
    if answered is not None and answered.customer_id is not None:
        return answered.customer_id
    found = customers.by_phone(sender) if sender else []
    return found[0].id if found else None


def _obey(inbound_id: int, customer_id: int | None, flag: str) -> None:
    if customer_id is None or not flag:
        return
    if flag == "opt_out":
        optouts.choose(customer_id, (), "reply")
    elif flag == "opt_in":
        optouts.choose(customer_id, optouts.OPTIONAL, "reply")
    elif flag == "promo_out":
        optouts.set(customer_id, "broadcast", "reply")
    elif flag == "promo_in":
        optouts.clear(customer_id, "broadcast")
    elif flag == "not_requested":
        notices.tell(
            "channel",
            f"not_requested:{inbound_id}",
            f"Pelanggan #{customer_id} melaporkan kode masuk yang tidak dimintanya. "
            "Lihat riwayat pesan pelanggan itu.",
        )


def wrote_lately(senders: Collection[str]) -> frozenset[tuple[str, int | None]]:
    """Those of the numbers that wrote to us within a day, when official services take free
    text for them, each with the channel it wrote to where that is known. What people pressed
    in settings is no word."""
    return frozenset(
        (row.sender, row.channel_id)
        for row in db.session.execute(
            select(InboundMessage.sender, InboundMessage.channel_id)
            .distinct()
            .where(
                InboundMessage.sender.in_(senders),
                InboundMessage.at > wall() - WINDOW,
                InboundMessage.form.not_in(_UNWRITTEN),
            )
        )
    )


def hears(source: str) -> bool:
    """Whether answers have come by this way lately: without any, silence of one customer may as
    well be a callback nobody set up."""
    heard = select(InboundMessage.id).where(
        InboundMessage.source == source, InboundMessage.received_at > wall() - HEARING
    )
    return db.session.scalar(heard.limit(1)) is not None


def listed(everything: bool) -> Any:
    """Answers with the customer's name, newest first; without `everything` those nobody has
    dealt with."""
    statement = select(InboundMessage, Customer.name).outerjoin(
        Customer, Customer.id == InboundMessage.customer_id
    )
    if not everything:
        statement = statement.where(InboundMessage.seen_at.is_(None))
    return statement.order_by(InboundMessage.id.desc())


def unseen() -> int:
    """How many nobody has dealt with."""
    return (
        db.session.scalar(
            select(func.count(InboundMessage.id)).where(InboundMessage.seen_at.is_(None))
        )
        or 0
    )


def of_customer(customer_id: int, phones: Sequence[str], limit: int = 50) -> list[InboundMessage]:
    """What a customer wrote, newest first; also what came from a number of theirs and answers
    nobody else's message."""
    nameless = InboundMessage.message_id.is_(None) & InboundMessage.sender.in_(phones)
    return list(
        db.session.scalars(
            select(InboundMessage)
            .where(or_(InboundMessage.customer_id == customer_id, nameless))
            .order_by(InboundMessage.at.desc(), InboundMessage.id.desc())
            .limit(limit)
        )
    )


def to_message(message_id: int) -> list[InboundMessage]:
    """The answers to one message, oldest first."""
    return list(
        db.session.scalars(
            select(InboundMessage)
            .where(InboundMessage.message_id == message_id)
            .order_by(InboundMessage.id)
        )
    )


def mark_seen(inbound_id: int, by: str) -> bool:
    """Staff dealt with it; False when somebody had before."""
    done = db.session.execute(
        update(InboundMessage)
        .where(InboundMessage.id == inbound_id, InboundMessage.seen_at.is_(None))
        .values(seen_at=wall(), seen_by=by[:80])
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]
