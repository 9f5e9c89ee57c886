"""What the settings of billing and reminders would change: next month's invoices, due dates,
fees, messages per day. Asked of the functions the jobs run on."""

from collections.abc import Iterator
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.core.period import Period
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import billing, estimates, facts, late_fees, service
from portal.invoices.models import Invoice
from portal.invoices.models_terms import TaxRate
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.settings.effects import Effect, Values
from portal.subscriptions.models import Subscription
from portal.web.filters import number, period_name, rupiah

AMOUNTS = {"billing.tax_bp", "billing.proration"}
FEES = {
    "billing.late_fee",
    "billing.late_fee_amount",
    "billing.late_fee_bp",
    "billing.late_fee_days",
}
STEPS = {"reminders.before", "reminders.after"}
FEE_DAYS = 30
WEEK = 7


def effects(values: Values) -> Iterator[Effect]:
    """For the settings page."""
    if AMOUNTS & values.keys():
        yield from _amounts(values)
    if "billing.due_days" in values:
        yield _due_days(values)
    if FEES & values.keys():
        yield _fees(values)
    if STEPS & values.keys():
        yield _reminders(values)


def _amounts(values: Values) -> Iterator[Effect]:
    period = Period.of(today()).next()
    now = facts.rules(period.first_day)
    with settings.supposing(values):
        new = facts.rules(period.first_day)
    ((_count, before), (count, after)), read = estimates.totals(period, [now, new])
    yield Effect(
        _(
            "Tagihan %(month)s dengan nilai ini: %(count)s tagihan, %(after)s "
            "(sekarang %(before)s).",
            month=period_name(str(period)),
            count=number(count),
            after=rupiah(after),
            before=rupiah(before),
        )
    )
    if read:
        yield Effect(_("Perkiraan, dihitung dari %(read)s langganan.", read=number(read)))
    dated = db.session.scalar(select(TaxRate.id).where(TaxRate.valid_from <= today()).limit(1))
    if "billing.tax_bp" in values and dated is not None:
        yield Effect(
            _("PPN yang berlaku diatur di halaman PPN, jadi nilai di sini tidak dipakai."), "warn"
        )


def _due_days(values: Values) -> Effect:
    own = db.session.scalar(
        select(func.count())
        .select_from(Subscription)
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(Subscription.state.in_(billing.BILLED_STATES), Plan.due_days.is_not(None))
    )
    return Effect(
        _(
            "Tagihan yang terbit sesudah ini jatuh tempo %(new)s hari setelah terbit "
            "(sekarang %(old)s). Yang sudah terbit tidak berubah. %(own)s langganan mengikuti "
            "paketnya sendiri.",
            new=values["billing.due_days"],
            old=settings.integer("billing.due_days"),
            own=number(own or 0),
        )
    )


def _fees(values: Values) -> Effect:
    before = late_fees.ahead(FEE_DAYS)
    with settings.supposing(values):
        after = late_fees.ahead(FEE_DAYS)
    return Effect(
        _(
            "Bila tidak ada yang membayar, %(count)s tagihan kena denda dalam 30 hari, "
            "seluruhnya %(amount)s (sekarang %(old_count)s, %(old)s). Denda tidak berlaku surut.",
            count=number(after[0]),
            amount=rupiah(after[1]),
            old_count=number(before[0]),
            old=rupiah(before[1]),
        )
    )


def _reminders(values: Values) -> Effect:
    before = _messages()
    with settings.supposing(values):
        after = _messages()
    return Effect(
        _(
            "Dengan nilai ini %(now)s pengingat berangkat hari ini (sekarang %(now_old)s), dan "
            "sekitar %(week)s dalam 7 hari (sekarang %(week_old)s), paling banyak %(peak)s sehari.",
            now=number(after[0]),
            now_old=number(before[0]),
            week=number(sum(after)),
            week_old=number(sum(before)),
            peak=number(max(after)),
        ),
        "warn" if after[0] > 2 * before[0] + 20 else "info",
    )


def _messages() -> list[int]:
    """Reminders of today, as the job finds them, and of the next days if nobody pays."""
    day, steps = today(), service.notice_steps()
    due = {
        due_on: count
        for due_on, count in db.session.execute(
            select(Invoice.due_on, func.count())
            .where(Invoice.state == "open")
            .group_by(Invoice.due_on)
        )
    }
    later = [
        sum(due.get(day + timedelta(days=ahead + step), 0) for step in steps)
        for ahead in range(1, WEEK)
    ]
    return [len(service.steps_due(day)), *later]
