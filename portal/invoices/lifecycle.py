"""A line's life between invoices: pause (cuti) and wake, change of plan, end.

What was billed before and will not be used as billed is settled by a charge of kind
"proration" (rupiah, negative when the customer gets something back) on the next invoice.
Verbs run in the caller's transaction, are audited, and raise LifecycleError with a sentence
in Indonesian. The invoice runs of these months wait for them, and they for the runs.
"""

from datetime import date, timedelta

from sqlalchemy import select, update

from portal.core.period import Period
from portal.extensions import db
from portal.infra import audit, numbering
from portal.infra.database import updated
from portal.infra.timekeeping import now, today
from portal.invoices import billing, quotes, terms
from portal.invoices.quotes import PlanQuote
from portal.plans.models import Plan
from portal.subscriptions import service as subscriptions
from portal.subscriptions.models import PlanChange, Subscription, SubscriptionPause
from portal.web.sentences import N_

LONGEST_PAUSE = 366


class LifecycleError(ValueError):
    """The line cannot be changed so; the message is a sentence in Indonesian."""


def hold(subscription_id: int) -> Subscription:
    """Keep the invoice runs of these months out, and lock the line; fresh from the database."""
    for period in (*billing.due_periods(today()), Period.of(today()).next()):
        numbering.lock(billing.sequence_of(period))
    return db.session.scalars(
        select(Subscription)
        .where(Subscription.id == subscription_id)
        .with_for_update(of=Subscription, key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def open_pause(subscription_id: int) -> SubscriptionPause | None:
    """The pause that is on."""
    return db.session.scalar(
        select(SubscriptionPause).where(
            SubscriptionPause.subscription_id == subscription_id,
            SubscriptionPause.woke_on.is_(None),
        )
    )


def waiting_change(subscription_id: int) -> PlanChange | None:
    """The change of plan that has not taken place yet."""
    return db.session.scalar(
        select(PlanChange).where(
            PlanChange.subscription_id == subscription_id,
            PlanChange.applied_at.is_(None),
            PlanChange.cancelled_at.is_(None),
        )
    )


def pause(subscription_id: int, wake_on: date, reason: str) -> SubscriptionPause:
    """No service and no bill from today until `wake_on` (the first day with service again)."""
    if not reason.strip():
        raise LifecycleError(N_("Tulis alasannya."))
    if not today() < wake_on <= today() + timedelta(days=LONGEST_PAUSE):
        raise LifecycleError(N_("Tanggal kembali harus sesudah hari ini, paling lama setahun."))
    hold(subscription_id)
    if waiting_change(subscription_id) is not None:
        raise LifecycleError(N_("Masih ada pergantian paket yang menunggu. Batalkan dahulu."))
    if not subscriptions.move(subscription_id, "active", "paused", reason.strip()[:200]):
        raise LifecycleError(N_("Hanya langganan aktif yang dapat cuti."))
    row = SubscriptionPause(
        subscription_id=subscription_id,
        from_on=today(),
        wake_on=wake_on,
        reason=reason.strip()[:200],
        created_at=now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def wake(subscription_id: int, reason: str) -> bool:
    """Service and bills go on from today; False when it is not paused.

    Days of the pause that were billed before it began are given back.
    """
    hold(subscription_id)
    if not subscriptions.move(subscription_id, "paused", "active", reason):
        return False
    row = open_pause(subscription_id)
    if row is None:  # paused before pauses had dates
        return True
    row.woke_on = today()
    db.session.flush()
    for refund, text in quotes.paused_days(row):
        terms.charge(subscription_id, "proration", text, refund)
    return True


def catch_up(subscription_id: int) -> int:
    """Issue what was held back while the line was paused; after that change is committed.

    The nightly run looks at two months only, a longer cycle may have begun before. In a
    transaction of its own, since a payment may hold the customer and wait for the line.
    """
    since = db.session.scalar(
        select(SubscriptionPause.from_on)
        .where(SubscriptionPause.subscription_id == subscription_id)
        .order_by(SubscriptionPause.id.desc())
        .limit(1)
    )
    if since is None:
        return 0
    count, period = 0, Period.of(since)
    while period <= Period.of(today()):
        count += billing.issue_chunk(period, only_due=True, lines=[subscription_id])
        period = period.next()
    return count


def due_to_wake() -> list[int]:
    """Lines whose wake-up date has come."""
    return list(
        db.session.scalars(
            select(SubscriptionPause.subscription_id)
            .join(Subscription, Subscription.id == SubscriptionPause.subscription_id)
            .where(
                SubscriptionPause.woke_on.is_(None),
                SubscriptionPause.wake_on <= today(),
                Subscription.state == "paused",
            )
            .order_by(SubscriptionPause.subscription_id)
        )
    )


def quote_change(subscription_id: int, plan_id: int, *, at_once: bool) -> PlanQuote:
    """What a change of plan would mean, before anybody confirms it."""
    line = db.session.get_one(Subscription, subscription_id)
    plan = db.session.get_one(Plan, plan_id)
    _may_change(line, plan, at_once)
    return quotes.plan_change(line, plan, at_once=at_once)


def is_choice(line: Subscription, plan: Plan) -> bool:
    """Whether the line may change to this plan: another one that is sold."""
    return plan.active and (plan.id != line.plan_id or line.custom_price is not None)


def _may_change(line: Subscription, plan: Plan, at_once: bool) -> None:
    if line.state not in billing.BILLED_STATES:
        raise LifecycleError(N_("Hanya langganan yang berjalan dapat berganti paket."))
    if waiting_change(line.id) is not None:
        raise LifecycleError(N_("Masih ada pergantian paket yang menunggu. Batalkan dahulu."))
    if not is_choice(line, plan):
        raise LifecycleError(N_("Pilih paket lain."))
    if at_once and plan.terms(line.billing_day) != line.terms:
        raise LifecycleError(
            N_("Paket itu memakai cara atau siklus tagihan lain. Pilih siklus berikutnya.")
        )


def change_plan(
    subscription_id: int, plan_id: int, *, at_once: bool, expected: int, reason: str
) -> PlanQuote:
    """Change the plan as quoted; `expected` is the difference (rupiah) that was confirmed.

    Raises LifecycleError when the quote is no longer true.
    """
    if not reason.strip():
        raise LifecycleError(N_("Tulis alasannya."))
    line = hold(subscription_id)
    quote = quote_change(subscription_id, plan_id, at_once=at_once)
    if quote.difference != expected:
        raise LifecycleError(N_("Perhitungannya berubah. Periksa lagi lalu setujui."))
    row = PlanChange(
        subscription_id=subscription_id,
        on_day=quote.on_day,
        from_plan_id=line.plan_id,
        to_plan_id=plan_id,
        from_price=line.price,
        created_at=now(),
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "subscription.plan_change",
        f"subscription:{subscription_id}",
        before={"plan": line.plan_id, "price": line.price},
        after={"plan": plan_id, "on": quote.on_day.isoformat(), "difference": quote.difference},
        reason=reason.strip(),
    )
    if quote.difference:
        terms.charge(subscription_id, "proration", quote.description, quote.difference)
    if quote.on_day <= today():
        apply_change(row.id)
    return quote


def cancel_change(subscription_id: int, reason: str) -> bool:
    """Call off a change that waits for the next cycle; False when there is none."""
    if not reason.strip():
        raise LifecycleError(N_("Tulis alasannya."))
    hold(subscription_id)
    row = waiting_change(subscription_id)
    if row is None:
        return False
    row.cancelled_at = now()
    subject = f"subscription:{subscription_id}"
    audit.record("subscription.plan_change_cancel", subject, reason=reason.strip())
    return True


def due_changes() -> list[int]:
    """Changes of plan whose day has come."""
    return list(
        db.session.scalars(
            select(PlanChange.id)
            .where(
                PlanChange.on_day <= today(),
                PlanChange.applied_at.is_(None),
                PlanChange.cancelled_at.is_(None),
            )
            .order_by(PlanChange.id)
        )
    )


def bill_before(change_id: int) -> int:
    """Issue what the old plan still has to bill before the change; in a transaction of its own."""
    row = db.session.get_one(PlanChange, change_id)
    line = db.session.get_one(Subscription, row.subscription_id)
    return sum(
        billing.issue_chunk(period, only_due=True, lines=[line.id])
        for period in billing.due_periods(today())
        if line.terms.cycle(period).end <= row.on_day
    )


def apply_change(change_id: int) -> bool:
    """Give the line its new plan at the plan's price; once."""
    row = db.session.get_one(PlanChange, change_id)
    line = hold(row.subscription_id)
    taken = updated(
        update(PlanChange)
        .where(
            PlanChange.id == change_id,
            PlanChange.applied_at.is_(None),
            PlanChange.cancelled_at.is_(None),
        )
        .values(applied_at=now()),
        refresh=True,
    )
    if taken != 1 or line.state == "ended":
        return False
    row.from_price = line.price
    plan = db.session.get_one(Plan, row.to_plan_id)
    if plan.terms(line.billing_day) != line.terms:
        _until, amount, text = quotes.bridge(line, plan, row.on_day)
        if amount:
            terms.charge(line.id, "proration", text, amount)
    line.plan_id, line.custom_price = row.to_plan_id, None
    db.session.flush()
    db.session.expire(line, ["plan"])
    return True


def end(subscription_id: int, reason: str) -> int:
    """The line ends today, its last day of service. Returns what is given back (rupiah, <= 0).

    A cycle that is not billed yet gets its invoice for the days used; days that were billed
    and will not be used become a charge that waits.
    """
    if not reason.strip():
        raise LifecycleError(N_("Tulis alasannya."))
    line = hold(subscription_id)
    # Counted before the line ends: from tomorrow on.
    returned = quotes.unused_days(line, today() + timedelta(days=1))
    if line.state == "ended" or not subscriptions.move(
        subscription_id, line.state, "ended", reason.strip()[:200]
    ):
        raise LifecycleError(N_("Langganan ini sudah berhenti."))
    line.ended_on = today()
    if (row := open_pause(subscription_id)) is not None:
        row.woke_on = today() + timedelta(days=1)
        db.session.flush()
        returned = [*quotes.paused_days(row), *returned]
    if (change := waiting_change(subscription_id)) is not None:
        change.cancelled_at = now()
    db.session.flush()
    for amount, text in returned:
        terms.charge(subscription_id, "proration", text, amount)
    return sum(amount for amount, _text in returned)
