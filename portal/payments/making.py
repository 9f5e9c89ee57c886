"""The row of a new payment order, with an amount of its own where a gateway wants one.

A bank transfer carries no order id, so its amount must name the order: a few rupiah (*kode
unik*) are added, so that no other waiting order of that gateway asks for the same sum. The
database refuses a second one; what was lately in use is left alone too, for money that comes
late. The added rupiah become the customer's credit.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.extensions import db
from portal.infra.timekeeping import now, wall
from portal.payments import timing
from portal.payments.gateways.base import PaymentGateway
from portal.payments.models import PaymentOrder, PaymentOrderInvoice

RESTING = timedelta(days=7)
"""How long an amount nobody paid is kept from others."""
TRIES = 20


class OrderError(ValueError):
    """The order cannot be opened; a sentence for the customer."""


@dataclass(frozen=True)
class Wanted:
    """Whose order, for what and how: rupiah without a unique code.

    `advance` of it is for no invoice. An empty `order_id` is made up.
    """

    customer_id: int
    invoice_ids: tuple[int, ...]
    amount: int
    gateway: str
    method: str
    advance: int = 0
    order_id: str = ""


def new_order_id() -> str:
    """Unguessable (130 bits), letters and digits only, as every gateway takes it."""
    return "LKT" + base64.b32encode(secrets.token_bytes(17)).decode().rstrip("=")[:26]


def make(driver: PaymentGateway, wanted: Wanted) -> PaymentOrder:
    """Write the order, in the caller's transaction. Raises OrderError when no code is free."""
    if not driver.unique_codes:
        return _written(wanted, None)
    for _turn in range(TRIES):
        try:
            with db.session.begin_nested():
                return _written(wanted, _free_code(driver, wanted))
        except IntegrityError:
            continue  # somebody took this amount a moment ago
    raise _full()


def _free_code(driver: PaymentGateway, wanted: Wanted) -> int:
    used = set(
        db.session.scalars(
            select(PaymentOrder.amount).where(
                PaymentOrder.gateway == wanted.gateway,
                PaymentOrder.unique_code.is_not(None),
                PaymentOrder.amount > wanted.amount,
                PaymentOrder.amount <= wanted.amount + driver.unique_codes,
                PaymentOrder.state != "settled",
                PaymentOrder.created_at > now() - RESTING,
            )
        )
    )
    free = [n for n in range(1, driver.unique_codes + 1) if wanted.amount + n not in used]
    if not free:
        raise _full()
    return secrets.choice(free)


def _full() -> OrderError:
    return OrderError(_("Transfer sedang penuh untuk jumlah ini. Pilih cara bayar lain."))


def _written(wanted: Wanted, unique_code: int | None) -> PaymentOrder:
    order = PaymentOrder(
        order_id=wanted.order_id or new_order_id(),
        customer_id=wanted.customer_id,
        gateway=wanted.gateway,
        method=wanted.method,
        amount=wanted.amount + (unique_code or 0),
        unique_code=unique_code,
        advance=wanted.advance,
        created_at=now(),
        next_check_at=wall() + timedelta(seconds=timing.PLAN[0]),
    )
    order.invoices = [
        PaymentOrderInvoice(invoice_id=invoice_id, position=position)
        for position, invoice_id in enumerate(wanted.invoice_ids)
    ]
    db.session.add(order)
    db.session.flush()
    return order
