"""Opening a payment order: from unpaid invoices to something that can be paid.

The gateway is called in the middle, so this commits by itself: the order is a row before
anybody can pay it, and nothing is locked while we wait for an answer.
"""

import logging
import re
from collections.abc import Sequence
from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from portal.config import Settings
from portal.core.driverkit import DriverError, Misconfigured, Permanent
from portal.core.money import format_rupiah
from portal.extensions import db
from portal.infra.database import end_read, updated
from portal.infra.timekeeping import now, today, wall
from portal.invoices import service as invoices
from portal.payments import ahead, cancelling, qris, timing, wishes
from portal.payments.attention import raise_item
from portal.payments.gateways.base import PAGE, Charge, ChargeRequest, PaymentGateway
from portal.payments.making import OrderError as OrderError
from portal.payments.making import Wanted, make
from portal.payments.making import new_order_id as new_order_id
from portal.payments.models import PaymentOrder
from portal.payments.registry import DEFAULT, gateway
from portal.payments.service import credit_balance, hold_customer, spend_credit
from portal.payments.wishes import Due, PaidByCredit, Wish
from portal.web.sentences import say

log = logging.getLogger(__name__)
LIFETIME = timedelta(seconds=timing.LIFETIME)
STILL_TIME = timedelta(minutes=15)
"""An order is used again only when this much of its life is left; or half of it, when the
gateway gives less."""
_NUMBER = re.compile(r"[0-9]{6,30}")
_COUNTER_CODE = re.compile(r"[A-Za-z0-9-]{4,40}")


def start_order(
    customer_id: int,
    invoice_ids: Sequence[int],
    return_path: str,
    method: str = PAGE,
    kind: str = DEFAULT,
    *,
    amount: int | None = None,
    months: tuple[int, int] | None = None,
) -> PaymentOrder:
    """An order for these invoices of the customer that can be paid by this method. Commits.

    Invoices that are not the customer's or not open are left out. A live order for the
    same invoices, amount (rupiah) and method is used again, so a double tap opens one; of
    another method it is cancelled. The gateway finds or creates by order id, so a tap after
    a crash or a lost answer goes on with it. When the method fails, the order is one with
    the gateway's own page. `return_path` may hold `{order_id}`.

    The customer's credit is spent on the invoices first. `amount` is what somebody typed:
    part of what is owed then, or more than it. `months` (subscription, how many) are paid
    ahead with it. Raises OrderError when there is nothing to pay (any more), the owner's rules
    or the gateway do not allow the amount; DriverError when the gateway fails.
    """
    wish = Wish(customer_id, tuple(invoice_ids), amount, months)
    return _start(wish, return_path, method, kind)


def _start(wish: Wish, return_path: str, method: str, kind: str) -> PaymentOrder:
    driver = gateway(kind)  # refuses before a row is written when keys are missing
    end_read()
    try:
        order, replaced = _find_or_make(driver, wish, method)
    except PaidByCredit:
        db.session.commit()
        raise
    order_pk, opened = order.id, bool(order.pay_url or order.pay_code)
    settings: Settings = current_app.extensions["loket.settings"]
    request = ChargeRequest(
        order_id=order.order_id,
        amount=order.amount,
        return_url=settings.public_url + return_path.format(order_id=order.order_id),
        method=method,
    )
    db.session.commit()
    cancelling.tell_gateway(replaced)
    if not opened:
        try:
            open_charge(driver, order_pk, request)
        except Misconfigured:
            raise
        except DriverError as error:
            if method == PAGE or not has_page(driver, request.amount):
                raise
            log.warning("method %s of %s failed: %s", method, kind, error.sentence)
            return _start(wish, return_path, PAGE, kind)
    return db.session.get_one(PaymentOrder, order_pk, populate_existing=True)


def has_page(driver: PaymentGateway, amount: int) -> bool:
    """Whether the gateway has a page of its own for so many rupiah."""
    return any(way.key == PAGE for way in driver.methods(amount))


def open_charge(driver: PaymentGateway, order_pk: int, request: ChargeRequest) -> None:
    """Ask the gateway with nothing open; the first answer is kept. Commits."""
    charge = driver.create_charge(request)
    try:
        _check_code(driver, request, charge)
    except Permanent as error:
        raise_item(
            f"bad_code:{driver.kind}:{request.method}:{today()}",
            "gateway_refused",
            f"{driver.describe(request.method).label} tidak dapat ditampilkan: {error.sentence} "
            "Pelanggan diarahkan ke halaman gerbang pembayaran.",
            payment_order_id=order_pk,
        )
        db.session.commit()
        raise
    updated(
        update(PaymentOrder)
        .where(PaymentOrder.id == order_pk, PaymentOrder.pay_url == "", PaymentOrder.pay_code == "")
        .values(
            pay_url=charge.pay_url,
            pay_code=charge.code,
            reference=charge.reference,
            total=charge.total,
            expires_at=charge.expires_at or wall() + LIFETIME,
        )
    )
    db.session.commit()


def _check_code(driver: PaymentGateway, request: ChargeRequest, charge: Charge) -> None:
    """Nobody is shown a code that would not take exactly this money. Raises Permanent."""
    settings: Settings = current_app.extensions["loket.settings"]
    form = driver.describe(request.method).form
    if form == "qris":
        try:
            qris.check(charge.code, request.amount if charge.total is None else charge.total)
        except qris.BadQris as error:
            if not charge.sandbox or settings.production:
                raise Permanent(f"QRIS tidak lolos pemeriksaan ({error}).") from None
            log.warning("sandbox QRIS would not do: %s", error)
    elif form == "va" and not _NUMBER.fullmatch(charge.code):
        raise Permanent("Nomor virtual account tidak dikenal.")
    elif form == "code" and not _COUNTER_CODE.fullmatch(charge.code):
        raise Permanent("Kode bayar tidak dikenal.")


def _find_or_make(
    driver: PaymentGateway, wish: Wish, method: str
) -> tuple[PaymentOrder, list[int]]:
    """Under the customer's lock, so that two taps see each other; and what it replaces."""
    hold_customer(wish.customer_id)
    due = what_is_due(wish)
    check_amount(driver, due.amount)
    if method not in {way.key for way in driver.methods(due.amount)}:
        raise OrderError(_("Cara bayar ini tidak tersedia untuk jumlah tersebut."))
    line = due.quote.subscription_id if due.quote else None
    live = live_orders(wish.customer_id, due.chosen, line=line)
    for order in live:
        if (order.gateway, order.method) == (driver.kind, method) and fits(order, due):
            return order, []
    replaced = cancelling.close_others(live)
    made = make(
        driver,
        Wanted(wish.customer_id, due.chosen, due.amount, driver.kind, method, due.advance),
    )
    if due.quote:
        ahead.tie(made, due.quote)
    return made, replaced


def fits(order: PaymentOrder, due: Due) -> bool:
    """Whether a live order asks for just this and can still be paid."""
    asked = order.amount - (order.unique_code or 0)
    return asked == due.amount and ahead.same(order, due.quote) and has_time(order)


def pay_by_credit(wish: Wish) -> str:
    """Spend credit on the wish's invoices; the sentence when that was enough. Commits then."""
    end_read()
    hold_customer(wish.customer_id)
    try:
        what_is_due(wish)
    except PaidByCredit as done:
        db.session.commit()
        return str(done)
    db.session.rollback()
    return ""


def what_is_due(wish: Wish) -> Due:
    """What the wish comes to, with credit spent on its invoices. Raises OrderError.

    In the caller's transaction, under the customer's lock.
    """
    owed = owed_by(wish.customer_id, wish.invoice_ids)
    chosen = tuple(invoice_id for invoice_id, _rest in owed)
    if owed and credit_balance(wish.customer_id) > 0:
        spend_credit(wish.customer_id, chosen)
        owed = owed_by(wish.customer_id, chosen)
        if not owed and wish.months is None:
            raise PaidByCredit(_("Tagihan ini lunas dengan saldo Anda."))
    try:
        quote = ahead.wanted(wish.customer_id, *wish.months) if wish.months else None
    except ahead.AheadError as error:
        raise OrderError(say(error)) from None
    return wishes.due(owed, wish.amount, quote)


def owed_by(customer_id: int, invoice_ids: Sequence[int]) -> list[tuple[int, int]]:
    """(invoice id, rupiah left) of the customer's own open ones among these, locked."""
    return [
        (invoice.id, rest)
        for invoice, rest in invoices.lock_open(list(dict.fromkeys(invoice_ids)))
        if invoice.customer_id == customer_id and rest > 0
    ]


def check_amount(driver: PaymentGateway, amount: int) -> None:
    """Raises OrderError for an amount this gateway does not take."""
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


def live_orders(
    customer_id: int, chosen: Sequence[int], *, line: int | None = None
) -> list[PaymentOrder]:
    """Pending orders for exactly these invoices and months ahead of this line, or of none;
    the newest first."""
    recent = db.session.scalars(
        select(PaymentOrder)
        .where(
            PaymentOrder.customer_id == customer_id,
            PaymentOrder.state == "pending",
            PaymentOrder.created_at > now() - LIFETIME + STILL_TIME,
        )
        .order_by(PaymentOrder.id.desc())
    )
    return [
        order
        for order in recent
        if [one.invoice_id for one in order.invoices] == [*chosen]
        and (order.ahead.subscription_id if order.ahead else None) == line
        and (chosen or line)
    ]


def has_time(order: PaymentOrder) -> bool:
    """A code of a few minutes is used again too, as long as half of them is left."""
    if order.expires_at is None:
        return True
    life = order.expires_at - wall() + (now() - order.created_at)
    return order.expires_at - wall() > min(STILL_TIME, life / 2)
