"""Corrections of invoices: void and replace, credit note, write-off and its undo, using credit.

Nothing is deleted: rows are added and states changed, with a reason and in the audit log. In
the caller's transaction. Locks in the house's order: invoice runs, customer, invoices.
Reversing a payment is in `reversal.py`, giving money back in `refunds.py`.
"""

from sqlalchemy import func, select

from portal.core.period import Period
from portal.extensions import db
from portal.infra import audit, events
from portal.infra.timekeeping import now
from portal.invoices import books, terms
from portal.invoices import corrections as rows
from portal.invoices import service as invoices
from portal.invoices.corrections import Held
from portal.invoices.events import InvoicesClosed
from portal.invoices.models import Allocation, CreditNote, Invoice
from portal.payments.models import Credit, Payment
from portal.payments.service import ROOT, credit_balance, hold_customer, use_credit
from portal.web.sentences import N_


class CorrectionError(ValueError):
    """It cannot be corrected so; the message is a sentence in Indonesian."""


def why(reason: str) -> str:
    """The reason as it is kept. Raises CorrectionError when there is none."""
    if not reason.strip():
        raise CorrectionError(N_("Tulis alasannya."))
    return reason.strip()[:200]


def void(invoice_id: int, reason: str, *, replace: bool = False) -> int | None:
    """Void an open or paid invoice; the number stays, the period is free again.

    What was paid on it becomes credit of the payments it came from; its charges wait again,
    a fee for being late with it does not. With `replace` the period is issued again at
    today's terms and its id returned; credit is spent on it as on any new invoice. Raises
    CorrectionError.
    """
    said = why(reason)
    held = _hold(invoice_id, runs=True)
    invoice = held.row
    _may_void(held)
    before = held.facts
    _give_back(invoice, held.paid)
    rows.close(invoice, "void", said)
    terms.drop_late_fee(invoice_id, said)
    audit.record("invoice.void", f"invoice:{invoice_id}", before=before, reason=said)
    events.emit(InvoicesClosed([invoice_id]))
    return _replace(invoice, said) if replace else None


def _may_void(held: Held) -> None:
    invoice = held.row
    if invoice.state not in {"open", "paid"}:
        raise CorrectionError(N_("Hanya tagihan terbuka atau lunas yang dapat dibatalkan."))
    if held.credited:
        raise CorrectionError(
            N_("Tagihan ini punya nota kredit. Buat nota kredit lagi untuk sisanya.")
        )
    if books.is_locked(invoice.issued_on):
        raise CorrectionError(
            N_(
                "Bulan terbit tagihan ini sudah dikunci, jadi tagihannya tidak dapat dibatalkan. "
                "Buat nota kredit; tanggalnya hari ini."
            )
        )


def _replace(invoice: Invoice, said: str) -> int:
    new_id = rows.replace(invoice)
    if new_id is None:
        raise CorrectionError(
            N_(
                "Periode ini tidak dapat ditagih ulang dengan ketentuan langganan sekarang. "
                "Batalkan tanpa pengganti."
            )
        )
    audit.record(
        "invoice.replace", f"invoice:{new_id}", after={"replaces": invoice.number}, reason=said
    )
    return new_id


def credit_note(invoice_id: int, amount: int, reason: str, once: str | None = None) -> CreditNote:
    """Take an amount (rupiah) off an open or paid invoice.

    What was paid beyond the lower amount becomes credit; when nothing is owed any more the
    invoice is paid. `once` is the form's key: the same key again is the same note. Raises
    CorrectionError.
    """
    said = why(reason)
    held = _hold(invoice_id)
    if once and (same := db.session.scalar(select(CreditNote).where(CreditNote.once == once))):
        return same
    invoice = held.row
    _may_credit(held, amount)
    before = held.facts
    note = rows.add_note(held, amount, said, once)
    if surplus := amount - held.owed if amount > held.owed else 0:
        _give_back(invoice, surplus)
    closed = invoice.state == "open" and amount >= held.owed
    if closed:
        rows.pay_off(invoice)
    audit.record(
        "invoice.credit_note",
        f"invoice:{invoice_id}",
        before=before,
        after={"number": note.number, "amount": amount, "tax": note.tax_amount},
        reason=said,
    )
    if closed:
        events.emit(InvoicesClosed([invoice_id]))
    return note


def _may_credit(held: Held, amount: int) -> None:
    if held.row.state not in {"open", "paid"}:
        raise CorrectionError(N_("Nota kredit hanya untuk tagihan terbuka atau lunas."))
    if amount <= 0:
        raise CorrectionError(N_("Jumlahnya harus lebih dari nol."))
    if amount > held.row.total - held.credited:
        raise CorrectionError(
            N_("Jumlahnya melebihi total tagihan dikurangi nota kredit sebelumnya.")
        )


def write_off(invoice_id: int, reason: str) -> None:
    """Give up what an open invoice still demands. Raises CorrectionError."""
    said = why(reason)
    held = _hold(invoice_id)
    if held.row.state != "open":
        raise CorrectionError(N_("Hanya tagihan terbuka yang dapat dihapusbukukan."))
    before = held.facts
    rows.close(held.row, "written_off", said)
    audit.record(
        "invoice.write_off",
        f"invoice:{invoice_id}",
        before=before,
        after={"amount": held.owed},
        reason=said,
    )
    events.emit(InvoicesClosed([invoice_id]))


def undo_write_off(invoice_id: int, reason: str) -> None:
    """Demand a written-off invoice again. Raises CorrectionError."""
    said = why(reason)
    held = _hold(invoice_id)
    if held.row.state != "written_off":
        raise CorrectionError(N_("Tagihan ini tidak dihapusbukukan."))
    if held.row.closed_on is not None and books.is_locked(held.row.closed_on):
        raise CorrectionError(
            N_(
                "Bulan penghapusbukuan ini sudah dikunci. Buka kembali bulan itu di halaman "
                "Kunci bulan, atau catat uang yang datang sebagai saldo."
            )
        )
    before = held.facts
    rows.reopen(held.row)
    audit.record("invoice.write_off_undo", f"invoice:{invoice_id}", before=before, reason=said)


def spend_credit(customer_id: int) -> int:
    """Use the customer's credit for open invoices now, oldest due first; rupiah used.

    Raises CorrectionError when there is nothing to use or nothing to use it for.
    """
    hold_customer(customer_id)
    before = credit_balance(customer_id)
    wanted = invoices.open_ids(customer_id)
    if before <= 0 or not wanted:
        raise CorrectionError(N_("Tidak ada saldo atau tagihan terbuka."))
    use_credit(wanted)
    used = before - credit_balance(customer_id)
    audit.record("credit.use", f"customer:{customer_id}", after={"amount": used})
    return used


def _hold(invoice_id: int, *, runs: bool = False) -> Held:
    """Lock in the house's order: the runs when wanted, the customer's money, the invoice."""
    customer_id, period = db.session.execute(
        select(Invoice.customer_id, Invoice.period).where(Invoice.id == invoice_id)
    ).one()
    if runs:
        rows.hold_runs(Period.parse(period))
    hold_customer(customer_id)
    return rows.lock(invoice_id)


def _give_back(invoice: Invoice, amount: int) -> None:
    """Move rupiah from an invoice to the credit of the payments they came from, newest first."""
    parts = db.session.execute(
        select(ROOT, func.sum(Allocation.amount))
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.invoice_id == invoice.id)
        .group_by(ROOT)
        .having(func.sum(Allocation.amount) > 0)
        .order_by(ROOT.desc())
    ).all()
    for payment_id, paid in parts:
        part = min(int(paid), amount)
        if part <= 0:
            break
        move_back(payment_id, invoice, part)
        amount -= part
    db.session.flush()


def move_back(payment_id: int, invoice: Invoice, part: int) -> None:
    """From the invoice to the same payment's credit, in rupiah."""
    at = now()
    db.session.add(
        Allocation(payment_id=payment_id, invoice_id=invoice.id, amount=-part, created_at=at)
    )
    db.session.add(
        Credit(
            customer_id=invoice.customer_id,
            payment_id=payment_id,
            invoice_id=invoice.id,
            amount=part,
            reason="kembali dari tagihan",
            created_at=at,
        )
    )
