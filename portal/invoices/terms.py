"""Changing what the next invoices hold: discounts, one-off charges, the tax by date.

Every verb is audited and raises TermsError with a sentence in Indonesian. Amounts in rupiah.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select, update

from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import now, today
from portal.invoices.facts import waiting
from portal.invoices.models_terms import Charge, SubscriptionDiscount, TaxRate
from portal.web.sentences import N_

HIGHEST = 10**9


class TermsError(ValueError):
    """It cannot be so; the message is a sentence in Indonesian."""


def add_discount(
    subscription_id: int, kind: str, value: int, until_on: date | None, reason: str
) -> SubscriptionDiscount:
    """A discount from the next invoice on: `value` in rupiah, or in basis points."""
    limit = 10_000 if kind == "percent" else HIGHEST
    if kind not in {"amount", "percent"} or not 0 < value <= limit:
        raise TermsError(N_("Isi potongan yang lebih dari nol, paling banyak 100 %."))
    if until_on is not None and until_on < today():
        raise TermsError(N_("Tanggal akhir potongan sudah lewat."))
    row = SubscriptionDiscount(
        subscription_id=subscription_id,
        kind=kind,
        value=value,
        until_on=until_on,
        reason=_reason(reason, 120),
        created_at=now(),
    )
    db.session.add(row)
    db.session.flush()
    until = until_on.isoformat() if until_on else None
    after = {"kind": kind, "value": value, "until": until}
    subject = f"subscription:{subscription_id}"
    audit.record("discount.add", subject, after=after, reason=row.reason)
    return row


def stop_discount(subscription_id: int, discount_id: int) -> bool:
    """No more from the next invoice on; False when it was stopped before."""
    stopped = updated(
        update(SubscriptionDiscount)
        .where(
            SubscriptionDiscount.id == discount_id,
            SubscriptionDiscount.subscription_id == subscription_id,
            SubscriptionDiscount.stopped_at.is_(None),
        )
        .values(stopped_at=now())
    )
    if stopped:
        subject = f"subscription:{subscription_id}"
        audit.record("discount.stop", subject, before={"discount": discount_id})
    return stopped == 1


def discounts_of(subscription_ids: Sequence[int]) -> Sequence[SubscriptionDiscount]:
    """Discounts that still count."""
    return db.session.scalars(
        select(SubscriptionDiscount)
        .where(
            SubscriptionDiscount.subscription_id.in_(subscription_ids),
            SubscriptionDiscount.stopped_at.is_(None),
            (SubscriptionDiscount.until_on.is_(None)) | (SubscriptionDiscount.until_on >= today()),
        )
        .order_by(SubscriptionDiscount.id)
    ).all()


def add_fee(subscription_id: int, description: str, amount: int) -> Charge:
    """An extra or installation fee for the next invoice."""
    if not 0 < amount <= HIGHEST:
        raise TermsError(N_("Biaya harus lebih dari nol."))
    row = charge(subscription_id, "fee", _reason(description, 120), amount)
    after = {"amount": amount, "description": row.description}
    audit.record("charge.add", f"subscription:{subscription_id}", after=after)
    return row


def charge(subscription_id: int, kind: str, description: str, amount: int) -> Charge:
    """A one-off amount that waits for the next invoice; not audited by itself."""
    row = Charge(
        subscription_id=subscription_id,
        kind=kind,
        description=description[:160],
        amount=amount,
        created_at=now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def cancel_charge(subscription_id: int, charge_id: int, reason: str) -> bool:
    """Take back a charge that no invoice has taken; False when it is too late."""
    reason = _reason(reason, 200)
    cancelled = updated(
        update(Charge)
        .where(Charge.id == charge_id, Charge.subscription_id == subscription_id, waiting())
        .values(cancelled_at=now())
        .execution_options(synchronize_session=False)
    )
    if cancelled:
        subject = f"subscription:{subscription_id}"
        audit.record("charge.cancel", subject, before={"charge": charge_id}, reason=reason)
    return cancelled == 1


def drop_late_fee(invoice_id: int, reason: str) -> None:
    """Take back the fee for being late with an invoice, when no invoice has taken it yet."""
    rows = db.session.execute(
        select(Charge.subscription_id, Charge.id).where(
            Charge.late_invoice_id == invoice_id, waiting()
        )
    ).all()
    for subscription_id, charge_id in rows:
        cancel_charge(subscription_id, charge_id, reason)


def charges_of(subscription_ids: Sequence[int]) -> Sequence[Charge]:
    """What waits for the lines' next invoices."""
    return db.session.scalars(
        select(Charge)
        .where(Charge.subscription_id.in_(subscription_ids), waiting())
        .order_by(Charge.id)
    ).all()


def set_tax(valid_from: date, rate_bp: int, numerator: int, denominator: int) -> TaxRate:
    """The rate for invoices issued from that day on; the same day again replaces it.

    Invoices that are issued keep theirs, so a day that has passed is refused.
    """
    if valid_from < today():
        raise TermsError(N_("Tarif hanya dapat berlaku mulai hari ini atau sesudahnya."))
    if not 0 <= rate_bp <= 5_000 or not 0 < numerator <= denominator <= 1_000:
        raise TermsError(N_("Tarif 0 sampai 50 %, dasar paling banyak 1 (misalnya 11/12)."))
    row = db.session.scalar(select(TaxRate).where(TaxRate.valid_from == valid_from))
    before = {} if row is None else _rate(row)
    row = row or TaxRate(valid_from=valid_from, created_at=now())
    row.rate_bp, row.numerator, row.denominator = rate_bp, numerator, denominator
    db.session.add(row)
    db.session.flush()
    audit.record("tax.set", f"tax:{valid_from.isoformat()}", before=before, after=_rate(row))
    return row


def _rate(row: TaxRate) -> dict[str, int]:
    return {
        "rate_bp": row.rate_bp,
        "numerator": row.numerator,
        "denominator": row.denominator,
    }


def _reason(text: str, limit: int) -> str:
    if not text.strip():
        raise TermsError(N_("Tulis alasannya."))
    return text.strip()[:limit]
