"""What somebody wants to pay, and what it comes to by the owner's rules. Reads settings only."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from portal.core.money import format_rupiah
from portal.invoices.ahead import Quote
from portal.payments.making import OrderError
from portal.settings import service as settings


class PaidByCredit(OrderError):
    """Nothing is left to pay: credit was enough, and is spent."""


@dataclass(frozen=True)
class Wish:
    """These invoices of the customer, in this order; `amount` (rupiah) as typed, None for all
    of it; `months` of a line ahead: (subscription, how many)."""

    customer_id: int
    invoice_ids: tuple[int, ...]
    amount: int | None = None
    months: tuple[int, int] | None = None


@dataclass(frozen=True)
class Due:
    """Invoices with something owed, and what to ask for: rupiah, `advance` of it for none."""

    chosen: tuple[int, ...]
    amount: int
    advance: int = 0
    quote: Quote | None = None


def due(owed: Sequence[tuple[int, int]], typed: int | None, quote: Quote | None) -> Due:
    """What (invoice, rupiah) and months ahead come to. Raises OrderError."""
    whole = sum(rest for _id, rest in owed)
    chosen = tuple(invoice_id for invoice_id, _rest in owed)
    if quote is not None:
        return Due(chosen, whole + quote.total, quote.total, quote)
    if not owed:
        raise OrderError(_("Tagihan ini sudah lunas atau tidak terbuka lagi."))
    amount = whole if typed is None else typed
    if amount < whole:
        _check_part(amount, whole)
    if amount > whole and not settings.flag("payments.overpay"):
        most = format_rupiah(whole)
        raise OrderError(_("Jumlahnya melebihi tagihan. Paling banyak %(most)s.", most=most))
    return Due(chosen, amount, max(0, amount - whole))


def _check_part(amount: int, whole: int) -> None:
    if not settings.flag("payments.partial"):
        raise OrderError(_("Tagihan ini dibayar penuh, %(all)s.", all=format_rupiah(whole)))
    least = min(settings.integer("payments.partial_minimum"), whole)
    if amount < least:
        raise OrderError(
            _("Pembayaran sebagian paling sedikit %(least)s.", least=format_rupiah(least))
        )
