"""What the ISP's people are told: money that came, money to check, lines that were walled off.

Collected, so that a busy hour is a few messages and not a hundred. Each topic remembers how far
it has told; the mark moves in the transaction that queues the messages, so a crash neither
repeats nor skips.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from portal.core.money import format_rupiah
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now, wall
from portal.messaging import notices, texts
from portal.network.models import NetworkAccess
from portal.payments.models import AttentionItem, Payment
from portal.settings import service as settings
from portal.subscriptions.models import Subscription

EVERY = timedelta(minutes=10)
SETTLED = timedelta(seconds=15)
NAMED = 5
"""Names in one message; the rest is a number."""


def tell_what_is_new() -> int:
    """One pass over all topics; returns how many messages were queued. The caller commits."""
    return _payments() + _money() + _isolation()


def _mark(topic: str) -> tuple[int | None, float]:
    """The last id that was told and when (POSIX seconds); None before the first pass."""
    last, at = settings.fresh_internal(f"notices.{topic}", [None, 0.0])
    return last, at


def _remember(topic: str, last: int, told: bool, before: float) -> None:
    at = wall().timestamp() if told else before
    settings.set_internal(f"notices.{topic}", [last, at])


def _due(topic: str, newest: int | None) -> int | None:
    """The mark to tell from, or None when there is nothing, or it is too soon.

    What was there before the first pass is not news.
    """
    last, at = _mark(topic)
    newest = newest or 0
    if last is None:
        _remember(topic, newest, False, at)
        return None
    if newest <= last or wall().timestamp() - at < EVERY.total_seconds():
        return None
    return last


def _settled() -> datetime:
    """Rows younger than this may have older ones beside them that are not committed yet."""
    return now() - SETTLED


def _payments() -> int:
    newest = db.session.scalar(select(func.max(Payment.id)).where(Payment.recorded_at < _settled()))
    last = _due("payment", newest)
    if last is None or newest is None:
        return 0
    rows = db.session.execute(
        select(Payment.amount, Customer.name)
        .join(Customer, Customer.id == Payment.customer_id)
        .where(Payment.id > last, Payment.id <= newest, Payment.reverses_id.is_(None))
        .order_by(Payment.id)
    ).all()
    told = 0
    if rows:
        total = format_rupiah(sum(row.amount for row in rows))
        named = [f"{texts.harmless(row.name)} {format_rupiah(row.amount)}" for row in rows]
        text = f"{len(rows)} pembayaran masuk, {total}.\n{_named(named)}"
        told = notices.tell("payment", f"{last}-{newest}", text)
    _remember("payment", newest, bool(rows), _mark("payment")[1])
    return told


def _money() -> int:
    newest = db.session.scalar(
        select(func.max(AttentionItem.id)).where(AttentionItem.created_at < _settled())
    )
    last = _due("money", newest)
    if last is None or newest is None:
        return 0
    sentences = db.session.scalars(
        select(AttentionItem.sentence)
        .where(AttentionItem.id > last, AttentionItem.id <= newest, AttentionItem.state == "open")
        .order_by(AttentionItem.id)
    ).all()
    told = 0
    if sentences:
        text = f"{len(sentences)} hal tentang uang perlu dicek.\n{_named(sentences)}"
        told = notices.tell("money", f"{last}-{newest}", text)
    _remember("money", newest, bool(sentences), _mark("money")[1])
    return told


def _isolation() -> int:
    """Episodes only grow, so their sum tells that somebody was walled off since."""
    total = db.session.scalar(select(func.coalesce(func.sum(NetworkAccess.episode), 0))) or 0
    before = _mark("isolation")[1]
    last = _due("isolation", int(total))
    if last is None:
        return 0
    rows = db.session.execute(
        select(Customer.name, Customer.number)
        .join(Subscription, Subscription.customer_id == Customer.id)
        .join(NetworkAccess, NetworkAccess.subscription_id == Subscription.id)
        .where(Subscription.state == "isolated")
        .order_by(NetworkAccess.wanted_since.desc(), Subscription.id)
        .limit(int(total) - last)
    ).all()
    told = 0
    if rows:
        named = [f"{texts.harmless(row.name)} ({row.number})" for row in rows]
        text = f"{len(rows)} pelanggan diisolir.\n{_named(named)}"
        told = notices.tell("isolation", f"{last}-{total}", text)
    _remember("isolation", int(total), bool(rows), before)
    return told


def _named(parts: Any) -> str:
    shown = [f"- {part}" for part in parts[:NAMED]]
    if len(parts) > NAMED:
        shown.append(f"- dan {len(parts) - NAMED} lagi")
    return "\n".join(shown)
