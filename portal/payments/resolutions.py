"""What staff can do about an item of the *perlu perhatian* list, besides closing it.

Money is never recorded on a person's word alone here: the gateway is asked again, and what
it confirms goes through the same settlement as everything else. These functions commit.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from portal.config import Settings
from portal.core.driverkit import DriverError
from portal.core.money import format_rupiah
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import end_read
from portal.infra.timekeeping import now
from portal.payments import attention, notices, orders
from portal.payments.gateways.base import ChargeStatus
from portal.payments.models import AttentionItem, Credit, Payment, PaymentOrder
from portal.payments.registry import DEFAULT, gateway
from portal.payments.settlement import correct_amount, settle
from portal.subscriptions.finding import customer_matches

ACTIONS: dict[str, tuple[str, ...]] = {
    "late": ("credit",),
    "double": ("credit",),
    "for_void": ("credit",),
    "surplus": ("credit",),
    "ahead_changed": ("credit",),
    "order_paid_again": ("credit",),
    "order_part_paid": ("credit",),
    "order_mismatch": ("record", "ask"),
    "hook_mismatch": ("record", "ask"),
    "unknown_order": ("attach",),
}
"""By kind of item; `match` (it is in order, close it) is always there."""
MOST_PAYERS = 8
KNOWN = frozenset({"late", "surplus"})
"""What whoever records by hand has before their eyes."""


class ResolutionError(ValueError):
    """It cannot be done; a sentence for the staff member."""


def actions(item: AttentionItem, credit: int) -> list[str]:
    """What is offered for an open item; `credit` in rupiah is what its payment left over."""
    offered = [name for name in ACTIONS.get(item.kind, ()) if name != "credit" or credit > 0]
    if "record" in offered and (claimed(item) is None or item.details.get("sandbox")):
        offered.remove("record")
    return [*offered, "match"]


def claimed(item: AttentionItem) -> int | None:
    """The rupiah that somebody says came, when it is not what was asked for."""
    said = item.details.get("gateway_amount") or item.details.get("claimed_amount")
    differs = isinstance(said, int) and said > 0 and said != item.details.get("our_amount")
    return said if differs else None


def credit_left(item: AttentionItem) -> int:
    """Rupiah of the item's payment that are still credit."""
    if item.payment_id is None:
        return 0
    found = (
        select(func.coalesce(func.sum(Credit.amount), 0))
        .join(Payment, Payment.id == Credit.payment_id)
        .where(or_(Payment.id == item.payment_id, Payment.reverses_id == item.payment_id))
    )
    return int(db.session.scalar(found) or 0)


def act(item_id: int, action: str, note: str, actor: str, customer: str = "") -> str:
    """Do one of the item's actions; the sentence that says what happened. Commits.

    `customer` is the number for `attach`, or what finds just one customer. Raises
    ResolutionError (ValueError) when it cannot be done, DriverError when the gateway could
    not be asked.
    """
    if not note.strip():
        raise ResolutionError("Tulis apa yang sudah dilakukan.")
    item = db.session.get_one(AttentionItem, item_id)
    if item.state != "open":
        return _("Sudah ditandai sebelumnya.")
    if action not in actions(item, credit_left(item)):
        raise ResolutionError(_("Tindakan ini tidak berlaku untuk hal tersebut."))
    if action == "ask":
        return _ask(item, note, actor)
    if action == "record":
        return _record(item, note, actor)
    if action == "attach":
        return _attach(item, note, actor, customer)
    said = note
    if action == "credit":
        said = f"Dibiarkan sebagai saldo {format_rupiah(credit_left(item))}. {note}"
    attention.resolve(item_id, said, actor)
    db.session.commit()
    return _("Ditandai selesai.")


def _ask(item: AttentionItem, note: str, actor: str) -> str:
    if item.payment_order_id is None:
        raise ResolutionError(_("Tidak ada order yang dapat ditanyakan."))
    item_id, order_pk = item.id, item.payment_order_id
    end_read()
    outcome = orders.check_now(order_pk)
    if db.session.get_one(PaymentOrder, order_pk, populate_existing=True).state != "settled":
        return _("Gateway ditanya: %(outcome)s.", outcome=notices.WORDS[outcome])
    attention.resolve(item_id, f"Gateway ditanya lagi: order lunas. {note}", actor)
    db.session.commit()
    return _("Gateway membenarkan: order lunas dan sudah dicatat.")


def _record(item: AttentionItem, note: str, actor: str) -> str:
    """The customer paid another amount: what the gateway confirms is what is recorded."""
    amount, item_id = claimed(item), item.id
    order = db.session.get(PaymentOrder, item.payment_order_id or 0)
    if order is None or amount is None:
        raise ResolutionError(_("Tidak ada order yang dapat ditanyakan."))
    if order.state == "settled":
        raise ResolutionError(_("Order ini sudah lunas; cocokkan di dasbor gateway."))
    order_pk, order_id = order.id, order.order_id
    status = _confirmed(order.gateway, order_id, amount, order.reference)
    if not correct_amount(order_pk, amount, note):
        raise ResolutionError(_("Order ini sudah lunas; cocokkan di dasbor gateway."))
    return _finish(order_pk, status, item_id, note, actor)


def _attach(item: AttentionItem, note: str, actor: str, number: str) -> str:
    """Money for an order we do not have, say after a restore: it gets its order back."""
    payer = _payer(number)
    payer_id, item_id, about = payer.id, item.id, dict(item.details)
    order_id = str(about.get("order_id") or item.dedupe_key.removeprefix("unknown:"))
    kind, reference = str(about.get("gateway") or DEFAULT), str(about.get("reference") or "")
    amount = int(about["amount"])
    status = _confirmed(kind, order_id, amount, reference)
    # Two staff members at once: the item is the lock.
    held = db.session.get_one(AttentionItem, item_id, with_for_update=True, populate_existing=True)
    there = select(PaymentOrder.id).where(PaymentOrder.order_id == order_id)
    if held.state != "open" or db.session.scalar(there) is not None:
        raise ResolutionError(_("Order itu sudah dicatat."))
    order = PaymentOrder(
        order_id=order_id,
        customer_id=payer_id,
        gateway=kind,
        reference=reference,
        amount=amount,
        created_at=_not_later(status.completed_at),
    )
    db.session.add(order)
    db.session.flush()
    audit.record(
        "order.attach", f"order:{order.id}", after={"customer_id": payer_id}, reason=note.strip()
    )
    return _finish(order.id, status, item_id, note, actor)


def _payer(text: str) -> Customer:
    """The one customer meant by a number, or by whatever finds exactly one."""
    typed = text.strip()
    exact = db.session.scalar(select(Customer).where(Customer.number == typed))
    if exact is not None:
        return exact
    found = payers(typed)
    if not found:
        raise ResolutionError(_("Tidak ada pelanggan yang cocok."))
    if len(found) > 1:
        raise ResolutionError(_("Lebih dari satu pelanggan cocok. Pilih salah satu."))
    return found[0]


def payers(text: str) -> Sequence[Customer]:
    """Customers found by name, number, phone or login; at most MOST_PAYERS."""
    if not text.strip():
        return []
    return db.session.scalars(
        select(Customer)
        .where(customer_matches(text.strip()))
        .order_by(Customer.name, Customer.id)
        .limit(MOST_PAYERS)
    ).all()


def _confirmed(kind: str, order_id: str, amount: int, reference: str) -> ChargeStatus:
    """The gateway's word that exactly this came; raises ResolutionError when it is not."""
    end_read()
    try:
        status = gateway(kind).fetch(order_id, amount, reference)
    except DriverError as error:
        raise ResolutionError(error.sentence) from None
    settings: Settings = current_app.extensions["loket.settings"]
    same: Any = (status.state, status.order_id, status.amount)
    if same != ("completed", order_id, amount) or status.objection:
        raise ResolutionError(_("Gateway tidak membenarkan jumlah ini, jadi tidak dicatat."))
    if status.sandbox and settings.production:
        raise ResolutionError(_("Ini pembayaran sandbox, bukan uang sungguhan."))
    return status


def _finish(order_pk: int, status: ChargeStatus, item_id: int, note: str, actor: str) -> str:
    if settle(order_pk, status, known=KNOWN) != "settled":
        db.session.rollback()
        raise ResolutionError(_("Pembayaran belum dapat dicatat. Coba lagi."))
    attention.resolve(item_id, note, actor)
    db.session.commit()
    return _("Pembayaran dicatat.")


def _not_later(stamp: datetime | None) -> datetime:
    return now() if stamp is None else min(stamp, now())
