"""Rows become customers, plans and lines, one piece at a time, with a note of each change.

The piece and the cursor move in one transaction: a crash neither doubles nor loses a row.
Idempotent by customer number and service login, like the command.
"""

import logging
from collections import Counter
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import DBAPIError

from portal.customers import service as customers
from portal.customers.models import Area, Customer
from portal.customers.service import CustomerData
from portal.extensions import db
from portal.imports import comparing, shelf
from portal.imports.comparing import Known, Verdict
from portal.imports.models import ImportChange, ImportRun
from portal.imports.rows import CustomerRow, OldInvoice, unpacked
from portal.infra import audit, locks
from portal.infra.audit import AuditEntry
from portal.infra.checkpoints import checkpoint
from portal.infra.timekeeping import now, today
from portal.invoices import books
from portal.invoices.models import Invoice, InvoiceLine
from portal.invoices.models_terms import Charge
from portal.network.registry import default_router
from portal.plans import service as plans
from portal.subscriptions import service as subscriptions
from portal.subscriptions.models import Subscription
from portal.subscriptions.service import LoginTaken, SubscriptionData
from portal.web.sentences import N_

log = logging.getLogger(__name__)

LOCK = "customers.import"
MEANWHILE = N_(
    "Sudah diubah orang sejak berkas ini diperiksa. Unggah lagi bila memang harus diganti."
)
EDITS = ("customer.change", "customer.phone", "subscription.change", "subscription.plan_change")
CARRIED = "Saldo dari sistem lama"
CUSTOMER_FIELDS = ("name", "phone", "phone_alt", "address", "area_id")
LINE_FIELDS = ("plan_id", "billing_day", "custom_price")


def locked(run_id: int) -> ImportRun | None:
    """The run, held until the end of the transaction: writing, pause and undo take turns."""
    return db.session.scalars(
        select(ImportRun)
        .where(ImportRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def take_piece(run_id: int) -> bool:
    """Write the next piece; whether there may be more. Commits."""
    run = locked(run_id)
    if run is None or run.state != "running":
        db.session.rollback()
        return False
    if run.cursor >= run.pieces:
        return _finish(run)
    # The command and a second browser wait for us, row by row of time.
    locks.one_at_a_time(LOCK)
    rows = [unpacked(one) for one in shelf.get_json(run.id, "rows", run.cursor) or []]
    checkpoint("imports.read")
    counts = _take(run, rows)
    checkpoint("imports.written")
    run.cursor += 1
    run.attempts = 0
    run.result = dict(Counter(run.result) + counts)
    db.session.commit()
    checkpoint("imports.committed")
    return True


def _finish(run: ImportRun) -> bool:
    run.state, run.slot, run.finished_at = "done", None, now()
    audit.record("imports.done", f"import:{run.id}", after=dict(run.result))
    db.session.commit()
    return False


def _take(run: ImportRun, rows: list[CustomerRow]) -> Counter[str]:
    known = comparing.read_known(rows)
    touched = _touched(run, known)
    router = default_router()
    router_id = None if router is None else router.id
    counts: Counter[str] = Counter()
    for row in rows:
        verdict = comparing.judge(row, known)
        counts["rows"] += 1
        sentence = verdict.refused[2] if verdict.refused else ""
        if verdict.what == "changed" and touched & _subjects(row, known):
            sentence = MEANWHILE
        if sentence:
            db.session.add(_refused(run, row, sentence))
            counts["refused"] += 1
        elif verdict.what == "same":
            counts["same"] += 1
        else:
            counts[_one(run, row, known, verdict, router_id)] += 1
    db.session.flush()
    return counts


def _subjects(row: CustomerRow, known: Known) -> set[str]:
    """How the audit log names the customer and the line of a row that were there before."""
    ids = {"customer": known.customers.get(row.number), "subscription": known.lines.get(row.login)}
    return {f"{kind}:{one['id']}" for kind, one in ids.items() if one and one["id"]}


def _touched(run: ImportRun, known: Known) -> set[str]:
    """Which of these people changed since the check: nobody saw that the file would undo it."""
    subjects = [f"customer:{one['id']}" for one in known.customers.values()]
    subjects += [f"subscription:{one['id']}" for one in known.lines.values()]
    by_people = or_(AuditEntry.actor.startswith("staff:"), AuditEntry.actor.startswith("customer:"))
    found = select(AuditEntry.subject).where(
        AuditEntry.subject.in_(subjects),
        AuditEntry.action.in_(EDITS),
        AuditEntry.at > (run.checked_at or run.created_at),
        by_people,
    )
    return set(db.session.scalars(found))


def _one(
    run: ImportRun, row: CustomerRow, known: Known, verdict: Verdict, router_id: int | None
) -> str:
    """One row; after a first failure of its piece each stands alone, and says what is wrong."""
    if run.attempts == 0:
        return _write(run, row, known, verdict, router_id)
    try:
        with db.session.begin_nested():
            return _write(run, row, known, verdict, router_id)
    except (DBAPIError, ValueError) as error:
        log.warning("import %s: line %s refused (%s)", run.id, row.line, type(error).__name__)
        sentence = "Basis data menolak baris ini. Periksa isinya, lalu impor lagi."
        db.session.add(_refused(run, row, sentence))
        return "refused"


def _refused(run: ImportRun, row: CustomerRow, sentence: str) -> ImportChange:
    return ImportChange(
        run_id=run.id, row_line=row.line, number=row.number, state="refused", reason=sentence
    )


def _write(
    run: ImportRun, row: CustomerRow, known: Known, verdict: Verdict, router_id: int | None
) -> str:
    change = ImportChange(run_id=run.id, row_line=row.line, number=row.number)
    made: dict[str, Any] = {}
    # What is new has nothing before it: thousands of rows, thousands of questions less.
    old_customer = None if verdict.customer == "new" else _customer(row.number)
    old_line = None if verdict.line == "new" else _line(row.login)
    before_customer = _fields(old_customer, CUSTOMER_FIELDS)
    before_line = _fields(old_line, LINE_FIELDS)
    area = row.area.strip()
    if area and area not in known.areas:
        made["area"] = known.areas[area] = _area(area)
    customer, change.customer_what = customers.save(
        CustomerData(row.number, row.name, row.phone, row.phone_alt, row.address, area)
    )
    fresh = plans.by_name(row.plan) is None
    plan = plans.ensure(row.plan, row.price)
    if fresh:
        made["plan"] = plan.id
    data = SubscriptionData(row.login, row.price, row.billing_day, row.started_on)
    try:
        line, change.line_what = subscriptions.save(customer, plan, data, router_id)
    except LoginTaken as error:  # taken by the command a moment ago: this row alone is refused
        raise ValueError(str(error)) from None
    if row.extra is not None:
        _carry_over(row, line, change.line_what == "new", made)
    change.customer_id, change.subscription_id = customer.id, line.id
    change.before = {"customer": before_customer, "line": before_line}
    change.after = {
        "customer": _fields(customer, CUSTOMER_FIELDS),
        "line": _fields(line, LINE_FIELDS),
    }
    change.made = made
    db.session.add(change)
    return "new" if change.customer_what == "new" else "changed"


def _fields(row: Any, names: tuple[str, ...]) -> dict[str, Any] | None:
    return None if row is None else {name: getattr(row, name) for name in names}


def _customer(number: str) -> Customer | None:
    return db.session.scalar(select(Customer).where(Customer.number == number))


def _line(login: str) -> Subscription | None:
    return db.session.scalar(select(Subscription).where(Subscription.login == login))


def _area(name: str) -> int:
    area = Area(name=name)
    db.session.add(area)
    db.session.flush()
    return area.id


def _carry_over(row: CustomerRow, line: Subscription, fresh: bool, made: dict[str, Any]) -> None:
    """What a dump knows besides: open invoices, money paid ahead, until when it is paid."""
    extra = row.extra
    assert extra is not None
    if fresh and extra.bill_from is not None:
        line.auto_from = max(line.auto_from, extra.bill_from)
    if fresh and extra.credit > 0:
        charge = Charge(
            subscription_id=line.id, kind="proration", description=CARRIED,
            amount=-extra.credit, created_at=now(),
        )  # fmt: skip
        db.session.add(charge)
        db.session.flush()
        made["charge"] = charge.id
    found = [_invoice(old, line) for old in extra.invoices if _is_new(old, line)]
    if found:
        made["invoices"] = found


def _is_new(old: OldInvoice, line: Subscription) -> bool:
    """Neither taken before, nor is the month billed here already."""
    taken = select(Invoice.id).where(
        (Invoice.number == comparing.PREFIX + old.number)
        | (
            (Invoice.subscription_id == line.id)
            & (Invoice.period == old.period)
            & (Invoice.state != "void")
        )
    )
    return db.session.scalar(taken.limit(1)) is None


def _invoice(old: OldInvoice, line: Subscription) -> int:
    """What is left of an old invoice, under its own number. No message goes out for it."""
    invoice = Invoice(
        number=comparing.PREFIX + old.number,
        customer_id=line.customer_id,
        subscription_id=line.id,
        period=old.period,
        plan_name=line.plan.name,
        plan_price=line.price,
        total=old.amount,
        state="open",
        # A month that is closed has its reports: what comes into it late counts from today.
        issued_on=books.book_day(min(today(), old.due_on)),
        due_on=old.due_on,
        created_at=now(),
    )
    db.session.add(invoice)
    db.session.flush()
    words = f"Sisa tagihan {old.number} dari sistem lama"
    db.session.add(
        InvoiceLine(
            invoice_id=invoice.id, position=1, kind="plan", description=words[:200],
            amount=old.amount,
        )
    )  # fmt: skip
    return invoice.id
