"""Short ways to do at the counter what people do, through the real services."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Staff
from portal.counter import closings, drawer, settlements, taking
from portal.counter.closings import Count
from portal.counter.models import Closing, Settlement, SettlementPayment
from portal.counter.settlements import Handover
from portal.counter.taking import Wish
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.secrets import new_token
from portal.infra.timekeeping import today
from portal.invoices.models import Invoice


def take(who: Staff, payer: Customer, amount: int, *bills: Invoice, once: str = "") -> int:
    """Cash (rupiah); the payment's id."""
    wish = Wish(payer.id, amount, tuple(bill.id for bill in bills))
    payment, _new = taking.take(wish, who.id, once or new_token())
    payment_id = payment.id
    db.session.commit()
    return payment_id


def hand_over(collector: Staff, cashier: Staff, gap: int = 0, once: str = "") -> Settlement:
    """Everything the collector has, as the cashier's page shows it."""
    rows = settlements.unsettled(collector.id)
    shown = sum(row[0].amount for row in rows)
    handover = Handover(
        collector_id=collector.id,
        counted=max(0, shown + gap),
        upto=max((row[0].id for row in rows), default=0),
        shown=shown,
        note="salah hitung" if gap else "",
    )
    made, _new = settlements.receive(handover, cashier.id, once or new_token())
    return _kept(made)


def close(who: Staff, opening: int = 0, gap: int = 0, day: Any = None) -> Closing:
    """The person's day, as their page shows it."""
    day = day or today()
    shown = opening + sum(one.amount for one in closings.movements(who.id, day))
    count = Count(
        day=day,
        opening=opening,
        counted=max(0, shown + gap),
        shown=shown,
        note="selisih" if gap or shown < 0 else "",
    )
    made, _new = closings.close(count, who.id, new_token())
    return _kept(made)


def reopen(closing: Closing) -> None:
    closings.reopen(closing.id, "salah ketik", "staff:1")
    db.session.commit()


def reverse(settlement: Settlement) -> Settlement:
    return _kept(settlements.reverse(settlement.id, "salah orang"))


def refused(action: Callable[[], object]) -> str:
    """The sentence an action is refused with; nothing of it stays."""
    try:
        action()
    except drawer.CounterError as error:
        return str(error)
    finally:
        db.session.rollback()
    raise AssertionError("it was not refused")


def held(who: Staff) -> int:
    """Rupiah of cash still in a person's drawer."""
    rows = settlements.unsettled(who.id)
    found = sum(row[0].amount for row in rows)
    db.session.rollback()
    return found


def handed_over() -> list[int]:
    """Ids of the payments in settlements that stand."""
    statement = select(SettlementPayment.payment_id).where(SettlementPayment.released.is_(False))
    found = sorted(db.session.scalars(statement))
    db.session.rollback()
    return found


def _kept(row: Any) -> Any:
    db.session.commit()
    db.session.refresh(row)
    db.session.expunge(row)
    db.session.rollback()
    return row
