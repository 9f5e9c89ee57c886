"""What a new line costs before it exists: the installation and the first invoice.

The first invoice is composed by the billing engine's own rule for a line that starts on the day,
so what is paid ahead is what will be asked. Reads only; amounts in rupiah.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.core.period import Period
from portal.infra.timekeeping import today
from portal.invoices import facts, rules
from portal.invoices.rules import Account, OneOff, Part, Tariff
from portal.plans.models import Plan
from portal.settings import service as settings

INSTALLATION = "Biaya pemasangan"


@dataclass(frozen=True)
class Price:
    """What is to be paid first: its lines, and the invoice it is for.

    `period` is None when the plan is billed afterwards: then only the installation is paid ahead.
    """

    parts: Sequence[Part]
    period: Period | None

    @property
    def total(self) -> int:
        return sum(part.amount for part in self.parts)


def install_fee() -> int:
    """What an installation costs now, before tax."""
    return settings.integer("orders.install_fee")


def of_new_line(plan: Plan, fee: int, start: date | None = None) -> Price:
    """The price of a new line of this plan that starts on the day (today)."""
    start = start or today()
    knobs = facts.rules(start)
    terms = plan.terms(own_day(plan, start))
    fees = [OneOff(0, "fee", INSTALLATION, fee)] if fee else []
    if terms.scheme.lag:
        parts = [Part("fee", INSTALLATION, fee)] if fee else []
        tax = knobs.tax.of(fee)
        return Price([*parts, Part("tax", knobs.tax.label, tax)] if tax else parts, None)
    account = Account(terms, start, [Tariff(date.min, plan.name, plan.price)], one_offs=fees)
    period = first_period(plan, start)
    draft = rules.compose(account, period, knobs, start)
    if isinstance(draft, rules.Skip):
        raise ValueError(f"no first invoice in {period}: {draft.reason}")
    return Price(draft.parts, period)


def own_day(plan: Plan, start: date) -> int:
    """The billing day of a new line: the plan's, else the day it starts."""
    return plan.issue_day or start.day


def first_period(plan: Plan, start: date) -> Period:
    """The month of the first invoice the engine would issue by itself for a line from this day."""
    terms = plan.terms(own_day(plan, start))
    period = Period.of(start).previous()
    while True:
        cycle = terms.cycle(period)
        if (
            terms.has_invoice(period, start)
            and start < cycle.end
            and terms.issue_on(period, start) >= start
        ):
            return period
        period = period.next()
