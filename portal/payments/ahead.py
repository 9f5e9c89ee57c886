"""Months ahead and money: the quote an order keeps, and what it becomes when the order settles.

The quote itself and the issuing are in `portal/invoices/ahead.py`. Runs in the caller's
transaction.
"""

from portal.core.ahead import Saving
from portal.core.money import format_rupiah
from portal.infra import events
from portal.invoices import service as invoices
from portal.invoices.ahead import AheadError as AheadError
from portal.invoices.ahead import Issued, Quote, issue, quote
from portal.invoices.events import InvoicesIssued
from portal.payments.attention import raise_item
from portal.payments.models import Payment, PaymentAhead, PaymentOrder
from portal.settings import service as settings
from portal.web.sentences import N_


def wanted(customer_id: int, subscription_id: int, months: int) -> Quote:
    """What a customer wants to pay ahead of a line of theirs. Raises AheadError."""
    if not settings.flag("payments.ahead"):
        raise AheadError(N_("Bayar di muka tidak tersedia."))
    found = quote(subscription_id, months)
    if found.customer_id != customer_id:
        raise AheadError(N_("Hanya langganan yang berjalan dapat dibayar di muka."))
    return found


def tie(order: PaymentOrder, found: Quote) -> None:
    """Have the order keep what was quoted."""
    order.ahead = PaymentAhead(
        subscription_id=found.subscription_id,
        months=found.months,
        discount_bp=found.saving.discount_bp,
        free_months=found.saving.free_months,
        amount=found.total,
        periods=[list(one) for one in found.periods],
    )


def same(order: PaymentOrder, found: Quote | None) -> bool:
    """Whether the order is for just these months at just this price."""
    if order.ahead is None or found is None:
        return order.ahead is None and found is None
    return (order.ahead.subscription_id, order.ahead.periods) == (
        found.subscription_id,
        [list(one) for one in found.periods],
    )


def issue_for(order: PaymentOrder) -> Issued | None:
    """Issue what the order pays ahead, or nothing of it when less money came than was asked;
    before its customer is held."""
    if order.ahead is None:
        return None
    kept = order.ahead
    saving = Saving(kept.months, kept.discount_bp, kept.free_months)
    periods = [period for period, _amount in kept.periods]
    if _short(order):
        return Issued((), 0, periods)
    return issue(kept.subscription_id, periods, kept.months, saving)


def _short(order: PaymentOrder) -> bool:
    """Whether a person corrected the order to less than was asked for (`settlement.py`)."""
    return order.ahead is not None and order.advance < order.ahead.amount


def demanded(made: Issued) -> int:
    """What these invoices demand now (rupiah), locked; under the customer's lock."""
    return sum(rest for _invoice, rest in invoices.lock_open(made.invoice_ids))


def announce(made: Issued) -> None:
    """Tell of invoices that the money did not pay; what is paid already needs no message."""
    left = [invoice.id for invoice, rest in invoices.lock_open(made.invoice_ids) if rest > 0]
    if left:
        events.emit(InvoicesIssued(left))


def report(order: PaymentOrder, payment: Payment, made: Issued, owed: int) -> None:
    """Whatever came out otherwise than quoted is looked at by a person."""
    if order.ahead is None or (owed == order.ahead.amount and not made.missing):
        return
    quoted = order.ahead.amount
    gap = format_rupiah(abs(quoted - owed))
    rest = (
        f"Lebihnya {gap} dipakai untuk tagihan lain atau menjadi saldo."
        if owed < quoted
        else f"Kurangnya {gap} tetap terutang."
        if owed > quoted
        else "Jumlahnya sama."
    )
    words = f"tagihannya kini {format_rupiah(owed)}, saat dipilih {format_rupiah(quoted)}. {rest}"
    if _short(order):
        words = "uangnya kurang; dipakai untuk tagihan terbuka atau menjadi saldo."
    absent = f" Tidak terbit: {', '.join(made.missing)}." if made.missing else ""
    raise_item(
        f"ahead:{payment.id}",
        "ahead_changed",
        f"Pembayaran {payment.number} untuk {order.ahead.months} bulan di muka sudah dicatat, "
        f"tetapi {words}{absent}",
        customer_id=order.customer_id,
        payment_order_id=order.id,
        payment_id=payment.id,
    )
