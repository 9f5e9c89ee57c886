"""Opening a payment order: from unpaid invoices to a pay page at the gateway.

The gateway is called in the middle, so this commits by itself: the order is a row before
anybody can pay it, and nothing is locked while we wait for an answer.
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from portal.config import Settings
from portal.core.money import format_rupiah
from portal.extensions import db
from portal.infra.database import end_read, updated
from portal.infra.timekeeping import now, wall
from portal.invoices import service as invoices
from portal.payments import timing
from portal.payments.gateways.base import ChargeRequest, PaymentGateway
from portal.payments.models import PaymentOrder, PaymentOrderInvoice
from portal.payments.registry import DEFAULT, gateway
from portal.payments.service import hold_customer

LIFETIME = timedelta(seconds=timing.LIFETIME)
STILL_TIME = timedelta(minutes=15)
"""An order is used again only when this much of its life is left."""


class OrderError(ValueError):
    """The order cannot be opened; a sentence for the customer."""


def new_order_id() -> str:
    """Unguessable (130 bits), letters and digits only, as every gateway takes it."""
    return "LKT" + base64.b32encode(secrets.token_bytes(17)).decode().rstrip("=")[:26]


def start_order(customer_id: int, invoice_ids: Sequence[int], return_path: str) -> PaymentOrder:
    """An order with a pay page for these invoices of the customer. Commits.

    Invoices that are not the customer's or not open are left out. A live order for the
    same invoices and amount (rupiah) is used again, so a double tap opens one. The gateway
    finds or creates by order id, so a tap after a crash or a lost answer goes on with it.
    `return_path` may hold `{order_id}`. Raises OrderError when there is nothing to pay or
    the gateway does not take such an amount, DriverError when it fails.
    """
    driver = gateway()  # refuses before a row is written when keys are missing
    end_read()
    order = _find_or_make(driver, customer_id, invoice_ids)
    order_pk, pay_url = order.id, order.pay_url
    settings: Settings = current_app.extensions["loket.settings"]
    request = ChargeRequest(
        order_id=order.order_id,
        amount=order.amount,
        return_url=settings.public_url + return_path.format(order_id=order.order_id),
    )
    db.session.commit()
    if not pay_url:
        _open_page(driver, order_pk, request)
    return db.session.get_one(PaymentOrder, order_pk, populate_existing=True)


def _open_page(driver: PaymentGateway, order_pk: int, request: ChargeRequest) -> None:
    """Ask the gateway for the pay page with nothing open; the first answer is kept."""
    charge = driver.create_charge(request)
    updated(
        update(PaymentOrder)
        .where(PaymentOrder.id == order_pk, PaymentOrder.pay_url == "")
        .values(
            pay_url=charge.pay_url,
            reference=charge.reference,
            total=charge.total,
            expires_at=charge.expires_at or wall() + LIFETIME,
        )
    )
    db.session.commit()


def _find_or_make(
    driver: PaymentGateway, customer_id: int, invoice_ids: Sequence[int]
) -> PaymentOrder:
    """Under the customer's lock: two taps see each other."""
    hold_customer(customer_id)
    owed = [
        (invoice.id, rest)
        for invoice, rest in invoices.lock_open(list(dict.fromkeys(invoice_ids)))
        if invoice.customer_id == customer_id and rest > 0
    ]
    if not owed:
        raise OrderError(_("Tagihan ini sudah lunas atau tidak terbuka lagi."))
    amount = sum(rest for _id, rest in owed)
    _check_amount(driver, amount)
    chosen = [invoice_id for invoice_id, _rest in owed]
    return _reusable(customer_id, chosen, amount) or _make(customer_id, chosen, amount)


def _check_amount(driver: PaymentGateway, amount: int) -> None:
    if amount < driver.smallest:
        least = format_rupiah(driver.smallest)
        raise OrderError(
            _(
                "Pembayaran online paling sedikit %(least)s. Sisa ini dapat dibayar lewat "
                "petugas, atau bersama tagihan berikutnya.",
                least=least,
            )
        )
    if amount > driver.largest:
        most = format_rupiah(driver.largest)
        raise OrderError(
            _("Pembayaran online paling banyak %(most)s. Bayar tagihan satu per satu.", most=most)
        )


def _reusable(customer_id: int, chosen: list[int], amount: int) -> PaymentOrder | None:
    recent = db.session.scalars(
        select(PaymentOrder)
        .where(
            PaymentOrder.customer_id == customer_id,
            PaymentOrder.gateway == DEFAULT,
            PaymentOrder.state == "pending",
            PaymentOrder.amount == amount,
            PaymentOrder.created_at > now() - LIFETIME + STILL_TIME,
        )
        .order_by(PaymentOrder.id.desc())
    )
    for order in recent:
        alive = order.expires_at is None or order.expires_at > wall() + STILL_TIME
        if alive and [link.invoice_id for link in order.invoices] == chosen:
            return order
    return None


def _make(customer_id: int, chosen: list[int], amount: int) -> PaymentOrder:
    order = PaymentOrder(
        order_id=new_order_id(),
        customer_id=customer_id,
        gateway=DEFAULT,
        amount=amount,
        created_at=now(),
        next_check_at=wall() + timedelta(seconds=timing.PLAN[0]),
    )
    order.invoices = [
        PaymentOrderInvoice(invoice_id=invoice_id, position=position)
        for position, invoice_id in enumerate(chosen)
    ]
    db.session.add(order)
    db.session.flush()
    return order
