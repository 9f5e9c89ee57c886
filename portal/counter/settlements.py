"""Settlements: a collector hands over what they took, a cashier counts it. Never commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Row, select, update

from portal.accounts.models import Staff
from portal.core.money import format_rupiah
from portal.counter import drawer, taking
from portal.counter.drawer import COLLECTOR, CounterError
from portal.counter.models import Settlement, SettlementPayment
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit, numbering
from portal.infra.database import updated
from portal.infra.timekeeping import now, today
from portal.payments.models import Payment


@dataclass(frozen=True)
class Handover:
    """What a cashier confirms. `upto` is the last payment they saw and `shown` the sum, both
    from the page: what was taken since belongs to the next settlement. Rupiah."""

    collector_id: int
    counted: int
    upto: int
    shown: int
    note: str = ""


def unsettled(collector_id: int) -> Sequence[Row[Payment, str, str]]:
    """(payment, customer name, number) still with a collector, the oldest first."""
    return db.session.execute(
        select(Payment, Customer.name, Customer.number)
        .join(Customer, Customer.id == Payment.customer_id)
        .where(*drawer.in_drawer(collector_id))
        .order_by(Payment.id)
    ).all()


def receive(handover: Handover, cashier_id: int, once: str) -> tuple[Settlement, bool]:
    """The cashier has the money: once per `once`; says whether it was recorded now.

    Raises CounterError, also when the page was older than the money.
    """
    drawer.hold(handover.collector_id, cashier_id)
    before = db.session.scalar(select(Settlement).where(Settlement.once == once))
    if before is not None:
        return before, False
    _check(handover, cashier_id, once)
    ids = _handed_over(handover)
    made = _add(
        collector_id=handover.collector_id,
        received_by_id=cashier_id,
        expected=handover.shown,
        counted=handover.counted,
        note=handover.note.strip()[:200],
        once=once,
    )
    db.session.add_all(
        SettlementPayment(settlement_id=made.id, payment_id=payment_id) for payment_id in ids
    )
    db.session.flush()
    after = {"number": made.number, "expected": made.expected, "counted": made.counted}
    audit.record("settlement.receive", f"settlement:{made.id}", after=after, reason=made.note)
    return made, True


def _check(handover: Handover, cashier_id: int, once: str) -> None:
    collector = db.session.get(Staff, handover.collector_id)
    if not once or collector is None or collector.role != COLLECTOR:
        raise CounterError(_("Formulir ini tidak lengkap. Ulangi dari awal."))
    if not 0 <= handover.counted <= drawer.MOST:
        raise CounterError(_("Isi jumlah uang yang dihitung."))
    taking.refuse_closed(cashier_id)


def _handed_over(handover: Handover) -> list[int]:
    """The payments of this settlement, as the page showed them."""
    rows = [row for row in unsettled(handover.collector_id) if row[0].id <= handover.upto]
    expected = sum(row[0].amount for row in rows)
    if not rows:
        raise CounterError(_("Tidak ada uang yang perlu disetor; mungkin baru saja diterima."))
    if expected != handover.shown:
        raise CounterError(_("Jumlahnya berubah sejak halaman ini dibuka. Periksa lagi."))
    if expected < 0:
        raise CounterError(
            _("Setorannya minus karena pembayaran yang dibatalkan. Terima bersama uang berikutnya.")
        )
    if handover.counted != expected and not handover.note.strip():
        gap = format_rupiah(handover.counted - expected)
        raise CounterError(_("Selisih %(gap)s. Tulis sebabnya.", gap=gap))
    return [row[0].id for row in rows]


def reverse(settlement_id: int, reason: str) -> Settlement:
    """Take a settlement back with a row of minus amounts; its payments wait for another one.

    Raises CounterError without a reason, or when it was taken back before.
    """
    if not reason.strip():
        raise CounterError(_("Tulis alasannya."))
    wrong = db.session.get_one(Settlement, settlement_id)
    drawer.hold(wrong.collector_id, wrong.received_by_id)
    if wrong.reverses_id is not None or reversal_of(settlement_id) is not None:
        raise CounterError(_("Setoran ini sudah dibatalkan."))
    made = _add(
        collector_id=wrong.collector_id,
        received_by_id=wrong.received_by_id,
        expected=-wrong.expected,
        counted=-wrong.counted,
        note=reason.strip()[:200],
        once=f"reverse:{settlement_id}",
        reverses_id=settlement_id,
    )
    updated(
        update(SettlementPayment)
        .where(SettlementPayment.settlement_id == settlement_id)
        .values(released=True)
    )
    before = {"number": wrong.number, "counted": wrong.counted}
    audit.record("settlement.reverse", f"settlement:{wrong.id}", before=before, reason=made.note)
    return made


def reversal_of(settlement_id: int) -> Settlement | None:
    """The row that took a settlement back."""
    return db.session.scalar(select(Settlement).where(Settlement.reverses_id == settlement_id))


def _add(**values: Any) -> Settlement:
    name = f"SET-{today():%Y%m%d}"
    made = Settlement(
        number=numbering.document_number(name, numbering.take(name)[0]),
        booked_on=today(),
        created_at=now(),
        **values,
    )
    db.session.add(made)
    db.session.flush()
    return made
