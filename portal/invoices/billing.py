"""The invoice run: issues what is due, once, in chunks that each commit whole.

What an invoice consists of is in `rules.py`. Safe against two runs at once and kill -9
anywhere: the period's counter row is locked first, the candidates are looked up under that
lock, and number, invoice, lines and messages are one transaction. The unique index backs it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, extract, false, func, insert, or_, select, update

from portal.core.period import Period, due_date
from portal.extensions import db
from portal.infra import events, numbering
from portal.infra.timekeeping import now, today
from portal.invoices import facts, rules
from portal.invoices.events import InvoicesIssued
from portal.invoices.facts import Billable
from portal.invoices.models import Invoice, InvoiceLine
from portal.invoices.models_terms import Charge
from portal.invoices.rules import Draft, Skip
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import PlanChange, Subscription

CHUNK = 100
BATCH = 500
SAMPLES = 5
BILLED_STATES = ("active", "isolated")
"""Isolated lines go on being billed; paused ones for what they used before."""


@dataclass(frozen=True)
class Sample:
    """An invoice as it would be."""

    subscription_id: int
    customer_id: int
    login: str
    draft: Draft


@dataclass(frozen=True)
class Preview:
    """What a run would do: how many invoices and rupiah, what it leaves out and why."""

    count: int
    total: int
    already_issued: int
    skipped: Sequence[tuple[str, int]] = field(default=())
    samples: Sequence[Sample] = field(default=())


def candidates(period: Period) -> Any:
    """Lines without a live invoice of the period that may get one; the rule has the last word."""
    issued = (
        select(Invoice.id)
        .where(
            Invoice.subscription_id == Subscription.id,
            Invoice.period == str(period),
            Invoice.state != "void",
        )
        .exists()
    )
    oldest = period.plus(-13).first_day
    alive = or_(
        Subscription.state.in_((*BILLED_STATES, "paused")),
        and_(Subscription.state == "ended", Subscription.ended_on >= oldest),
    )
    return (
        facts.lines()
        .where(alive, Subscription.started_on <= period.next().last_day, ~issued)
        .order_by(Subscription.id)
    )


def _in_turn(period: Period) -> Any:
    """Lines whose cycle may have an invoice in this month: monthly ones, and longer ones
    counted from the month they started in or, for a start before the issue day, the one before.
    Lines that changed their plan may count from another month: the rule sees."""
    begun = extract("year", Subscription.started_on) * 12 + extract(
        "month", Subscription.started_on
    )
    # Far enough up that the remainder is never of a negative number.
    past = period.index + 1 + 12_000 - begun
    changed = select(PlanChange.id).where(PlanChange.subscription_id == Subscription.id).exists()
    return or_(
        Plan.cycle_months == 1,
        changed,
        past % Plan.cycle_months == 0,
        (past + 1) % Plan.cycle_months == 0,
    )


def _only_due(statement: Any, period: Period, day: date) -> Any:
    """Only lines whose issue day, clamped to the month, has come by `day`, and that
    Loket already looked after on that day (`auto_from`)."""
    issue_day = func.coalesce(Plan.issue_day, Subscription.billing_day)
    if day < period.first_day:
        return statement.where(false())
    if day < period.last_day:
        statement = statement.where(issue_day <= day.day)
    known = or_(
        Subscription.auto_from <= period.first_day,
        and_(
            Subscription.auto_from <= period.last_day,
            issue_day >= extract("day", Subscription.auto_from),
        ),
        Plan.billing == "prepaid",  # may be issued on the day it starts; looked at one by one
    )
    return statement.where(known)


def _is_due(line: Billable, period: Period, day: date) -> bool:
    issue_on = line.account.terms.issue_on(period, line.account.start)
    return line.auto_from <= issue_on <= day


def read(period: Period, statement: Any, batch: int, *, lock: bool = False) -> Iterator[Billable]:
    """The lines of the statement, so many at a time."""
    after = 0
    while rows := db.session.execute(statement.where(Subscription.id > after).limit(batch)).all():
        yield from facts.accounts(rows, period, lock=lock)
        after = rows[-1].id


def preview(period: Period) -> Preview:
    """What `issue_chunk` would issue now, chunk after chunk. Amounts include tax."""
    day = today()
    knobs = facts.rules(day)
    count = total = 0
    skipped: Counter[str] = Counter()
    samples: list[Sample] = []
    for line in read(period, candidates(period), BATCH):
        draft = rules.compose(line.account, period, knobs, day)
        if isinstance(draft, Skip):
            skipped[draft.reason] += 1
            continue
        count, total = count + 1, total + draft.total
        if len(samples) < SAMPLES:
            samples.append(Sample(line.id, line.customer_id, line.login, draft))
    already = db.session.scalar(
        select(func.count()).where(Invoice.period == str(period), Invoice.state != "void")
    )
    return Preview(count, total, already or 0, skipped.most_common(), samples)


def sequence_of(period: Period) -> str:
    """The counter of the period's invoice numbers."""
    return f"INV-{period.compact}"


def issue_chunk(
    period: Period, *, only_due: bool, lines: Sequence[int] | None = None, tell: bool = True
) -> int:
    """Issue up to CHUNK invoices of the period in the current transaction.

    Returns how many; 0 means nothing is left. The caller commits after each chunk.
    `only_due` leaves out lines whose billing day has not come yet; `lines` keeps to
    these subscriptions. Without `tell` the customers are told in a step of its own.
    """
    numbering.lock(sequence_of(period))
    day = today()
    statement = candidates(period).where(_in_turn(period))
    if only_due:
        statement = _only_due(statement, period, day)
    if lines is not None:
        statement = statement.where(Subscription.id.in_(lines))
    knobs = facts.rules(day)
    drafts: list[tuple[Billable, Draft]] = []
    for line in read(period, statement, CHUNK, lock=True):
        if only_due and not _is_due(line, period, day):
            continue
        draft = rules.compose(line.account, period, knobs, day)
        if isinstance(draft, Draft):
            drafts.append((line, draft))
        if len(drafts) == CHUNK:
            break
    if not drafts:
        return 0
    payable = write(period, drafts)
    if payable:
        events.emit(InvoicesIssued(payable, tell))
    return len(drafts)


def write(period: Period, drafts: Sequence[tuple[Billable, Draft]]) -> list[int]:
    """Write invoices and lines in bulk; returns the new ids that ask for money."""
    sequence = sequence_of(period)
    numbers = numbering.take(sequence, len(drafts))
    rows = [
        _row(period, numbering.document_number(sequence, number), line, draft)
        for (line, draft), number in zip(drafts, numbers, strict=True)
    ]
    inserted = db.session.execute(insert(Invoice).returning(Invoice.id, Invoice.number), rows)
    id_of = {number: invoice_id for invoice_id, number in inserted}
    parts = []
    for row, (line, draft) in zip(rows, drafts, strict=True):
        invoice_id = id_of[row["number"]]
        parts += _lines(invoice_id, draft)
        _take(invoice_id, line, draft)
    db.session.execute(insert(InvoiceLine), parts)
    if plans := {line.new_plan for line, _draft in drafts if line.new_plan}:
        db.session.execute(
            update(Plan)
            .where(Plan.id.in_(plans), Plan.first_billed_on.is_(None))
            .values(first_billed_on=today())
        )
    return sorted(id_of[row["number"]] for row in rows if row["state"] == "open")


def _row(period: Period, number: str, line: Billable, draft: Draft) -> dict[str, Any]:
    issued_on, stamp = today(), now()
    due_days = line.due_days or settings.integer("billing.due_days")
    begin, end = draft.covers
    # Nothing to pay is paid: no reminder, no isolation, no message.
    paid = draft.total == 0
    return {
        "number": number,
        "customer_id": line.customer_id,
        "subscription_id": line.id,
        "period": str(period),
        "covers_from": begin,
        "covers_to": end - timedelta(days=1),
        "plan_name": draft.plan,
        "plan_price": draft.price,
        "total": draft.total,
        "state": "paid" if paid else "open",
        "paid_at": stamp if paid else None,
        "issued_on": issued_on,
        "due_on": due_date(period, line.account.terms.issue_day, due_days, issued_on),
        "closed_reason": "",
        "created_at": stamp,
    }


def _lines(invoice_id: int, draft: Draft) -> list[dict[str, Any]]:
    return [
        {
            "invoice_id": invoice_id,
            "position": position,
            "kind": part.kind,
            "description": part.description[:200],
            "amount": part.amount,
        }
        for position, part in enumerate(draft.parts, 1)
    ]


def _take(invoice_id: int, line: Billable, draft: Draft) -> None:
    """Mark the charges as taken; what was more than the invoice goes on waiting."""
    wanted = {one.id: one for one in line.account.one_offs}
    for part in draft.parts:
        if part.one_off is None:
            continue
        one = wanted[part.one_off]
        db.session.execute(
            update(Charge)
            .where(Charge.id == one.id)
            .values(invoice_id=invoice_id, amount=part.amount)
        )
        if rest := one.amount - part.amount:
            db.session.add(
                Charge(
                    subscription_id=line.id,
                    kind=one.kind,
                    description=one.description,
                    amount=rest,
                    created_at=now(),
                )
            )


def due_periods(day: date) -> list[Period]:
    """Periods the nightly run looks after: this month, and last month for days it was down.

    A billing day of the 30th that the machine slept through is caught up on the 1st.
    """
    current = Period.of(day)
    return [current.previous(), current]
