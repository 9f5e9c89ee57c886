"""What happens in a storm: the fates of the orders and every request, decided before it begins.

Pure and seeded: the same numbers make the same storm. Who comes first among 64 is the machine's.
"""

import json
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

SECRET = "rahasia-webhook-badai"  # noqa: S105 - of a trial
SLUG, KEY = "toko-badai", "kunci-badai"

FATES = {
    "ordinary": 50,  # opened, paid, told
    "silent": 6,  # paid, and no webhook ever comes
    "unpaid": 12,  # never paid, whatever webhooks claim
    "lied": 6,  # paid; some webhooks name another amount
    "void": 6,  # its invoice is voided before it is paid
    "double": 8,  # a second checkout of the same invoice; both are paid
    "expired": 4,  # paid after we gave it up
    "cancelled": 4,  # paid after the customer cancelled
    "sandbox": 2,  # the gateway says: not real money, in production
    "lost": 2,  # paid, and not in our database, as after a restore
}
"""Of a hundred invoices."""

NOISE = {
    "repeat": 40,  # the same bytes again
    "rewritten": 18,  # the same facts, other bytes
    "forged": 10,  # without the secret, or with a wrong one
    "claimed": 9,  # the right secret, an order nobody paid
    "amount": 7,  # the right secret, another amount
    "unknown": 8,  # the right secret, no such order anywhere
    "project": 5,  # the right secret, another project
    "garbage": 3,  # not a notice at all
}
"""Of a hundred webhooks beyond the true ones."""


@dataclass(frozen=True)
class Order:
    """An order that was opened. `twin` is the other checkout of the same invoice."""

    order_id: str
    txn_id: str
    amount: int
    fate: str
    twin: str = ""

    @property
    def paid(self) -> bool:
        return self.fate != "unpaid"

    @property
    def told(self) -> bool:
        return self.fate not in {"unpaid", "silent"}


@dataclass(frozen=True)
class Deed:
    """One request: `pay` at the gateway, or `hook`, a webhook; `label` is its sort."""

    at: float
    kind: str
    label: str
    order_id: str
    body: bytes = b""
    secret: str = SECRET


def fates(count: int, dice: Random, without: Container[str] = ()) -> list[str]:
    """One for each invoice; every fate at least once."""
    names = [name for name in FATES if name not in without]
    weights = [FATES[name] for name in names]
    found = names + dice.choices(names, weights, k=max(count - len(names), 0))
    dice.shuffle(found)
    return found


def notice(order: Order, **other: Any) -> bytes:
    """What the gateway says when an order was paid (API v2)."""
    said: dict[str, Any] = {
        "txn_id": order.txn_id,
        "order_id": order.order_id,
        "amount": order.amount,
        "is_sandbox": order.fate == "sandbox",
        "status": "completed",
        "completed_at": "2026-11-21T10:00:00.000+07:00",
    }
    return json.dumps({**said, **other}, separators=(",", ":")).encode()


class Sky:
    """The dice, and the orders by what may be said about them."""

    def __init__(self, orders: Sequence[Order], seed: int) -> None:
        self.dice = Random(seed)
        self.orders = orders
        self.unpaid = [order for order in orders if not order.paid]
        self.disputed = [order for order in orders if order.fate in {"lied", "unpaid"}]
        self.true_ones: list[tuple[Order, Deed]] = []

    def truth(self) -> Iterator[Deed]:
        """What really happens: payments, and the webhooks that follow them."""
        for order in self.orders:
            paid_at = self.dice.uniform(0, 0.9)
            if order.paid:
                yield Deed(paid_at, "pay", order.fate, order.order_id)
            if order.told:
                at = self.dice.uniform(paid_at, 1)
                deed = Deed(at, "hook", "true", order.order_id, notice(order))
                self.true_ones.append((order, deed))
                yield deed

    def noise(self, number: int) -> Deed:
        """One webhook nobody needed."""
        label = self.dice.choices(list(NOISE), list(NOISE.values()))[0]
        if label in {"repeat", "rewritten"}:
            return self._again(label, number)
        if label == "unknown":
            return self._stranger(number)
        if label == "garbage":
            body = self.dice.choice((b"", b"[1]", b"{", b"\xff\xfe", b'{"order_id": 7}', b"null"))
            return Deed(self.dice.random(), "hook", label, "", body + b" " * (number % 50))
        return self._lie(label, number)

    def _again(self, label: str, number: int) -> Deed:
        order, first = self.dice.choice(self.true_ones)
        body = first.body if label == "repeat" else notice(order, again=number)
        return Deed(self.dice.uniform(first.at, 1), "hook", label, order.order_id, body)

    def _stranger(self, number: int) -> Deed:
        order_id = "LKT" + "".join(self.dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=26))
        body = notice(self.dice.choice(self.orders), order_id=order_id, txn_id=f"txn{number:020d}")
        return Deed(self.dice.random(), "hook", "unknown", order_id, body)

    def _lie(self, label: str, number: int) -> Deed:
        about = {"claimed": self.unpaid, "amount": self.disputed}.get(label, self.orders)
        order = self.dice.choice(about)
        said: dict[str, Any] = {"again": number}
        secret = SECRET
        if label == "forged":
            secret = self.dice.choice(("", "salah", SECRET[:-1], SECRET.upper()))
        if label == "amount":
            said = {"amount": order.amount + self.dice.choice((-1, 1, 1000, 1_000_000))}
        if label == "project":
            said["project"] = "toko-sebelah"
        body = notice(order, **said)
        return Deed(self.dice.random(), "hook", label, order.order_id, body, secret)


def deeds(orders: Sequence[Order], webhooks: int, seed: int) -> list[Deed]:
    """Every payment and `webhooks` webhooks (more only when the true ones are more), in the order
    of sending."""
    sky = Sky(orders, seed)
    found = list(sky.truth())
    found += [sky.noise(number) for number in range(webhooks - len(sky.true_ones))]
    return sorted(found, key=lambda deed: deed.at)
