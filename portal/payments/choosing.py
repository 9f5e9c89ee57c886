"""The page on which one chooses how to pay: what was chosen, and what paying it will do.

Shared by the portal and the pay link; reads only. Rupiah.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.core.money import format_rupiah, parse_rupiah
from portal.invoices import ahead as months_ahead
from portal.invoices import service as invoices
from portal.invoices.ahead import Quote
from portal.invoices.queries import InvoiceView
from portal.payments import ahead, foresight, opening, wishes
from portal.payments.foresight import Effect
from portal.payments.making import OrderError
from portal.payments.wishes import Due, Wish
from portal.settings import service as settings
from portal.web.sentences import say
from portal.web.setup import row_id

MOST_INVOICES = 60
CREDIT = "credit"
"""The choice that pays with what the customer has left."""


@dataclass(frozen=True)
class Seen:
    """What the choice page shows. `error` is about the typed amount; all of it is shown then."""

    wish: Wish
    typed: str
    due: Due
    effect: Effect
    quote: Quote | None
    error: str
    current: str
    part: bool
    more: bool

    @property
    def whole(self) -> int:
        """All of it, when nothing is typed."""
        return sum(part.invoice.remaining - part.credit for part in self.effect.chosen)

    @property
    def hint(self) -> str:
        """What may be typed, in a sentence."""
        least = format_rupiah(min(settings.integer("payments.partial_minimum"), self.whole))
        most = format_rupiah(self.whole)
        if self.part and self.more:
            return _("Paling sedikit %(least)s; lebihnya menjadi saldo.", least=least)
        if self.part:
            return _("Paling sedikit %(least)s, paling banyak %(most)s.", least=least, most=most)
        return _("Paling sedikit %(least)s; lebihnya menjadi saldo.", least=most)


def read(customer_id: int, form: MultiDict[str, str]) -> tuple[Wish, str]:
    """What the form or address wants, the oldest due first, and the amount as it was typed.

    Without invoices it is everything that is open, months ahead are paid with all of it.
    """
    typed, ids = form.get("amount", "").strip()[:30], form.getlist("invoice", type=row_id)
    mine = invoices.open_ids(customer_id)
    chosen = [one for one in mine if one in ids] or list(dict.fromkeys(ids))[:MOST_INVOICES]
    line, many = form.get("line", type=row_id), form.get("months", type=int)
    months = (line, many) if line and many else None
    if months or not chosen:
        chosen = mine
    return Wish(customer_id, tuple(chosen[:MOST_INVOICES]), None, months), typed


def look(wish: Wish, typed: str = "", *, alone: bool = False) -> Seen | str | None:
    """What the page shows; None when nothing is owed, a sentence when months cannot be had.

    A typed amount that will do is in the `wish` of the answer. `alone`: nothing is said of the
    customer's other invoices, and no other amount is offered.
    """
    mine = foresight.owing(wish.customer_id)
    by_id = {row.id: row for row in mine}
    chosen = [by_id[one] for one in wish.invoice_ids if one in by_id]
    others = [row for row in mine if row.id not in wish.invoice_ids and not alone]
    if not chosen and wish.months is None:
        return None
    try:
        quote = ahead.wanted(wish.customer_id, *wish.months) if wish.months else None
    except ahead.AheadError as error:
        return say(error)
    credit = foresight.usable_credit(wish.customer_id)
    owed = _after_credit(chosen, credit)
    wanted, due, wrong = _due(wish, owed, typed, quote)
    months = quote.total if quote else 0
    effect = foresight.spread(due.amount, chosen, others, credit=credit, ahead=months)
    part = settings.flag("payments.partial") and not alone
    more = settings.flag("payments.overpay") and not alone
    current = _current(wanted, due)
    return Seen(wanted, typed, due, effect, quote, wrong, current, part, more)


def _after_credit(chosen: Sequence[InvoiceView], credit: int) -> list[tuple[int, int]]:
    spent = foresight.spread(0, chosen, credit=credit)
    return [(part.invoice.id, part.left) for part in spent.chosen if part.left > 0]


def _due(
    wish: Wish, owed: Sequence[tuple[int, int]], typed: str, quote: Quote | None
) -> tuple[Wish, Due, str]:
    """The wish with its amount, what is due, and what is wrong with the amount."""
    if not owed and quote is None:
        return wish, Due((), 0), ""
    if typed and quote is None:
        try:
            wanted = replace(wish, amount=parse_rupiah(typed))
            return wanted, wishes.due(owed, wanted.amount, None), ""
        except (OrderError, ValueError) as error:
            return wish, wishes.due(owed, None, None), say(error)
    return wish, wishes.due(owed, None, quote), ""


def _current(wish: Wish, due: Due) -> str:
    """The id of a live order for just this."""
    line = due.quote.subscription_id if due.quote else None
    for order in opening.live_orders(wish.customer_id, due.chosen, line=line):
        if (order.pay_url or order.pay_code) and opening.fits(order, due):
            return order.order_id
    return ""


def args_of(wish: Wish, typed: str) -> dict[str, Any]:
    """The address of the page for this wish."""
    found: dict[str, Any] = {"invoice": list(wish.invoice_ids)}
    if typed:
        found["amount"] = typed
    if wish.months:
        found |= {"line": wish.months[0], "months": wish.months[1]}
    return found


def changed(form: MultiDict[str, str], seen: Seen) -> bool:
    """Whether another amount was on the page than would be asked for now."""
    return form.get("shown", str(seen.due.amount)) != str(seen.due.amount)


def picked(form: MultiDict[str, str], mine: Sequence[InvoiceView], credit: int) -> dict[str, Any]:
    """What is ticked among what is owed: everything until somebody unticks something."""
    ids = form.getlist("invoice", type=row_id)
    chosen = [row for row in mine if row.id in ids] if "picking" in form else mine
    effect = foresight.spread(0, chosen, credit=max(0, credit))
    return {
        "rows": mine,
        "ids": {row.id for row in chosen},
        "count": len(chosen),
        "total": sum(row.remaining for row in chosen),
        "credit": effect.credit_used,
        "pay": effect.still_owed,
    }


def picked_of(customer_id: int, form: MultiDict[str, str]) -> dict[str, Any]:
    """The same for a customer."""
    return picked(form, foresight.owing(customer_id), foresight.usable_credit(customer_id))


def ahead_page(customer_id: int, form: MultiDict[str, str]) -> dict[str, Any] | None:
    """Lines, numbers of months and the quote of what is chosen; None when there is no such
    thing for this customer."""
    lines = months_ahead.lines_of(customer_id) if settings.flag("payments.ahead") else []
    if not lines:
        return None
    wanted = form.get("line", type=row_id)
    line = next((one for one, _plan in lines if one.id == wanted), lines[0][0])
    choices = months_ahead.choices(line.plan.cycle_months)
    asked = form.get("months", type=int)
    months = asked if asked in choices else choices[min(2, len(choices) - 1)]
    try:
        quote, error = ahead.wanted(customer_id, line.id, months), ""
    except ahead.AheadError as refused:
        quote, error = None, say(refused)
    return {
        "lines": [one for one, _plan in lines],
        "line": line,
        "choices": choices,
        "months": months,
        "rules": months_ahead.rules_now(),
        "quote": quote,
        "error": error,
        "owing": foresight.owing(customer_id),
    }
