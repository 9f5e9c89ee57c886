"""Months of an ISP's life by the real services, at random but the same for the same seed."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now, today
from portal.invoices import billing
from portal.invoices.models import Invoice
from portal.payments import corrections, refunds, reversal
from portal.payments.corrections import CorrectionError
from portal.payments.models import Payment
from portal.payments.service import credit_balance, record_payment
from portal.settings import service as settings
from tests import factories

WAYS = (
    ("pakasir", "qris"),
    ("pakasir", "bri_va"),
    ("transfer", "bca"),
    ("cash", "tunai"),
    ("cash", ""),
)


class Life:
    """One ISP; `live(months)` bills it each month and lets things happen in between."""

    def __init__(self, clock: FixedClock, seed: int) -> None:
        self.clock, self.chance = clock, random.Random(seed)
        settings.change("billing.tax_bp", self.chance.choice([0, 1100, 1100]))
        db.session.commit()
        self.crew = [factories.staff(role=role).id for role in ("finance", "collector")]
        plans = [factories.plan("Kecil", 99_999), factories.plan("Besar", 250_001)]
        self.people: list[int] = []
        for number in range(5):
            area = ("Cibiru", "Ujung Berung")[number % 2]
            payer = factories.customer(area=area)
            factories.subscription(payer, plans[number % 2])
            self.people.append(payer.id)
        db.session.execute(
            update(Customer).where(Customer.id == self.people[-1]).values(area_id=None)
        )
        db.session.commit()

    def live(self, months: int, each: int = 12) -> None:
        for _month in range(months):
            while billing.issue_chunk(Period.of(today()), only_due=False):
                db.session.commit()
            db.session.commit()
            self._month(each)
            self._to_the_first()

    def _month(self, each: int) -> None:
        days = sorted(self.chance.randint(0, 27) for _ in range(each))
        begin = self.clock.at
        for day in days:
            self.clock.at = begin + timedelta(days=day, minutes=self.chance.randint(0, 1300))
            self._something()
        self.clock.at = max(self.clock.at, begin)

    def _to_the_first(self) -> None:
        nearest = Period.of(today()).next().first_day
        self.clock.at = datetime(nearest.year, nearest.month, 1, 0, 5, tzinfo=self.clock.zone)

    def _something(self) -> None:
        acts: list[Callable[[], Any]] = [
            *[self.pay] * 7,
            self.pay_late,
            self.reverse,
            self.note,
            self.note,
            self.void,
            self.write_off,
            self.undo_write_off,
            self.refund,
            self.spend,
        ]
        try:
            self.chance.choice(acts)()
            db.session.commit()
        except CorrectionError:
            db.session.rollback()

    def _one(self, model: Any, *where: Any) -> Any:
        ids = list(db.session.scalars(select(model.id).where(*where).order_by(model.id)))
        return self.chance.choice(ids) if ids else None

    def pay(self, days_ago: int = 0) -> None:
        payer = self.chance.choice(self.people)
        source, method = self.chance.choice(WAYS)
        owed = list(
            db.session.scalars(
                select(Invoice.id).where(Invoice.customer_id == payer, Invoice.state == "open")
            )
        )
        record_payment(
            customer_id=payer,
            amount=self.chance.choice([99_999, 110_999, 250_001, 50_000, 1, 400_003]),
            source=source,
            method=method,
            paid_at=now() - timedelta(days=days_ago),
            invoice_ids=owed[:1] if self.chance.random() < 0.5 else [],
            taken_by_id=self.chance.choice(self.crew) if source == "cash" else None,
        )

    def pay_late(self) -> None:
        """Money of days ago, seen only now: booked before it was recorded."""
        self.pay(self.chance.randint(1, 9))

    def reverse(self) -> None:
        if found := self._one(Payment, Payment.reverses_id.is_(None)):
            again = self.chance.choice(self.people) if self.chance.random() < 0.3 else None
            reversal.reverse(found, "salah orang", again_for=again)

    def note(self) -> None:
        if found := self._one(Invoice, Invoice.state.in_(("open", "paid"))):
            amount = self.chance.choice([1, 10_000, 33_333, 99_999])
            corrections.credit_note(found, amount, "gangguan")

    def void(self) -> None:
        if found := self._one(Invoice, Invoice.state.in_(("open", "paid"))):
            corrections.void(found, "salah", replace=self.chance.random() < 0.5)

    def write_off(self) -> None:
        if found := self._one(Invoice, Invoice.state == "open"):
            corrections.write_off(found, "pindah")

    def undo_write_off(self) -> None:
        if found := self._one(Invoice, Invoice.state == "written_off"):
            corrections.undo_write_off(found, "datang lagi")

    def refund(self) -> None:
        payer = self.chance.choice(self.people)
        if (held := credit_balance(payer)) > 0:
            amount = self.chance.randint(1, held)
            taker = self.chance.choice([None, *self.crew])
            refunds.refund(payer, amount, "cash", "minta", paid_by_id=taker)

    def spend(self) -> None:
        corrections.spend_credit(self.chance.choice(self.people))


def rows_there_are() -> dict[str, int]:
    """How much happened, to see that a life was not an empty one."""
    return {
        "payments": db.session.scalar(select(func.count()).select_from(Payment)) or 0,
        "reversals": db.session.scalar(select(func.count()).where(Payment.reverses_id.is_not(None)))
        or 0,
        "void": db.session.scalar(select(func.count()).where(Invoice.state == "void")) or 0,
        "written_off": db.session.scalar(select(func.count()).where(Invoice.state == "written_off"))
        or 0,
    }
