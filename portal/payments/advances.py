"""Paying ahead of any invoice: an attempt whose money is meant to become the customer's credit.

Whoever sells something that has no invoice yet opens it here. The gateway is called in the
middle, so this commits by itself, as `opening.py` does.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from flask import current_app
from flask_babel import gettext as _

from portal.config import Settings
from portal.core.driverkit import DriverError, Misconfigured
from portal.extensions import db
from portal.infra.database import end_read
from portal.payments import cancelling, opening
from portal.payments.gateways.base import PAGE, ChargeRequest, PaymentGateway
from portal.payments.making import OrderError, Wanted, make
from portal.payments.models import PaymentOrder
from portal.payments.registry import gateway
from portal.payments.service import hold_customer

log = logging.getLogger(__name__)
Attempts = Callable[[], Sequence[PaymentOrder]]
Made = Callable[[PaymentOrder], None]


def open_advance(
    wanted: Wanted, return_path: str, *, attempts: Attempts, made: Made
) -> PaymentOrder:
    """A payment order for `wanted.advance` rupiah that can be paid by its method. Commits.

    `attempts` reads the pending ones for the same thing, `made` ties a new one to it; both run
    under the customer's lock and may raise OrderError when there is nothing to pay any more. A
    live attempt of the same method is used again, others are cancelled. When the method fails,
    the order is one with the gateway's own page. Raises OrderError, and DriverError when the
    gateway fails.
    """
    driver = gateway(wanted.gateway)
    end_read()
    order, replaced = _find_or_make(driver, wanted, attempts, made)
    order_pk, opened = order.id, bool(order.pay_url or order.pay_code)
    settings: Settings = current_app.extensions["loket.settings"]
    request = ChargeRequest(
        order_id=order.order_id,
        amount=order.amount,
        return_url=settings.public_url + return_path,
        method=wanted.method,
    )
    db.session.commit()
    cancelling.tell_gateway(replaced)
    if not opened:
        try:
            opening.open_charge(driver, order_pk, request)
        except Misconfigured:
            raise
        except DriverError as error:
            if wanted.method == PAGE or not opening.has_page(driver, request.amount):
                raise
            log.warning("method %s of %s failed: %s", wanted.method, driver.kind, error.sentence)
            return open_advance(_on_page(wanted), return_path, attempts=attempts, made=made)
    return db.session.get_one(PaymentOrder, order_pk, populate_existing=True)


def _on_page(wanted: Wanted) -> Wanted:
    """The same on the gateway's own page, under a fresh id of the same beginning."""
    head, dash, _tail = wanted.order_id.partition("-")
    fresh = head + dash + opening.new_order_id()[3:] if dash else ""
    return replace(wanted, method=PAGE, order_id=fresh)


def _find_or_make(
    driver: PaymentGateway, wanted: Wanted, attempts: Attempts, made: Made
) -> tuple[PaymentOrder, list[int]]:
    hold_customer(wanted.customer_id)
    live = attempts()
    opening.check_amount(driver, wanted.amount)
    if wanted.method not in {way.key for way in driver.methods(wanted.amount)}:
        raise OrderError(_("Cara bayar ini tidak tersedia untuk jumlah tersebut."))
    for order in live:
        same = (order.gateway, order.method, order.advance) == (
            driver.kind,
            wanted.method,
            wanted.advance,
        )
        if same and opening.has_time(order):
            return order, []
    replaced = cancelling.close_others(live)
    order = make(driver, wanted)
    made(order)
    return order, replaced
