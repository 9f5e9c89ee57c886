"""What staff agree with a customer: a day to pay by, and how many months may be paid at once.

Both postpone isolation and open a line that is walled off. Audited with reason; never committed
here.
"""

from datetime import date, timedelta

from sqlalchemy import extract, func, or_, select, update

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import now, today
from portal.network import isolation
from portal.network.models_isolation import PaymentPromise, RapelTerm
from portal.settings import service as settings
from portal.web.sentences import N_


class PromiseError(ValueError):
    """It cannot be agreed; the message is a sentence in Indonesian."""


def make(customer_id: int, until_on: date, reason: str) -> PaymentPromise:
    """Write down that the customer will pay up to that day; opens what was walled off.

    Raises PromiseError: no reason, a day that is over or too far, one promise runs already,
    or the year's promises are used up.
    """
    words = _reason(reason)
    longest = timedelta(days=settings.integer("isolation.promise_days"))
    if until_on < today():
        raise PromiseError(N_("Tanggal janji sudah lewat."))
    if until_on > today() + longest:
        raise PromiseError(N_("Tanggal janji terlalu jauh."))
    # Two at the counter at once must not both get the last one of the year.
    db.session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update())
    if current(customer_id) is not None:
        raise PromiseError(N_("Masih ada janji bayar yang berlaku."))
    if left_this_year(customer_id) < 1:
        raise PromiseError(N_("Jatah janji bayar tahun ini sudah habis."))
    row = PaymentPromise(
        customer_id=customer_id,
        made_on=today(),
        until_on=until_on,
        reason=words,
        created_at=now(),
    )
    db.session.add(row)
    db.session.flush()
    after = {"until": until_on.isoformat()}
    audit.record("promise.make", f"customer:{customer_id}", after=after, reason=words)
    isolation.restore_of(customer_id)
    return row


def withdraw(customer_id: int, promise_id: int, reason: str) -> bool:
    """The promise no longer counts; the next run decides. False when it was over already.

    One taken back on the day it was made does not count for the year. Raises PromiseError.
    """
    words = _reason(reason)
    changed = updated(
        update(PaymentPromise)
        .where(
            PaymentPromise.id == promise_id,
            PaymentPromise.customer_id == customer_id,
            PaymentPromise.withdrawn_on.is_(None),
            PaymentPromise.until_on >= today(),
        )
        .values(withdrawn_on=today()),
        refresh=True,
    )
    if changed != 1:
        return False
    audit.record("promise.withdraw", f"customer:{customer_id}", reason=words)
    isolation.restore_of(customer_id)
    return True


def current(customer_id: int) -> PaymentPromise | None:
    """The promise in force."""
    return db.session.scalar(
        select(PaymentPromise)
        .where(
            PaymentPromise.customer_id == customer_id,
            PaymentPromise.withdrawn_on.is_(None),
            PaymentPromise.until_on >= today(),
        )
        .order_by(PaymentPromise.until_on.desc())
    )


def of_customer(customer_id: int, limit: int = 10) -> list[PaymentPromise]:
    """A customer's promises, the newest first."""
    return list(
        db.session.scalars(
            select(PaymentPromise)
            .where(PaymentPromise.customer_id == customer_id)
            .order_by(PaymentPromise.id.desc())
            .limit(limit)
        )
    )


def left_this_year(customer_id: int) -> int:
    """How many promises the customer may still make in the calendar year."""
    used = db.session.scalar(
        select(func.count()).where(
            PaymentPromise.customer_id == customer_id,
            extract("year", PaymentPromise.made_on) == today().year,
            or_(
                PaymentPromise.withdrawn_on.is_(None),
                PaymentPromise.withdrawn_on > PaymentPromise.made_on,
            ),
        )
    )
    return max(0, settings.integer("isolation.promises_per_year") - int(used or 0))


def rapel(customer_id: int) -> RapelTerm | None:
    """How many months the customer may pay at once; None when nothing was agreed."""
    return db.session.get(RapelTerm, customer_id)


def agree_rapel(customer_id: int, months: int, reason: str) -> bool:
    """Let a customer pay so many months at once; 0 ends it. False when it is so already.

    The setting `isolation.rapel_cap` limits it. Raises PromiseError.
    """
    words, cap = _reason(reason), settings.integer("isolation.rapel_cap")
    if months < 0 or months > cap:
        raise PromiseError(N_("Jumlah bulan melebihi batas di pengaturan."))
    row = rapel(customer_id)
    before = row.months if row else 0
    if months == before:
        return False
    if row is None:
        row = RapelTerm(customer_id=customer_id)
        db.session.add(row)
    row.months, row.reason, row.updated_at = months, words, now()
    db.session.flush()
    subject = f"customer:{customer_id}"
    audit.record(
        "rapel.agree", subject, before={"months": before}, after={"months": months}, reason=words
    )
    isolation.restore_of(customer_id)
    return True


def _reason(text: str) -> str:
    words = text.strip()[:200]
    if not words:
        raise PromiseError(N_("Tulis alasannya."))
    return words
