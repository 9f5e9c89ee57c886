"""Transfers confirmed by hand: the photo a customer sends, and what the cashier says of it.

The cashier's word takes the place of the gateway's answer and goes through the same
settlement. A photo proves nothing and settles nothing. Photos show people's bank accounts, so
they have no public address, and are kept 400 days: a year's books and the time to close them.
Services here never commit.
"""

from collections.abc import Sequence
from typing import IO, Any

from flask_babel import gettext as _
from sqlalchemy import Select, and_, exists, func, or_, select, update

from portal.core.driverkit import Misconfigured
from portal.core.money import format_rupiah
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import updated
from portal.infra.timekeeping import now
from portal.media import service as media
from portal.media.models import MediaFile
from portal.media.recognition import Form
from portal.payments.gateways.base import ChargeStatus, PaymentGateway
from portal.payments.models import PaymentOrder, PaymentProof
from portal.payments.registry import REGISTRY, usable
from portal.payments.settlement import correct_amount, settle
from portal.subscriptions.finding import customer_matches

MOST_PROOFS = 5
"""Photos one order may get."""
OPEN = ("pending", "expired", "cancelled")


class TransferError(ValueError):
    """It cannot be done; a sentence for the person."""


def kinds() -> list[str]:
    """The gateways a person confirms."""
    return [kind for kind, driver in REGISTRY.all.items() if driver.by_hand]


def examine(upload: IO[bytes]) -> tuple[bytes, Form]:
    """The photo as it will be kept; takes a while and asks no database. Raises media.Refused."""
    return media.examine_photo(upload)


def add_proof(order: PaymentOrder, photo: tuple[bytes, Form], by: str) -> PaymentProof:
    """Keep a photo for an order that is not settled. Raises TransferError, media.Refused."""
    if order.gateway not in kinds() or order.state == "settled":
        raise TransferError(_("Pembayaran ini tidak memerlukan bukti."))
    count = select(func.count()).where(PaymentProof.payment_order_id == order.id)
    if (db.session.scalar(count) or 0) >= MOST_PROOFS:
        raise TransferError(_("Buktinya sudah cukup banyak. Hubungi kami bila perlu."))
    kept = media.keep_private(photo, f"bukti-{order.order_id}", by)
    proof = PaymentProof(payment_order_id=order.id, media_file_id=kept.id, created_at=now())
    db.session.add(proof)
    db.session.flush()
    return proof


def photo_of(proof_id: int) -> MediaFile | None:
    """The file of a proof, while it is kept."""
    return db.session.scalar(
        select(MediaFile)
        .join(PaymentProof, PaymentProof.media_file_id == MediaFile.id)
        .where(PaymentProof.id == proof_id, MediaFile.expires_at > now())
    )


def listing(text: str = "") -> Select[Any]:
    """Transfers to look at: (order, customer name, number), those with a photo first.

    Waiting ones, and whatever has a photo nobody judged. `text`: an amount, or the customer.
    """
    photo = exists().where(
        PaymentProof.payment_order_id == PaymentOrder.id, PaymentProof.state == "waiting"
    )
    found: Any = (
        select(PaymentOrder, Customer.name, Customer.number)
        .join(Customer, Customer.id == PaymentOrder.customer_id)
        .where(
            PaymentOrder.gateway.in_(kinds()),
            or_(PaymentOrder.state == "pending", and_(PaymentOrder.state.in_(OPEN), photo)),
        )
        .order_by(photo.desc(), PaymentOrder.id.desc())
    )
    digits = text.replace(".", "").removeprefix("Rp").strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= 12:
        return found.where(PaymentOrder.amount == int(digits))
    return found.where(customer_matches(text)) if text else found


def waiting() -> int | None:
    """Photos nobody judged; None when transfers are not offered and none ever came."""
    found = db.session.scalar(select(func.count()).where(PaymentProof.state == "waiting")) or 0
    if found or {driver.kind for driver in offered()} & set(kinds()):
        return found
    return None


def offered() -> list[PaymentGateway]:
    """The gateways that are set up; none when nothing is."""
    try:
        return usable()
    except Misconfigured:
        return []


def proofs_of(order_pks: Sequence[int]) -> dict[int, list[PaymentProof]]:
    """Photos by order, the newest first."""
    rows = db.session.scalars(
        select(PaymentProof)
        .where(PaymentProof.payment_order_id.in_(order_pks))
        .order_by(PaymentProof.id.desc())
    )
    found: dict[int, list[PaymentProof]] = {}
    for row in rows:
        found.setdefault(row.payment_order_id, []).append(row)
    return found


def confirm(order: PaymentOrder, amount: int, reason: str) -> bool:
    """The cashier saw this many rupiah in the account; False when it was settled before.

    Another amount than asked for needs a reason, and is what gets recorded. Raises
    TransferError.
    """
    if order.gateway not in kinds():
        raise TransferError(_("Order ini tidak dikonfirmasi dengan tangan."))
    if amount <= 0:
        raise TransferError(_("Isi jumlah yang masuk."))
    if amount != order.amount and not reason.strip():
        asked = format_rupiah(order.amount)
        raise TransferError(_("Jumlahnya bukan %(asked)s. Tulis alasannya.", asked=asked))
    known = {"late"} if amount == order.amount else {"late", "surplus"}
    if not correct_amount(order.id, amount, reason.strip()):
        return False
    told = ChargeStatus(
        "completed", order.order_id, amount, reference=order.reference, method=order.method
    )
    if settle(order.id, told, known=frozenset(known)) != "settled":
        return False
    _judge(order.id, "accepted", "")
    audit.record(
        "transfer.confirm", f"order:{order.id}", after={"amount": amount}, reason=reason.strip()
    )
    return True


def refuse(order: PaymentOrder, reason: str) -> bool:
    """The photo does not show it: the customer reads why. Raises TransferError without one."""
    if not reason.strip():
        raise TransferError(_("Tulis alasannya; pelanggan membacanya."))
    if not _judge(order.id, "refused", reason.strip()[:200]):
        return False
    audit.record("transfer.refuse", f"order:{order.id}", reason=reason.strip())
    return True


def _judge(order_pk: int, state: str, note: str) -> int:
    return updated(
        update(PaymentProof)
        .where(PaymentProof.payment_order_id == order_pk, PaymentProof.state == "waiting")
        .values(state=state, note=note, decided_at=now()),
        refresh=True,
    )
