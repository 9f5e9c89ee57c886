"""What a run would come to under other rules, in a time that does not grow with the customers."""

from collections.abc import Sequence

from sqlalchemy import func, select

from portal.core.money import divide_half_up
from portal.core.period import Period
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import billing, rules
from portal.invoices.rules import Draft, Rules
from portal.subscriptions.models import Subscription

MOST = 1_500
"""Lines that are read at most: all of 20,000 take ten seconds."""


def totals(
    period: Period, ways: Sequence[Rules], most: int = MOST
) -> tuple[list[tuple[int, int]], int]:
    """(invoices, rupiah) a run of the period would issue under each of these rules, and from how
    many lines that is estimated, 0 when all were read. Above `most` every so manieth is read."""
    day, statement = today(), billing.candidates(period)
    ids = statement.with_only_columns(
        Subscription.id, func.row_number().over(order_by=Subscription.id).label("place")
    ).order_by(None)
    lines = db.session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    if (step := -(-lines // most)) > 1:
        every = ids.subquery()
        statement = statement.where(
            Subscription.id.in_(select(every.c.id).where(every.c.place % step == 0))
        )
    found, count = [[0, 0] for _way in ways], 0
    for line in billing.read(period, statement, billing.BATCH):
        count += 1
        for sums, rules_in_force in zip(found, ways, strict=True):
            draft = rules.compose(line.account, period, rules_in_force, day)
            if isinstance(draft, Draft):
                sums[0], sums[1] = sums[0] + 1, sums[1] + draft.total
    if step > 1 and count:
        found = [[divide_half_up(value * lines, count) for value in sums] for sums in found]
    return [(invoices, rupiah) for invoices, rupiah in found], count if step > 1 else 0
