"""Before the storm: customers who owe, and their orders, opened by the product at the gateway."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import Any

from flask import Flask
from sqlalchemy import delete, insert, select, update

from portal import create_app
from portal.config import Settings
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now, today
from portal.invoices.models import Invoice, InvoiceLine
from portal.payments import cancelling, corrections, opening
from portal.payments.models import PaymentOrder, PaymentOrderInvoice
from portal.plans import service as plans
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests.conftest import migrate
from tests.trials.storm.plan import Order

PATH = "/me/orders/{order_id}"
OPENERS = 6
SERVICE = "Rumah 20 Mbps"


def application(env: dict[str, str]) -> Flask:
    """The product in the storm's environment; the schema is built by the migrations."""
    migrate(env["DATABASE_URL"])
    return create_app(Settings.from_env(env))


def furnish(app: Flask, count: int, dice: Random) -> list[tuple[int, int]]:
    """So many customers with one line and one open invoice each: (customer, invoice) ids."""
    with app.app_context():
        settings.change("isolation.enabled", value=False)
        plan_id = plans.ensure(SERVICE, 165_000).id
        db.session.flush()
        for begin in range(0, count, 500):
            numbers = range(begin, min(begin + 500, count))
            _some(plan_id, [(number, dice.randrange(50_000, 900_000)) for number in numbers])
            db.session.commit()
        rows = db.session.execute(select(Invoice.customer_id, Invoice.id).order_by(Invoice.id))
        found = [(customer_id, invoice_id) for customer_id, invoice_id in rows]
        db.session.rollback()
    return found


def _some(plan_id: int, wanted: Sequence[tuple[int, int]]) -> None:
    at, day = now(), today()
    people: list[dict[str, Any]] = [
        {
            "number": f"BDI-{number:06d}",
            "name": f"Pelanggan {number}",
            "phone": f"+62811{number:08d}",
            "address": "Jl. Badai 1",
            "created_at": at,
        }
        for number, _amount in wanted
    ]
    owners = _inserted(Customer, people)
    lines = [
        {
            "customer_id": owner,
            "plan_id": plan_id,
            "login": f"badai-{number:06d}",
            "billing_day": 1,
            "state": "active",
            "state_since": at,
            "started_on": day - timedelta(days=400),
            "auto_from": day - timedelta(days=400),
            "created_at": at,
        }
        for owner, (number, _amount) in zip(owners, wanted, strict=True)
    ]
    served = _inserted(Subscription, lines)
    bills = [
        {
            "number": f"INV-BADAI-{number:06d}",
            "customer_id": owner,
            "subscription_id": line,
            "period": f"{day:%Y-%m}",
            "plan_name": SERVICE,
            "plan_price": amount,
            "total": amount,
            "issued_on": day,
            "due_on": day + timedelta(days=5),
            "created_at": at,
        }
        for owner, line, (number, amount) in zip(owners, served, wanted, strict=True)
    ]
    issued = _inserted(Invoice, bills)
    _inserted(
        InvoiceLine,
        [
            {
                "invoice_id": bill,
                "position": 1,
                "kind": "plan",
                "description": SERVICE,
                "amount": amount,
            }
            for bill, (_number, amount) in zip(issued, wanted, strict=True)
        ],
    )


def _inserted(model: Any, rows: list[dict[str, Any]]) -> list[int]:
    statement = insert(model).returning(model.id, sort_by_parameter_order=True)
    return list(db.session.scalars(statement, rows))


def open_orders(app: Flask, owing: Sequence[tuple[int, int]], found: Sequence[str]) -> list[Order]:
    """A checkout for each invoice, and what its fate asks for before anybody pays."""
    wanted = list(zip(owing, found, strict=True))

    def one(about: tuple[tuple[int, int], str]) -> list[Order]:
        (customer_id, invoice_id), fate = about
        with app.app_context():
            return _open(customer_id, invoice_id, fate)

    with ThreadPoolExecutor(OPENERS) as pool:
        return [order for opened in pool.map(one, wanted) for order in opened]


def _open(customer_id: int, invoice_id: int, fate: str) -> list[Order]:
    first = opening.start_order(customer_id, [invoice_id], PATH)
    found = [(first.id, Order(first.order_id, first.reference, first.amount, fate))]
    if fate == "double":
        # Another way to pay takes the first one's place; its page stays open in a tab.
        second = opening.start_order(customer_id, [invoice_id], PATH, "qris")
        found.append((second.id, Order(second.order_id, second.reference, second.amount, fate)))
    db.session.rollback()
    if prepare := _PREPARED.get(fate):
        prepare(found[0][0], invoice_id)
    return [order for _pk, order in found]


def _void(_order_pk: int, invoice_id: int) -> None:
    corrections.void(invoice_id, "salah tagih")
    db.session.commit()


def _cancel(order_pk: int, _invoice_id: int) -> None:
    cancelling.cancel(order_pk, "dibatalkan pelanggan")


def _expire(order_pk: int, _invoice_id: int) -> None:
    """As the poller does when the order's time is over."""
    expired = update(PaymentOrder).where(PaymentOrder.id == order_pk).values(state="expired")
    db.session.execute(expired)
    db.session.commit()


def _lose(order_pk: int, _invoice_id: int) -> None:
    """As after a restore of a backup from before the order."""
    db.session.execute(
        delete(PaymentOrderInvoice).where(PaymentOrderInvoice.payment_order_id == order_pk)
    )
    db.session.execute(delete(PaymentOrder).where(PaymentOrder.id == order_pk))
    db.session.commit()


_PREPARED: dict[str, Callable[[int, int], None]] = {
    "void": _void,
    "cancelled": _cancel,
    "expired": _expire,
    "lost": _lose,
}
