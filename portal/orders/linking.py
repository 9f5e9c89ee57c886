"""Money of a Telegram user for an order we never made: whose it is, and an order to go with it.

The order id names the user (`tg<id>-…`), or the callback's metadata does. The id cannot be
changed by whoever forges a callback, and the gateway confirmed it; metadata counts only when the
callback surely came from the gateway, else anybody could claim a payment of somebody else.
"""

import re
from typing import Any

from sqlalchemy import select

from portal.customers import service as customers
from portal.customers.models import Customer
from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.orders import paying, pricing, service, telegram
from portal.orders.models import ServiceOrder
from portal.payments.events import StrangeMoney
from portal.payments.models import PaymentOrder

_OF_TELEGRAM = re.compile(r"tg([0-9]{1,16})-.+")
BIGGEST = 2**53
"""Telegram's ids have at most 52 bits."""


def claim(event: StrangeMoney) -> None:
    """Reaction: write the payment order and the order for work, once. Money settles it next."""
    telegram_id = payer_of(event)
    if telegram_id is None:
        return
    user = telegram.hold(telegram_id, _username(event))
    # Under the user's lock: of two callbacks at once the second finds what the first wrote.
    if db.session.scalar(_payment_order(event.order_id)) is not None:
        return
    customer = _customer(user)
    attempt = PaymentOrder(
        order_id=event.order_id,
        customer_id=customer.id,
        gateway=event.gateway,
        reference=event.reference,
        amount=event.amount,
        advance=event.amount,
        created_at=now(),
    )
    db.session.add(attempt)
    order = ServiceOrder(
        kind="install",
        customer_id=customer.id,
        name=customer.name,
        phone=customer.phone,
        address=customer.address,
        area_id=customer.area_id,
        amount=event.amount,
        telegram_id=telegram_id,
    )
    _guess_plan(order)
    service.write(order)
    paying.tie(order, attempt)


def _payment_order(order_id: str) -> Any:
    return select(PaymentOrder.id).where(PaymentOrder.order_id == order_id)


def payer_of(event: StrangeMoney) -> int | None:
    """The Telegram user who paid; None when nobody is named, or two different ones are."""
    named = _OF_TELEGRAM.fullmatch(event.order_id)
    by_id = int(named[1]) if named else None
    said = _whole(event.metadata.get("telegram_id")) if event.proven else None
    if by_id is not None and said is not None and by_id != said:
        return None
    found = said if by_id is None else by_id
    return found if found is not None and 0 < found < BIGGEST else None


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,16}", value):
        return int(value)
    return value if type(value) is int else None


def _username(event: StrangeMoney) -> str:
    said = event.metadata.get("telegram_username") if event.proven else ""
    return said if isinstance(said, str) and re.fullmatch(r"[A-Za-z0-9_]{1,64}", said) else ""


def _customer(user: TelegramUser) -> Customer:
    """The linked customer, else a new prospect of whom we know nothing but Telegram."""
    if user.customer_id is not None:
        return db.session.get_one(Customer, user.customer_id)
    name = f"Telegram {user.username or user.telegram_id}"
    customer = customers.new_prospect(name, "", "", None)
    telegram.link(user, customer.id)
    return customer


def _guess_plan(order: ServiceOrder) -> None:
    """The plan that costs just this, when there is exactly one; else staff choose."""
    fitting = [one for one in service.plans_on_offer() if one.price.total == order.amount]
    if len(fitting) == 1:
        plan = fitting[0].plan
        order.plan_id, order.plan_name, order.plan_price = plan.id, plan.name, plan.price
        order.install_fee = pricing.install_fee()
