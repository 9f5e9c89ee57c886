"""Orders for work: what is on offer, placing an order, paying it, where it stands.

The technician's verbs are in `work.py`, what money does to an order in `paying.py`, money of
Telegram users we know nothing about in `linking.py`. Services change and emit; edges commit,
except `open_payment`, which asks the gateway and commits by itself.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from portal.customers import service as customers
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit, numbering
from portal.infra.secrets import new_token
from portal.infra.timekeeping import now, zone
from portal.invoices import lifecycle
from portal.invoices import service as invoices
from portal.invoices.quotes import PlanQuote
from portal.orders import limits, pricing, telegram
from portal.orders.models import ServiceOrder
from portal.orders.moving import ServiceOrderError as ServiceOrderError
from portal.orders.moving import move
from portal.orders.paying import browser_link as browser_link
from portal.orders.paying import open_payment as open_payment
from portal.orders.paying import status_of as status_of
from portal.orders.states import OPEN
from portal.payments.service import credit_balance, hold_customer
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from portal.web.sentences import N_

KINDS = ("install", "change")


@dataclass(frozen=True)
class Contact:
    """Who orders, and where. Phone in E.164, or empty for a Telegram user who gave none."""

    name: str
    phone: str
    address: str
    area_id: int | None


@dataclass(frozen=True)
class PlanOffer:
    """A plan on offer: rupiah a month, and what a new line of it costs first."""

    plan: Plan
    price: pricing.Price


def plans_on_offer() -> list[PlanOffer]:
    """Plans that are sold to everybody, the cheapest first."""
    fee = pricing.install_fee()
    plans = db.session.scalars(
        select(Plan).where(Plan.active, Plan.public).order_by(Plan.price, Plan.name)
    )
    return [PlanOffer(plan, pricing.of_new_line(plan, fee)) for plan in plans]


def place(
    kind: str,
    plan_id: int,
    *,
    name: str,
    phone: str,
    address: str,
    telegram_id: int | None = None,
    telegram_username: str = "",
    customer_id: int | None = None,
    area_id: int | None = None,
    note: str = "",
    ip: str = "",
    form_key: str | None = None,
    subscription_id: int | None = None,
    at_once: bool = False,
) -> ServiceOrder:
    """Place an order; the same `form_key` again is the order it placed. Phone in E.164 or empty.

    Without a `customer_id` the orderer is the customer the Telegram user is linked to, else a
    new prospect. `subscription_id` and `at_once` are for a change of plan. Raises
    ServiceOrderError with a sentence, `limits.TooMany` when there were too many.
    """
    limits.one_at_a_time(phone, ip, telegram_id)
    if (known := _by_key(form_key)) is not None:
        return known
    limits.check(phone, ip, telegram_id)
    plan = _on_sale(kind, plan_id)
    orderer = Contact(name, phone, address, area_id)
    customer = _orderer(orderer, customer_id, telegram_id, telegram_username)
    order = ServiceOrder(
        form_key=form_key,
        kind=kind,
        customer_id=customer.id,
        name=name or customer.name,
        phone=phone or customer.phone,
        address=address or customer.address,
        area_id=area_id,
        note=note,
        telegram_id=telegram_id,
        ip=ip,
    )
    _choose(order, plan)
    if kind == "change":
        quote = quote_of_change(customer.id, subscription_id or 0, plan.id, at_once=at_once)
        order.quoted = quote.difference
        order.subscription_id, order.at_once = subscription_id, at_once
    else:
        _must_owe_nothing(customer)
        order.install_fee = pricing.install_fee()
        order.amount = pricing.of_new_line(plan, order.install_fee).total
    write(order)
    if kind == "change":
        move(order.id, "queued", why="tidak ada yang perlu dibayar dahulu")
    return order


def _by_key(form_key: str | None) -> ServiceOrder | None:
    if not form_key:
        return None
    return db.session.scalar(select(ServiceOrder).where(ServiceOrder.form_key == form_key))


def _on_sale(kind: str, plan_id: int) -> Plan:
    if kind not in KINDS:
        raise ServiceOrderError(N_("Pesanan seperti ini tidak ada."))
    plan = db.session.get(Plan, plan_id)
    if plan is None or not (plan.active and plan.public):
        raise ServiceOrderError(N_("Paket ini tidak tersedia lagi."))
    return plan


def _orderer(
    contact: Contact, customer_id: int | None, telegram_id: int | None, username: str
) -> Customer:
    """The customer who orders; a stranger becomes a prospect, and his Telegram user with him."""
    user = telegram.hold(telegram_id, username) if telegram_id is not None else None
    known = customer_id or (user.customer_id if user is not None else None)
    if known is not None:
        customer = db.session.get_one(Customer, known)
    else:
        customer = customers.new_prospect(
            contact.name, contact.phone, contact.address, contact.area_id
        )
    if user is not None and user.customer_id is None:
        telegram.link(user, customer.id)
    return customer


def _choose(order: ServiceOrder, plan: Plan) -> None:
    """The plan as it is now: what it is called and costs may change later."""
    order.plan_id, order.plan_name, order.plan_price = plan.id, plan.name, plan.price


def _must_owe_nothing(customer: Customer) -> None:
    """What is paid ahead must not go to an older bill first (`docs/domain.md`, rule 5)."""
    if invoices.open_ids(customer.id):
        raise ServiceOrderError(N_("Lunasi tagihan Anda dahulu, lalu pesan lagi."))


def quote_of_change(
    customer_id: int, subscription_id: int, plan_id: int, *, at_once: bool
) -> PlanQuote:
    """What a change of plan would mean for the customer's own line. Raises ServiceOrderError."""
    line = db.session.get(Subscription, subscription_id)
    if line is None or line.customer_id != customer_id:
        raise ServiceOrderError(N_("Langganan ini bukan milik Anda."))
    try:
        return lifecycle.quote_change(line.id, plan_id, at_once=at_once)
    except lifecycle.LifecycleError as error:
        raise ServiceOrderError(str(error)) from None


def write(order: ServiceOrder) -> None:
    """Give a new order its number, page and time to be paid, and write it. Audited."""
    name = f"PSN-{now().astimezone(zone()):%Y%m}"
    order.number = numbering.document_number(name, numbering.take(name)[0])
    order.token = new_token()
    order.state, order.state_since, order.placed_at = "pending", now(), now()
    order.expires_at = now() + timedelta(days=settings.integer("orders.unpaid_days"))
    db.session.add(order)
    db.session.flush()
    audit.record(
        "service_order.place",
        f"service_order:{order.id}",
        after={"number": order.number, "kind": order.kind, "amount": order.amount},
    )


def expire_unpaid() -> int:
    """End orders nobody paid in time, and let their prospects lapse; returns how many.

    Nothing is deleted: money that comes after all brings both back.
    """
    late = db.session.execute(
        select(ServiceOrder.id, ServiceOrder.customer_id).where(
            ServiceOrder.state == "pending", ServiceOrder.expires_at <= now()
        )
    ).all()
    count = 0
    for order_id, customer_id in late:
        hold_customer(customer_id)  # before the order, as money does
        if move(order_id, "expired", why="tidak dibayar"):
            let_lapse(customer_id)
            count += 1
    return count


def let_lapse(customer_id: int) -> None:
    """A prospect with nothing left to pay or to do, of whom we hold no money, is on no list any
    more."""
    left = select(ServiceOrder.id).where(
        ServiceOrder.customer_id == customer_id,
        ServiceOrder.state.in_(("pending", *OPEN)),
    )
    if db.session.scalar(left.limit(1)) is None and not credit_balance(customer_id):
        customers.change_prospect(customer_id, "prospect", "lapsed")
