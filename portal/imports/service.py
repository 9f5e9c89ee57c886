"""The database half of the customer import: parsed rows become customers, plans, lines.

Idempotent by customer number and service login. Each chunk commits whole; importing the
same file again after a crash finishes the rest and changes nothing twice.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from portal.customers import service as customers
from portal.customers.service import CustomerData
from portal.extensions import db
from portal.imports import checking, comparing
from portal.imports.parse import CellError, CustomerRow, ParsedFile, parse_customers
from portal.infra import audit, locks
from portal.network.registry import default_router
from portal.plans import service as plans
from portal.subscriptions import service as subscriptions
from portal.subscriptions.service import LoginTaken, SubscriptionData

CHUNK = 200


@dataclass
class ImportReport:
    """What an import did, or would do. Customers count as new, changed or same once."""

    new: int = 0
    changed: int = 0
    same: int = 0
    plans_new: int = 0
    subscriptions_new: int = 0
    rows: int = 0
    errors: list[CellError] = field(default_factory=list)
    warnings: list[CellError] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.errors


def run_import(data: bytes, *, dry_run: bool) -> ImportReport:
    """Import a CSV. Good rows are taken, bad ones reported by line and column.

    Commits per chunk; a dry run does the same work and rolls everything back.
    """
    parsed = parse_customers(data)
    closed = _as_in_the_books(parsed)
    report = ImportReport(
        rows=len(parsed.rows),
        errors=list(parsed.errors),
        warnings=list(parsed.warnings),
        ignored_columns=list(parsed.ignored_columns),
    )
    changes: Counter[str] = Counter()
    seen: dict[str, str] = {}
    for chunk in _chunks(parsed):
        # Two people may import the same file: the second finds what the first made.
        locks.one_at_a_time("customers.import")
        for row in chunk:
            if row.number in closed:
                report.errors.append(
                    CellError(row.line, "no_pelanggan", row.number, comparing.CLOSED)
                )
            else:
                _import_row(row, report, seen)
        if dry_run:
            continue
        db.session.commit()
    changes.update(seen.values())
    report.new, report.changed, report.same = changes["new"], changes["changed"], changes["same"]
    if dry_run:
        db.session.rollback()
    elif report.rows:
        audit.record(
            "customers.import",
            "customers",
            after={"new": report.new, "changed": report.changed, "errors": len(report.errors)},
        )
        db.session.commit()
    return report


def _as_in_the_books(parsed: ParsedFile) -> set[str]:
    """Keep what the file does not say, as the wizard does; returns who is a customer no more."""
    known = comparing.read_known(parsed.rows)
    comparing.read_logins(known, {row.number for row in parsed.rows})
    db.session.rollback()
    checking.complete(parsed, known)
    return {number for number, one in known.customers.items() if one["status"] == "closed"}


def _chunks(parsed: ParsedFile) -> Iterator[Sequence[CustomerRow]]:
    for start in range(0, len(parsed.rows), CHUNK):
        yield parsed.rows[start : start + CHUNK]


def _import_row(row: CustomerRow, report: ImportReport, seen: dict[str, str]) -> None:
    """One row: customer, plan, line. A login that belongs to somebody else is an error."""
    known_plan = plans.by_name(row.plan)
    existing = subscriptions.owner_of(row.login)
    if existing is not None and existing != row.number:
        report.errors.append(
            CellError(
                row.line,
                "login_layanan",
                row.login,
                f"Login layanan ini sudah dipakai pelanggan {existing}.",
            )
        )
        return
    if customers.is_prospect(row.number):
        sentence = "Nomor ini milik calon pelanggan. Selesaikan pesanannya di Pesanan."
        report.errors.append(CellError(row.line, "no_pelanggan", row.number, sentence))
        return
    customer, what = customers.save(
        CustomerData(row.number, row.name, row.phone, row.phone_alt, row.address, row.area)
    )
    plan = known_plan or plans.ensure(row.plan, row.price)
    report.plans_new += known_plan is None
    try:
        _, line = subscriptions.save(
            customer,
            plan,
            SubscriptionData(row.login, row.price, row.billing_day, row.started_on),
            _router_id(),
        )
    except LoginTaken as error:  # taken by a parallel import a moment ago
        report.errors.append(CellError(row.line, "login_layanan", row.login, str(error)))
        return
    report.subscriptions_new += line == "new"
    if what == "same" and line != "same":
        what = "changed"
    if seen.get(row.number) in (None, "same"):
        seen[row.number] = what


def _router_id() -> int | None:
    router = default_router()
    return None if router is None else router.id
