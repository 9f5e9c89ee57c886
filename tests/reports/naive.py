"""The reports a second time, written apart: every row is read into Python and walked.

Nothing of `portal.reports` is used, no SQL but `SELECT *`. Slow and plain on purpose.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
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
            day = _day(payment.booked_on)
        return max(day, _day(invoice.issued_on))

    def closed(self, invoice: Any) -> date:
        return _day(invoice.closed_on or invoice.issued_on)

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
            if one.invoice_id == invoice_id and _day(one.booked_on) <= until
        )

    def owed(self, invoice: Any, until: date) -> int:
        """What it asked for at the end of that day."""
        if _day(invoice.issued_on) > until:
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
        day = _day(one.booked_on)
        return Row(day, one.amount, one.customer_id, one.source, one.method, one.taken_by_id)

    def refunded(self) -> list[Row]:
        return [
            Row(_day(r.booked_on), -r.amount, r.customer_id, "refund", r.method, r.paid_by_id)
            for r in self.tables["refund"]
        ]

    def invoiced(self) -> list[Row]:
        return [Row(_day(i.issued_on), i.total, i.customer_id) for i in self.invoices.values()]

    def credit_notes(self) -> list[Row]:
        return [
            Row(_day(n.booked_on), -n.amount, n.customer_id) for n in self.tables["credit_note"]
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
                days = (until - _day(invoice.due_on)).days
                bucket = next((name for most, name in BANDS if days <= most), "91")
                day = _day(invoice.issued_on)
                rows.append(Row(day, owed, invoice.customer_id, bucket=bucket))
        return rows

    def credit(self, until: date) -> list[Row]:
        held: dict[int, int] = {}
        for row in (*self.received(), *self.reversed(), *self.refunded(), *self.allocated()):
            if row.day <= until:
                held[row.customer] = held.get(row.customer, 0) + row.amount
        return [Row(until, amount, who) for who, amount in held.items() if amount]

    def cohort(self, by_due: bool, name: str) -> list[Row]:
        rows: list[Row] = []
        for invoice in self.invoices.values():
            if invoice.state == "void":
                continue
            day = _day(invoice.due_on if by_due else invoice.issued_on)
            rows += self._fate(invoice, day, name)
        return rows

    def _fate(self, invoice: Any, day: date, name: str) -> list[Row]:
        ever = date(9999, 1, 1)
        left = invoice.total - self.paid(invoice.id, ever) - self.noted(invoice.id, ever)
        who = invoice.customer_id
        if name == "billed":
            return [Row(day, invoice.total, who)]
        if name == "credited":
            notes = (n for n in self.tables["credit_note"] if n.invoice_id == invoice.id)
            return [Row(day, -note.amount, who) for note in notes]
        if name == "given_up":
            return [Row(day, -left, who)] if invoice.state == "written_off" else []
        if name == "owed":
            return [Row(day, left, who)] if invoice.state == "open" else []
        rows = []
        for one in self.tables["allocation"]:
            if one.invoice_id == invoice.id:
                late = (self.allocation_day(one) - _day(invoice.due_on)).days
                bucket = next((n for most, n in BANDS[:3] if late <= most), "31")
                p = self.payments[one.payment_id]
                rows.append(Row(day, one.amount, who, p.source, p.method, p.taken_by_id, bucket))
        return rows

    def tax_issued(self) -> list[Row]:
        return [
            Row(_day(self.invoices[line.invoice_id].issued_on), line.amount,
                self.invoices[line.invoice_id].customer_id)
            for line in self.tables["invoice_line"]
            if line.kind == "tax" and self.invoices[line.invoice_id].state != "void"
        ]  # fmt: skip

    def tax_credited(self) -> list[Row]:
        return [
            Row(_day(note.booked_on), -note.tax_amount, note.customer_id)
            for note in self.tables["credit_note"]
            if note.tax_amount and self.invoices[note.invoice_id].state != "void"
        ]

    def tax_received(self) -> list[Row]:
        rows = []
        for invoice in self.invoices.values():
            moves = [
                (self.allocation_day(one), 0, one.id, one.amount, 0, 0)
                for one in self.tables["allocation"]
                if one.invoice_id == invoice.id
            ] + [
                (_day(note.booked_on), 1, note.id, 0, note.amount, note.tax_amount)
                for note in self.tables["credit_note"]
                if note.invoice_id == invoice.id
            ]
            tax = sum(
                line.amount
                for line in self.tables["invoice_line"]
                if line.invoice_id == invoice.id and line.kind == "tax"
            )
            asked, paid, before = invoice.total, 0, 0
            for day, _turn, _id, came, less, less_tax in sorted(moves):
                paid, asked, tax = paid + came, asked - less, tax - less_tax
                share = _half_up(paid * tax, asked) if asked > 0 else 0
                if share != before:
                    rows.append(Row(day, share - before, invoice.customer_id))
                before = share
        return rows


def _half_up(above: int, below: int) -> int:
    whole, rest = divmod(above, below)
    return whole + (1 if rest * 2 >= below else 0)


def _day(value: Any) -> date:
    """SQLite hands plain text back to plain SQL."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _local(value: Any) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value).replace(tzinfo=ZoneInfo("UTC"))
    found: date = value.astimezone(ZONE).date()
    return found


def of(books: Books, name: str, scope: Any) -> list[Row]:
    """The rows of a measure in a scope, by walking."""
    sums = {
        "receipts": ("received", "reversed", "refunded"),
        "payments": ("received", "reversed"),
        "revenue": ("invoiced", "credit_notes", "voids", "write_offs"),
        "corrections": ("credit_notes", "voids", "write_offs"),
        "claim": ("billed", "credited"),
        "tax": ("tax_issued", "tax_credited"),
    }
    if name in sums:
        return [row for part in sums[name] for row in of(books, part, scope)]
    rows = _all(books, name, scope)
    if name not in AS_OF:
        rows = [row for row in rows if scope.since <= row.day <= scope.until]
    return [row for row in rows if _wanted(books, row, scope)]


def _all(books: Books, name: str, scope: Any) -> list[Row]:
    """The rows of all time, walked once."""
    key = (name, scope.basis == "due", scope.until if name in AS_OF else None)
    if key not in books.known:
        if name == "receivable":
            found = books.receivable(scope.until)
        elif name in ("credit", "credit_rows"):
            found = books.credit(scope.until)
        elif name in ("billed", "credited", "collected", "given_up", "owed"):
            found = books.cohort(scope.basis == "due", name)
        else:
            found = getattr(books, name)()
        books.known[key] = found
    return books.known[key]


def _wanted(books: Books, row: Row, scope: Any) -> bool:
    for name in ("source", "method", "bucket"):
        asked = getattr(scope, name)
        if asked and getattr(row, name) != ("" if asked == "-" else asked):
            return False
    if scope.staff and row.staff != (None if scope.staff == "-" else int(scope.staff)):
        return False
    area = books.area[row.customer]
    return not scope.area or area == (None if scope.area == "-" else int(scope.area))


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
