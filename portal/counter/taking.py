"""Taking money at the counter: cash into one's drawer, or a transfer one saw in the account.

The payment itself is recorded in `payments.service`, the one place. Never commits.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from flask_babel import gettext as _
from sqlalchemy import select

from portal.counter import drawer
from portal.counter.drawer import CounterError
from portal.counter.models import CounterTaking
from portal.extensions import db
from portal.infra.timekeeping import now, today, zone
from portal.invoices import books
from portal.invoices.models import Invoice
from portal.payments.models import Payment
from portal.payments.service import record_payment


@dataclass(frozen=True)
class Wish:
    """What is to be recorded, read from the form. Rupiah; `day` is the ISP's.

    `method`: cash or transfer. `received` is the cash handed over, when it was typed.
    """

    customer_id: int
    amount: int
    invoice_ids: tuple[int, ...]
    method: str = "cash"
    received: int | None = None
    bank: str = ""
    reference: str = ""
    day: date | None = None

    @property
    def change(self) -> int:
        """What goes back to the customer."""
        return 0 if self.received is None else self.received - self.amount


def check(wish: Wish, staff_id: int) -> None:
    """Raises CounterError when this may not be recorded now by this person."""
    if wish.amount <= 0:
        raise CounterError(_("Isi jumlah yang dibayar."))
    if wish.amount > drawer.MOST:
        raise CounterError(_("Jumlahnya terlalu besar. Periksa angka nolnya."))
    if wish.method == "cash":
        _check_cash(wish, staff_id)
    else:
        _check_transfer(wish)


def _check_cash(wish: Wish, staff_id: int) -> None:
    if wish.change < 0:
        raise CounterError(_("Uang diterima kurang dari jumlah yang dibayar."))
    refuse_closed(staff_id)


def refuse_closed(staff_id: int) -> None:
    """Raises CounterError when this person's day is closed: it takes no more cash."""
    if drawer.closing_of(staff_id, today()) is not None:
        raise CounterError(
            _(
                "Kas hari ini sudah ditutup, jadi tidak menerima uang tunai lagi. Pemilik atau "
                "keuangan dapat membukanya di Tutup kas, dengan alasan."
            )
        )


def _check_transfer(wish: Wish) -> None:
    if not wish.bank:
        raise CounterError(_("Isi bank atau rekening yang menerima transfer."))
    day = wish.day or today()
    if day > today():
        raise CounterError(_("Tanggal transfer belum terjadi."))
    if books.is_locked(day):
        raise CounterError(
            _("Buku bulan itu sudah dikunci. Pakai tanggal lain, atau minta pemilik membukanya.")
        )


def take(wish: Wish, staff_id: int, once: str) -> tuple[Payment, bool]:
    """Record it once per `once`; says whether it was recorded now. Raises CounterError."""
    if not once:
        raise CounterError(_("Formulir ini tidak lengkap. Ulangi dari awal."))
    drawer.hold(staff_id)
    before = db.session.scalar(select(CounterTaking).where(CounterTaking.once == once))
    if before is not None:
        if before.payment.taken_by_id != staff_id:
            raise CounterError(_("Formulir ini tidak lengkap. Ulangi dari awal."))
        return before.payment, False
    check(wish, staff_id)
    payment = record_payment(
        customer_id=wish.customer_id,
        amount=wish.amount,
        source="cash" if wish.method == "cash" else "counter_transfer",
        method="tunai" if wish.method == "cash" else wish.bank,
        paid_at=_moment(wish),
        invoice_ids=_own(wish),
        note=wish.reference,
        taken_by_id=staff_id,
    )
    received = wish.received if wish.method == "cash" else None
    db.session.add(CounterTaking(payment_id=payment.id, once=once, received=received))
    db.session.flush()
    return payment, True


def _moment(wish: Wish) -> datetime:
    """Now; for a transfer of an earlier day its noon."""
    if wish.method == "cash" or wish.day is None or wish.day == today():
        return now()
    return datetime.combine(wish.day, time(12), zone())


def _own(wish: Wish) -> list[int]:
    """The chosen invoices that are this customer's, in the order of choosing."""
    own = set(
        db.session.scalars(
            select(Invoice.id).where(
                Invoice.id.in_(wish.invoice_ids), Invoice.customer_id == wish.customer_id
            )
        )
    )
    return [invoice_id for invoice_id in wish.invoice_ids if invoice_id in own]
