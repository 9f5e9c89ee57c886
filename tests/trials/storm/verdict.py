"""After the storm: what the gateway was paid against what the books say. Nothing is changed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from portal.extensions import db
from portal.health.invariants import INVARIANTS, violations
from portal.infra.inbox import InboundHook
from portal.payments.models import AttentionItem, Payment, PaymentOrder
from tests.trials.storm.plan import Order

LISTED = {"void": {"for_void"}, "expired": {"late"}, "cancelled": {"late"}}
"""Fates whose money must be on the list, and under which names."""


@dataclass
class Verdict:
    """`wrong` must be empty; the rest is for the reader."""

    wrong: list[str] = field(default_factory=list)
    broken: dict[str, list[int]] = field(default_factory=dict)
    payments: int = 0
    rupiah: int = 0
    listed: Counter[str] = field(default_factory=Counter)
    hooks: Counter[str] = field(default_factory=Counter)
    repeats: int = 0

    @property
    def sound(self) -> bool:
        return not self.wrong and not self.broken


@dataclass(frozen=True)
class _Books:
    """What the database holds, by order id."""

    states: dict[str, str]
    payments: dict[str, list[int]]
    items: dict[str, set[str]]
    strays: int


def judge(app: Flask, orders: Sequence[Order], paid: dict[str, dict[str, Any]]) -> Verdict:
    """`paid` are the gateway's orders by id."""
    found = Verdict()
    with app.app_context():
        books = _read()
        for order in orders:
            found.wrong += [
                f"{order.fate} {order.order_id}: {what}"
                for what in _wrong(order, paid.get(order.order_id, {}), books)
            ]
        if books.strays:
            found.wrong.append(f"{books.strays} payments without an order")
        found.wrong += _strangers(books, orders)
        found.wrong += _doubles(orders, books)
        found.broken = {one.name: rows for one in INVARIANTS if (rows := violations(one))}
        found.payments = sum(map(len, books.payments.values()))
        found.rupiah = sum(map(sum, books.payments.values()))
        found.listed = Counter(db.session.scalars(select(AttentionItem.kind)))
        found.hooks = Counter(db.session.scalars(select(InboundHook.state)))
        found.repeats = db.session.scalar(select(func.sum(InboundHook.repeats))) or 0
        db.session.rollback()
    if waiting := found.hooks["received"] + found.hooks["failed"]:
        found.wrong.append(f"{waiting} webhooks are not processed")
    return found


def _read() -> _Books:
    names = {
        pk: name for pk, name in db.session.execute(select(PaymentOrder.id, PaymentOrder.order_id))
    }
    states = {
        n: s for n, s in db.session.execute(select(PaymentOrder.order_id, PaymentOrder.state))
    }
    payments: dict[str, list[int]] = {}
    strays = 0
    for order_pk, amount in db.session.execute(select(Payment.payment_order_id, Payment.amount)):
        if order_pk is None:
            strays += 1
        else:
            payments.setdefault(names[order_pk], []).append(amount)
    items: dict[str, set[str]] = {}
    rows = select(AttentionItem.payment_order_id, AttentionItem.kind, AttentionItem.details)
    for order_pk, kind, details in db.session.execute(rows):
        name = names.get(order_pk) or str((details or {}).get("order_id", ""))
        items.setdefault(name, set()).add(kind)
    return _Books(states, payments, items, strays)


def _wrong(order: Order, at_gateway: dict[str, Any], books: _Books) -> list[str]:
    """What is wrong about one order."""
    completed = at_gateway.get("status") == "completed"
    money, listed = books.payments.get(order.order_id, []), books.items.get(order.order_id, set())
    state = books.states.get(order.order_id)
    if completed != order.paid:
        return [f"the trial itself: {at_gateway.get('status')} at the gateway"]
    if not completed:
        return [f"unpaid, but {money} recorded, {state}"] if money or state == "settled" else []
    if order.fate == "sandbox":
        fine = not money and state != "settled" and "order_mismatch" in listed
        return [] if fine else [f"sandbox: {money} recorded, {state}, listed as {listed}"]
    if order.fate == "lost":
        fine = not money and "unknown_order" in listed
        return [] if fine else [f"lost: {money} recorded, listed as {listed}"]
    found = []
    if money != [order.amount] or state != "settled":
        found.append(f"paid {order.amount}, recorded {money}, {state}")
    if not LISTED.get(order.fate, set()) <= listed:
        found.append(f"listed as {listed}")
    return found


def _doubles(orders: Sequence[Order], books: _Books) -> list[str]:
    """Of two paid checkouts of one invoice at least one must be on the list as double."""
    wanted = sum(order.fate == "double" for order in orders) // 2
    said = sum("double" in kinds for kinds in books.items.values())
    return [] if said == wanted else [f"{wanted} paid twice, {said} listed as double"]


def _strangers(books: _Books, orders: Sequence[Order]) -> list[str]:
    known = {order.order_id for order in orders}
    strange = set(books.payments) - known
    return [f"recorded and never ordered: {sorted(strange)[:5]}"] if strange else []
