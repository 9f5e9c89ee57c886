"""What an order's moves say to people: staff in their groups, the customer in the receipt.

There is no kind of message for orders: the customer follows the order on its own page, and the
receipt brings the link.
"""

from flask import current_app

from portal.config import Settings
from portal.core.phone import PhoneNumber
from portal.extensions import db
from portal.messaging import notices
from portal.orders.events import ServiceOrderMoved
from portal.orders.models import ServiceOrder
from portal.orders.paying import of_payment_order, path_of
from portal.payments.models import Payment


def address_of(order: ServiceOrder) -> str:
    """The full address of the customer's page of the order."""
    settings: Settings = current_app.extensions["loket.settings"]
    return settings.public_url + path_of(order)


def tell_technicians(event: ServiceOrderMoved) -> None:
    """Reaction: an order is ready for work. Once for each time it became so."""
    if event.state != "queued" or event.before not in {"pending", "expired"}:
        return
    order = db.session.get_one(ServiceOrder, event.order_id)
    what = "Pasang baru" if order.kind == "install" else "Ganti paket"
    where = ", ".join(filter(None, (order.address, order.area.name if order.area else "")))
    phone = PhoneNumber.parse(order.phone).local() if order.phone else ""
    lines = [
        f"{what} {order.number}: {order.name}, paket {order.plan_name or 'belum dipilih'}.",
        where,
        f"WhatsApp {phone}" if phone else "",
        "Buka Pesanan di Loket untuk mengambilnya.",
    ]
    notices.tell("order", order.number, "\n".join(filter(None, lines)))


def receipt_words(payment_id: int) -> str:
    """What the receipt says of the order a payment is for; empty when it is for none."""
    payment = db.session.get_one(Payment, payment_id)
    order = of_payment_order(payment.payment_order_id)
    if order is None or payment.amount <= 0:
        return ""
    return f"Pesanan {order.number}, pantau di {address_of(order)}"
