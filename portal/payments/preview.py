"""What a correction will do, in numbers: the books before and after it, compared.

The page before the last click runs the correction itself and takes it back again, so what it
says is what happens.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.core.money import format_rupiah
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import queries as invoices
from portal.payments.models import Payment
from portal.payments.service import credit_balance
from portal.subscriptions.models import Subscription
from portal.web.filters import date_id, period_name

STATES = {
    "open": lambda: _("Belum dibayar"),
    "paid": lambda: _("Lunas"),
    "void": lambda: _("Dibatalkan"),
    "written_off": lambda: _("Dihapusbukukan"),
}
ACCESS = {"active": lambda: _("terbuka"), "isolated": lambda: _("diisolir")}


@dataclass(frozen=True)
class Change:
    """One thing that becomes another, in words; `now` is empty for something new."""

    what: str
    now: str
    then: str


Books = dict[tuple[str, int], tuple[str, str]]


def books_of(customer_ids: Iterable[int]) -> Books:
    """What these customers' books say: (kind, id) -> (what, in words)."""
    found: Books = {}
    for customer_id in sorted(set(customer_ids)):
        customer = db.session.get_one(Customer, customer_id)
        who = f"{customer.name} ({customer.number})"
        for bill in invoices.of_customer(customer_id, today()):
            found["invoice", bill.id] = (_bill(bill), _standing(bill))
        money = _("Uang diterima dari %(who)s", who=who)
        found["money", customer_id] = (money, format_rupiah(_received(customer_id)))
        credit = _("Saldo %(who)s", who=who)
        found["credit", customer_id] = (credit, format_rupiah(credit_balance(customer_id)))
        for line_id, login, state in _lines(customer_id):
            if state in ACCESS:
                found["line", line_id] = (_("Internet %(login)s", login=login), ACCESS[state]())
    return found


def _bill(bill: invoices.InvoiceView) -> str:
    return _("Tagihan %(number)s", number=bill.number)


def _standing(bill: invoices.InvoiceView) -> str:
    said = STATES[bill.state]()
    if bill.state == "open":
        said = _("%(state)s, sisa %(left)s", state=said, left=format_rupiah(bill.remaining))
    if bill.credited:
        less = format_rupiah(bill.credited)
        said = _("%(state)s, nota kredit %(amount)s", state=said, amount=less)
    return str(said)


def _received(customer_id: int) -> int:
    statement = select(func.coalesce(func.sum(Payment.amount), 0))
    return int(db.session.scalar(statement.where(Payment.customer_id == customer_id)) or 0)


def _lines(customer_id: int) -> Any:
    return db.session.execute(
        select(Subscription.id, Subscription.login, Subscription.state)
        .where(Subscription.customer_id == customer_id)
        .order_by(Subscription.id)
    )


def made(customer_ids: Sequence[int], change: Callable[[], object]) -> list[Change]:
    """Do it and tell what it changed; the caller commits or takes it back.

    Raises what `change` raises.
    """
    before = books_of(customer_ids)
    change()
    db.session.flush()
    db.session.expire_all()
    return _differences(before, books_of(customer_ids))


def _differences(before: Books, after: Books) -> list[Change]:
    """What is new comes last."""
    new = [_issued(row_id) for kind, row_id in after if (kind, row_id) not in before]
    found = [
        Change(what, before[key][1], then)
        for key, (what, then) in after.items()
        if key in before and before[key][1] != then
    ]
    return [*found, *new]


def _issued(invoice_id: int) -> Change:
    """A number is not promised: it is taken when it happens."""
    bill = invoices.one(invoice_id, today())
    if bill is None:
        raise LookupError(invoice_id)
    what = _("Tagihan pengganti %(period)s", period=period_name(bill.period))
    said = _(
        "%(total)s, jatuh tempo %(date)s; %(standing)s",
        total=format_rupiah(bill.total),
        date=date_id(bill.due_on),
        standing=_standing(bill),
    )
    return Change(what, "", said)


def fingerprint(changes: Sequence[Change]) -> str:
    """A word for exactly these changes: what was shown is what gets confirmed."""
    said = repr([(one.what, one.now, one.then) for one in changes])
    return hashlib.sha256(said.encode()).hexdigest()[:32]
