"""The reports a second time, written apart: every row is read into Python and walked.

Nothing of `portal.reports` is used, no SQL but `SELECT *`. Slow and plain on purpose.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from portal.extensions import db

ZONE = ZoneInfo("Asia/Jakarta")
AS_OF = ("receivable", "credit", "credit_rows")
BANDS = ((0, "0"), (7, "7"), (30, "30"), (60, "60"), (90, "90"))


@dataclass(frozen=True)
class Row:
    """One row behind a number."""

    day: date
    amount: int
    customer: int
    source: str = ""
    method: str = ""
    staff: int | None = None
    bucket: str = ""


@dataclass
class Books:
    """All tables about money as lists of plain rows."""

    tables: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (
            "invoice", "invoice_line", "allocation", "payment", "credit", "credit_note",
            "refund", "customer",
        ):  # fmt: skip
            self.tables[name] = list(db.session.execute(text(f"SELECT * FROM {name} ORDER BY id")))
        db.session.rollback()
        self.invoices = {one.id: one for one in self.tables["invoice"]}
        self.payments = {one.id: one for one in self.tables["payment"]}
        self.area = {one.id: one.area_id for one in self.tables["customer"]}
        self.days = {one.id: self._allocation_day(one) for one in self.tables["allocation"]}
        self.known: dict[tuple[Any, ...], list[Row]] = {}

    # Days

    def allocation_day(self, one: Any) -> date:
        return self.days[one.id]

    def _allocation_day(self, one: Any) -> date:
        payment, invoice = self.payments[one.payment_id], self.invoices[one.invoice_id]
        written = _local(one.created_at)
        day = written
        if written == _local(payment.recorded_at) and (one.amount > 0 or payment.reverses_id):
            day = day_of(payment.booked_on)
        return max(day, day_of(invoice.issued_on))

    def closed(self, invoice: Any) -> date:
        return day_of(invoice.closed_on or invoice.issued_on)

    def paid(self, invoice_id: int, until: date) -> int:
        return sum(
            one.amount
            for one in self.tables["allocation"]
            if one.invoice_id == invoice_id and self.days[one.id] <= until
        )

    def noted(self, invoice_id: int, until: date) -> int:
        return sum(
            one.amount
            for one in self.tables["credit_note"]
            if one.invoice_id == invoice_id and day_of(one.booked_on) <= until
        )

    def owed(self, invoice: Any, until: date) -> int:
        """What it asked for at the end of that day."""
        if day_of(invoice.issued_on) > until:
            return 0
        if invoice.state in ("void", "written_off") and self.closed(invoice) <= until:
            return 0
        return int(invoice.total - self.paid(invoice.id, until) - self.noted(invoice.id, until))

    # Rows of each measure, of all time; those as of a day are asked for with that day.

    def received(self) -> list[Row]:
        return [self._payment(one) for one in self.payments.values() if not one.reverses_id]

    def reversed(self) -> list[Row]:
        return [self._payment(one) for one in self.payments.values() if one.reverses_id]

    def _payment(self, one: Any) -> Row:
        day = day_of(one.booked_on)
        return Row(day, one.amount, one.customer_id, one.source, one.method, one.taken_by_id)

    def refunded(self) -> list[Row]:
        return [
            Row(day_of(r.booked_on), -r.amount, r.customer_id, "refund", r.method, r.paid_by_id)
            for r in self.tables["refund"]
        ]

    def invoiced(self) -> list[Row]:
        return [Row(day_of(i.issued_on), i.total, i.customer_id) for i in self.invoices.values()]

    def credit_notes(self) -> list[Row]:
        return [
            Row(day_of(n.booked_on), -n.amount, n.customer_id) for n in self.tables["credit_note"]
        ]

    def voids(self) -> list[Row]:
        return self._closings("void")

    def write_offs(self) -> list[Row]:
        return self._closings("written_off")

    def _closings(self, state: str) -> list[Row]:
        """How much the debt of a closed invoice changed on each day because it is closed."""
        found = []
        for invoice in self.invoices.values():
            if invoice.state != state:
                continue
            closed = self.closed(invoice)
            left = invoice.total - self.paid(invoice.id, closed) - self.noted(invoice.id, closed)
            found.append(Row(closed, -left, invoice.customer_id))
            for one in self.tables["allocation"]:
                if one.invoice_id == invoice.id and self.allocation_day(one) > closed:
                    found.append(Row(self.allocation_day(one), one.amount, invoice.customer_id))
        return found

    def allocated(self) -> list[Row]:
        return [
            Row(
                self.allocation_day(one),
                -one.amount,
                self.payments[one.payment_id].customer_id,
                self.payments[one.payment_id].source,
                self.payments[one.payment_id].method,
                self.payments[one.payment_id].taken_by_id,
            )
            for one in self.tables["allocation"]
        ]

    def receivable(self, until: date) -> list[Row]:
        rows = []
        for invoice in self.invoices.values():
            if owed := self.owed(invoice, until):
                days = (until - day_of(invoice.due_on)).days
                bucket = next((name for most, name in BANDS if days <= most), "91")
                day = day_of(invoice.issued_on)
                rows.append(Row(day, owed, invoice.customer_id, bucket=bucket))
        return rows

    def credit(self, until: date) -> list[Row]:
        held: dict[int, int] = {}
        for row in (*self.received(), *self.reversed(), *self.refunded(), *self.allocated()):
            if row.day <= until:
                held[row.customer] = held.get(row.customer, 0) + row.amount
        return [Row(until, amount, who) for who, amount in held.items() if amount]


def day_of(value: Any) -> date:
    """SQLite hands plain text back to plain SQL."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _local(value: Any) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value).replace(tzinfo=ZoneInfo("UTC"))
    found: date = value.astimezone(ZONE).date()
    return found
