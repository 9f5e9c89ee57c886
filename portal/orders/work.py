"""What technicians and staff do with an order: accept, take, schedule, give back, finish, cancel.

Each verb is one guarded step and says False when somebody else was quicker. Locks are taken as
everywhere with money: the customer before the order.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from portal.core.money import format_rupiah
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.customers import service as customers
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now, today
from portal.invoices import billing, lifecycle, terms
from portal.network.registry import default_router
from portal.orders import paying, pricing
from portal.orders.models import ServiceOrder
from portal.orders.moving import ServiceOrderError, hold, move
from portal.orders.service import let_lapse
from portal.orders.states import OPEN, State
from portal.payments import cancelling
from portal.payments.attention import raise_item
from portal.payments.service import credit_balance, hold_customer
from portal.plans.models import Plan
from portal.subscriptions import service as subscriptions
from portal.subscriptions.models import Subscription
from portal.subscriptions.service import SubscriptionData
from portal.web.sentences import N_

FARTHEST = timedelta(days=90)


@dataclass(frozen=True)
class Installed:
    """What the technician put in: the service login, its router, the plan; of a new customer the
    number (empty: the next free one) and the phone as typed, when none is known."""

    login: str
    router_id: int | None
    plan_id: int
    customer_number: str = ""
    phone: str = ""


def accept(order_id: int, reason: str) -> bool:
    """Let an order be worked on without its money, say for cash at the door."""
    why = _reason(reason)
    return move(order_id, "queued", why=why, only_from=("pending", "expired"))


def take(order_id: int, staff_id: int) -> bool:
    """This technician goes there now."""
    return move(order_id, "in_progress", only_from=("queued", "scheduled"), technician_id=staff_id)


def schedule(order_id: int, day: date, slot: str) -> bool:
    """Agree on a day (and, in words, the time of day). Raises ServiceOrderError for odd days."""
    if not today() <= day <= today() + FARTHEST:
        raise ServiceOrderError(N_("Pilih hari ini atau sesudahnya, paling lama 90 hari."))
    return move(order_id, "scheduled", scheduled_on=day, slot=slot.strip()[:40])


def give_back(order_id: int, reason: str) -> bool:
    """Back on everybody's list."""
    why = _reason(reason)
    own: tuple[State, ...] = ("scheduled", "in_progress")
    return move(order_id, "queued", why=why, only_from=own, technician_id=None, scheduled_on=None)


def cancel(order_id: int, reason: str, *, unpaid: bool = False) -> bool:
    """End an order that is not done; with `unpaid` only one that still waits for its money.

    What was paid stays the customer's credit, and a person is asked to give it back.
    """
    why = _reason(reason)
    order = _held(order_id)
    paid = order.paid_at is not None
    only: tuple[State, ...] = ("pending",) if unpaid else ()
    if not move(order_id, "cancelled", why=why, only_from=only, reason=why):
        return False
    cancelling.close_others(paying.attempts_of(order_id))
    credit = credit_balance(order.customer_id)
    if paid:
        raise_item(
            f"service_order_cancelled:{order_id}",
            "order_cancelled",
            f"Pesanan {order.number} yang sudah dibayar dibatalkan: {why}. Saldo pelanggan "
            f"{format_rupiah(credit)}; kembalikan atau sepakati pemakaiannya.",
            customer_id=order.customer_id,
        )
    let_lapse(order.customer_id)
    return True


def finish(order_id: int, done: Installed | None, staff_id: int) -> ServiceOrder:
    """The work is done: a new line is in service, or the plan changes. The caller commits, then
    calls `issue_first`. Raises ServiceOrderError with a sentence."""
    kind = db.session.get_one(ServiceOrder, order_id).kind
    if kind == "change":
        return _changed(order_id, staff_id)
    if done is None:
        raise ServiceOrderError(N_("Isi login layanan."))
    order = _held(order_id)
    if order.state not in OPEN:
        raise ServiceOrderError(N_("Keadaan pesanan ini sudah berubah."))
    line = _new_line(order, done)
    if order.install_fee:
        terms.add_fee(line.id, pricing.INSTALLATION, order.install_fee)
    _end(order_id, staff_id, subscription_id=line.id, plan_id=line.plan_id)
    return order


def _held(order_id: int) -> ServiceOrder:
    hold_customer(db.session.get_one(ServiceOrder, order_id).customer_id)
    return hold(order_id)


def _new_line(order: ServiceOrder, done: Installed) -> Subscription:
    login = done.login.strip()
    if not login or len(login) > 80:
        raise ServiceOrderError(N_("Isi login layanan."))
    if subscriptions.owner_of(login) is not None:
        raise ServiceOrderError(N_("Login layanan ini sudah dipakai."))
    plan = db.session.get(Plan, done.plan_id)
    if plan is None or not plan.active:
        raise ServiceOrderError(N_("Paket ini tidak tersedia lagi."))
    customer = db.session.get_one(Customer, order.customer_id)
    if not customer.phone:
        order.phone = customer.phone = _phone(done.phone)
    try:
        customers.welcome(customer, done.customer_number.strip()[:40])
    except ValueError as error:
        raise ServiceOrderError(str(error)) from None
    day = today()
    data = SubscriptionData(login, plan.price, pricing.own_day(plan, day), day)
    return subscriptions.save(customer, plan, data, done.router_id or _usual_router())[0]


def _usual_router() -> int | None:
    router = default_router()
    return None if router is None else router.id


def _phone(typed: str) -> str:
    """Bills and login codes need one."""
    if not typed.strip():
        raise ServiceOrderError(N_("Isi nomor WhatsApp pelanggan."))
    try:
        return str(PhoneNumber.parse(typed))
    except InvalidPhone as error:
        raise ServiceOrderError(str(error)) from None


def _changed(order_id: int, staff_id: int) -> ServiceOrder:
    """As agreed, never dearer. The line's locks come first, as in every invoice run."""
    order = db.session.get_one(ServiceOrder, order_id)
    line_id, plan_id, at_once = order.subscription_id or 0, order.plan_id or 0, order.at_once
    why = f"Pesanan {order.number}"
    try:
        lifecycle.hold(line_id)
        quote = lifecycle.quote_change(line_id, plan_id, at_once=at_once)
        if quote.difference > order.quoted:
            raise ServiceOrderError(N_("Selisihnya lebih besar daripada yang disetujui."))
        lifecycle.change_plan(
            line_id, plan_id, at_once=at_once, expected=quote.difference, reason=why
        )
    except lifecycle.LifecycleError as error:
        raise ServiceOrderError(str(error)) from None
    _end(order_id, staff_id)
    return order


def _end(order_id: int, staff_id: int, **values: Any) -> None:
    if not move(order_id, "done", done_at=now(), technician_id=staff_id, **values):
        raise ServiceOrderError(N_("Keadaan pesanan ini sudah berubah."))


def issue_first(order_id: int) -> int:
    """The new line's first invoice, which spends what was paid ahead; in a transaction of its own
    after `finish`, since invoice runs lock in another order. Plans billed afterwards wait."""
    order = db.session.get_one(ServiceOrder, order_id)
    line = db.session.get(Subscription, order.subscription_id or 0)
    if order.kind != "install" or line is None or line.terms.scheme.lag:
        return 0
    period = pricing.first_period(line.plan, line.started_on)
    return billing.issue_chunk(period, only_due=False, lines=[line.id])


def _reason(text: str) -> str:
    if not text.strip():
        raise ServiceOrderError(N_("Tulis alasannya."))
    return text.strip()[:200]
