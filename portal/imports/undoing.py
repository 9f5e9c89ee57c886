"""Taking an import back, as far as nothing has happened to its rows since.

What points at a customer or a line is asked of the database's own foreign keys, so a table
added later is not forgotten; the database itself has the last word.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import OtpChallenge
from portal.accounts.models_sessions import SessionRow
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.imports import writing
from portal.imports.models import ImportChange, ImportRun
from portal.imports.writing import CUSTOMER_FIELDS, LINE_FIELDS
from portal.infra import audit, locks
from portal.infra.audit import AuditEntry
from portal.infra.checkpoints import checkpoint
from portal.infra.timekeeping import now
from portal.invoices.models import Invoice, InvoiceLine
from portal.invoices.models_terms import Charge
from portal.network.models import NetworkAccess
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from portal.web.sentences import N_

CHUNK = 50
WHY = {
    "invoice": N_("Sudah ada tagihan."),
    "payment": N_("Sudah ada pembayaran."),
    "payment_order": N_("Sudah mulai membayar."),
    "allocation": N_("Sudah ada pembayaran."),
    "charge": N_("Sudah ada biaya."),
    "credit": N_("Sudah ada saldo."),
    "message": N_("Sudah dikirimi pesan."),
    "service_order": N_("Sudah ada pesanan."),
    "plan_change": N_("Paketnya sudah diganti."),
    "subscription_pause": N_("Sudah pernah cuti."),
    "payment_promise": N_("Sudah ada janji bayar."),
    "subscription": N_("Sudah ada layanan lain."),
    "ticket": N_("Sudah ada laporan gangguan."),
}
OTHER = N_("Sudah ada catatan lain tentang pelanggan ini.")
EDITED = N_("Sudah diubah lagi sejak impor.")
LOGGED_IN = N_("Sudah pernah masuk ke portal.")
GONE = N_("Sudah tidak ada.")


def undo_piece(run_id: int) -> bool:
    """Take the next changes back, the newest first; whether there may be more. Commits."""
    run = writing.locked(run_id)
    if run is None or run.state != "undoing":
        db.session.rollback()
        return False
    changes = db.session.scalars(
        select(ImportChange)
        .where(ImportChange.run_id == run.id, ImportChange.state == "done")
        .order_by(ImportChange.id.desc())
        .limit(CHUNK)
    ).all()
    if not changes:
        return _finish(run)
    locks.one_at_a_time(writing.LOCK)
    ids = sorted({change.customer_id for change in changes if change.customer_id})
    db.session.execute(
        select(Customer.id).where(Customer.id.in_(ids)).order_by(Customer.id).with_for_update()
    ).all()
    reasons = _happened(run, changes)
    counts: Counter[str] = Counter()
    for change in changes:
        counts[_undo(change, reasons)] += 1
    checkpoint("imports.undoing")
    run.result = dict(Counter(run.result) + counts)
    db.session.commit()
    return True


def _finish(run: ImportRun) -> bool:
    counts = Counter(_remove_unused(run))
    run.result = dict(Counter(run.result) + counts)
    run.state, run.slot, run.finished_at = "undone", None, now()
    audit.record("imports.undone", f"import:{run.id}", after=dict(run.result))
    db.session.commit()
    return False


def _undo(change: ImportChange, reasons: dict[int, str]) -> str:
    """One change; in a savepoint, for somebody may be faster than our looking."""
    reason = reasons.get(change.id) or _edited(change)
    if not reason:
        try:
            with db.session.begin_nested():
                _take_back(change)
        except IntegrityError:
            reason = OTHER
    change.state, change.reason = ("kept", reason) if reason else ("undone", "")
    return "kept" if reason else "undone"


def _edited(change: ImportChange) -> str:
    customer = db.session.get(Customer, change.customer_id, populate_existing=True)
    line = db.session.get(Subscription, change.subscription_id, populate_existing=True)
    if customer is None or line is None:
        return GONE
    for row, names, what in (
        (customer, CUSTOMER_FIELDS, "customer"),
        (line, LINE_FIELDS, "line"),
    ):
        if any(getattr(row, name) != change.after[what][name] for name in names):
            return EDITED
    if change.line_what == "new" and line.state != "active":
        return EDITED
    return EDITED if customer.status != "active" else ""


def _take_back(change: ImportChange) -> None:
    line = db.session.get_one(Subscription, change.subscription_id)
    customer = db.session.get_one(Customer, change.customer_id)
    invoices = change.made.get("invoices", [])
    _delete(InvoiceLine, InvoiceLine.invoice_id, invoices)
    _delete(Invoice, Invoice.id, invoices)
    if charge := change.made.get("charge"):
        _delete(Charge, Charge.id, [charge])
    if change.line_what == "new":
        _delete(NetworkAccess, NetworkAccess.subscription_id, [line.id])
        db.session.delete(line)
    else:
        _restore(line, change.before["line"])
    db.session.flush()
    if change.customer_what == "new":
        db.session.delete(customer)
    else:
        _restore(customer, change.before["customer"])
    db.session.flush()
    before = {"number": change.number, "import": change.run_id}
    audit.record("customer.import_undone", f"customer:{change.customer_id}", before=before)


def _restore(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _delete(model: Any, column: Any, ids: Sequence[int]) -> None:
    if ids:
        statement = delete(model).where(column.in_(ids))
        db.session.execute(statement.execution_options(synchronize_session=False))


def _happened(run: ImportRun, changes: Sequence[ImportChange]) -> dict[int, str]:
    """Change -> why it stays. What the import itself made does not count."""
    made = _own(run, [change.customer_id for change in changes])
    since = run.started_at or run.created_at
    # For what was there before the import, only what came after it counts.
    old_people = {change.customer_id for change in changes if change.customer_what != "new"}
    old_lines = {change.subscription_id for change in changes if change.line_what != "new"}
    found: dict[tuple[str, int], str] = {}
    people = {change.customer_id for change in changes if change.customer_id}
    lines = {change.subscription_id for change in changes if change.subscription_id}
    for target, ids, old in (
        ("customer", people, old_people),
        ("subscription", lines, old_lines),
    ):
        for table, column in _pointing_at(target):
            for owner in _owners(table, column, ids, made, since, old):
                found.setdefault((target, owner), WHY.get(table.name, OTHER))
    for owner in _logged_in(people, since):
        found.setdefault(("customer", owner), LOGGED_IN)
    reasons = {}
    for change in changes:
        keys = (("customer", change.customer_id), ("subscription", change.subscription_id))
        reason = next((found[key] for key in keys if key[1] and key in found), "")
        if reason:
            reasons[change.id] = reason
    return reasons


def _pointing_at(target: str) -> Iterable[tuple[Table, Any]]:
    for table in db.metadata.sorted_tables:
        if table.name in {"network_access", "import_change"}:
            continue
        for key in table.foreign_keys:
            if key.column.table.name == target and key.column.name == "id":
                yield table, key.parent


def _own(run: ImportRun, customer_ids: Sequence[int | None]) -> dict[str, set[int]]:
    """Rows of other tables that this import made for these customers, by table."""
    made: dict[str, set[int]] = defaultdict(set)
    rows = db.session.execute(
        select(ImportChange.subscription_id, ImportChange.line_what, ImportChange.made).where(
            ImportChange.run_id == run.id, ImportChange.customer_id.in_(customer_ids)
        )
    )
    for line_id, what, one in rows:
        if what == "new":
            made["subscription"].add(line_id)
        made["invoice"] |= set(one.get("invoices", []))
        made["charge"] |= {one["charge"]} if "charge" in one else set()
    return made


def _owners(
    table: Table,
    column: Any,
    ids: set[int],
    made: dict[str, set[int]],
    since: datetime,
    old: set[int | None],
) -> set[int]:
    """Whose rows stand in this table, apart from the import's own."""
    wanted = [column]
    stamp = next((table.c[name] for name in ("created_at", "recorded_at") if name in table.c), None)
    wanted.append(table.c.get("id", column))
    wanted.append(column if stamp is None else stamp)
    own = made.get(table.name, set())
    found = set()
    for owner, row_id, at in db.session.execute(select(*wanted).where(column.in_(ids))):
        mine = "id" in table.c and row_id in own
        before = owner in old and isinstance(at, datetime) and at < since
        if not mine and not before:
            found.add(owner)
    return found


def _logged_in(people: set[int], since: datetime) -> set[int]:
    """Who proved a code since, on a phone of theirs, or has a browser that is logged in."""
    phones = (OtpChallenge.phone == Customer.phone) | (OtpChallenge.phone == Customer.phone_alt)
    proved = (
        select(Customer.id)
        .join(OtpChallenge, phones)
        .where(Customer.id.in_(people), OtpChallenge.used_at >= since)
    )
    here = select(SessionRow.person_id).where(
        SessionRow.kind == "customer",
        SessionRow.person_id.in_(people),
        SessionRow.created_at >= since,
    )
    return {*db.session.scalars(proved), *db.session.scalars(here)}


def _remove_unused(run: ImportRun) -> dict[str, int]:
    """Plans and areas the import made that nobody needs; what is used stays."""
    plans, areas = set(), set()
    for made in db.session.scalars(select(ImportChange.made).where(ImportChange.run_id == run.id)):
        plans |= {made["plan"]} if "plan" in made else set()
        areas |= {made["area"]} if "area" in made else set()
    gone: Counter[str] = Counter()
    for model, ids, what in ((Plan, plans, "plans_undone"), (Area, areas, "areas_undone")):
        for row_id in sorted(ids - _looked_after(model.__tablename__, ids)):
            row = db.session.get(model, row_id)
            try:
                with db.session.begin_nested():
                    if row is not None:
                        db.session.delete(row)
                        db.session.flush()
                        gone[what] += 1
            except IntegrityError:
                continue
    return dict(gone)


def _looked_after(kind: str, ids: set[int]) -> set[int]:
    """Those that people did something to since: a name, a price, a collector."""
    subjects = {f"{kind}:{row_id}": row_id for row_id in ids}
    found = select(AuditEntry.subject).where(
        AuditEntry.subject.in_(subjects), AuditEntry.actor.startswith("staff:")
    )
    return {subjects[one] for one in db.session.scalars(found)}
