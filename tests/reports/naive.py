"""Collection and tax by walking, and every measure by its name; see `naive_books.py`."""

from datetime import date, timedelta
from typing import Any

from tests.reports.naive_books import AS_OF, BANDS, Row, day_of
from tests.reports.naive_books import Books as Base


class Books(Base):
    """With what became of some days' invoices, and with tax."""

    def cohort(self, by_due: bool, name: str) -> list[Row]:
        rows: list[Row] = []
        for invoice in self.invoices.values():
            if invoice.state == "void":
                continue
            day = day_of(invoice.due_on if by_due else invoice.issued_on)
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
                late = (self.allocation_day(one) - day_of(invoice.due_on)).days
                bucket = next((n for most, n in BANDS[:3] if late <= most), "31")
                p = self.payments[one.payment_id]
                rows.append(Row(day, one.amount, who, p.source, p.method, p.taken_by_id, bucket))
        return rows

    def tax_issued(self) -> list[Row]:
        return [
            Row(day_of(self.invoices[line.invoice_id].issued_on), line.amount,
                self.invoices[line.invoice_id].customer_id)
            for line in self.tables["invoice_line"]
            if line.kind == "tax" and self.invoices[line.invoice_id].state != "void"
        ]  # fmt: skip

    def tax_credited(self) -> list[Row]:
        return [
            Row(day_of(note.booked_on), -note.tax_amount, note.customer_id)
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
                (day_of(note.booked_on), 1, note.id, 0, note.amount, note.tax_amount)
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
