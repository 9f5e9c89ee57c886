"""Ordering in a chat: plan, name, phone, address, a last look, then the QR code to pay.

The answers wait in the talk's row, so a restart loses none. Placing is idempotent by the key
made when the order was put together: a button pressed twice places one order.
"""

from flask_babel import gettext as _
from sqlalchemy import select

from portal.core.money import format_rupiah
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.infra.secrets import new_token
from portal.messaging.text_values import clean, harmless
from portal.orders import service as orders_service
from portal.orders.limits import TooMany
from portal.orders.models import ServiceOrder
from portal.orders.service import PlanOffer, ServiceOrderError
from portal.orders.words import STATES
from portal.telegram import bills
from portal.telegram.saying import Press
from portal.telegram.turns import Turn
from portal.web.sentences import say

SHOWN = 5
LONGEST_NAME, LONGEST_ADDRESS = 80, 300


def plans(turn: Turn, _value: str) -> None:
    """What is on offer, each a button."""
    turn.end()
    found = orders_service.plans_on_offer()
    if not found:
        turn.say(_("Belum ada paket yang dijual lewat bot. Hubungi kami lewat WhatsApp."))
        return
    buttons = [(_label(offer), f"plan:{offer.plan.id}") for offer in found]
    turn.say(_("Pilih paket. Harga per bulan:"), [*buttons, (_("⬅️ Menu"), "menu")])


def _label(offer: PlanOffer) -> str:
    return f"{offer.plan.name} · {format_rupiah(offer.plan.price)}"


def _offer(value: str) -> PlanOffer | None:
    offers = orders_service.plans_on_offer()
    return next((one for one in offers if str(one.plan.id) == value), None)


def choose(turn: Turn, value: str) -> None:
    """A plan was pressed: begin asking."""
    offer = _offer(value)
    if offer is None:
        turn.say(_("Paket ini tidak tersedia lagi."), [(_("💳 Lihat paket"), "plans")])
        return
    turn.end()
    turn.remember(plan=offer.plan.id, key=new_token()[:24])
    customer = turn.customer
    if customer is not None and customer.phone:
        turn.remember(name=customer.name, phone=customer.phone)
        _ask_address(turn)
        return
    known = clean(turn.row.name)
    buttons = [(_("Pakai: %(name)s", name=known), "use:name")] if known else []
    turn.ask("name", _("Siapa nama lengkap Anda?"), buttons)


def use(turn: Turn, value: str) -> None:
    """The answer we already know was pressed."""
    customer = turn.customer
    if value == "name" and turn.talk.step == "name":
        name(turn, turn.row.name)
    elif value == "address" and turn.talk.step == "address" and customer:
        address(turn, customer.address)
    else:
        _stale(turn)


def name(turn: Turn, said: str) -> None:
    """Their name was written."""
    found = clean(said)[:LONGEST_NAME]
    if sum(letter.isalpha() for letter in found) < 2:
        turn.ask("name", _("Tulis nama lengkap Anda, misalnya Budi Santoso."))
        return
    turn.remember(name=found)
    turn.ask("phone", _("Nomor WhatsApp Anda? Teknisi menghubungi nomor ini."))


def phone(turn: Turn, said: str) -> None:
    """Their number was written. It is where they can be reached; it proves nothing."""
    try:
        found = PhoneNumber.parse(said)
    except InvalidPhone as error:
        turn.ask("phone", say(error))
        return
    turn.remember(phone=str(found))
    _ask_address(turn)


def _ask_address(turn: Turn) -> None:
    customer = turn.customer
    buttons = (
        [(_("Pakai alamat terdaftar"), "use:address")] if customer and customer.address else []
    )
    turn.ask("address", _("Alamat pemasangan? Tulis jalan, nomor, RT/RW, dan patokan."), buttons)


def address(turn: Turn, said: str) -> None:
    """Where the line goes."""
    found = clean(said)[:LONGEST_ADDRESS]
    if len(found) < 8:
        turn.ask("address", _("Alamatnya terlalu pendek. Tulis jalan, nomor, RT/RW, dan patokan."))
        return
    turn.remember(address=found)
    _show(turn)


def _show(turn: Turn) -> None:
    """The order as it would be placed."""
    offer = _offer(str(turn.data.get("plan")))
    if offer is None:
        _stale(turn)
        return
    parts = [
        f"{harmless(part.description)}: {format_rupiah(part.amount)}" for part in offer.price.parts
    ]
    lines = [
        _("*Periksa pesanan Anda*"),
        _("Paket: %(plan)s", plan=harmless(_label(offer))),
        _("Nama: %(name)s", name=harmless(turn.data["name"])),
        _("WhatsApp: %(phone)s", phone=PhoneNumber(turn.data["phone"]).local()),
        _("Alamat: %(address)s", address=harmless(turn.data["address"])),
        "",
        *parts,
        _("*Dibayar sekarang: %(total)s*", total=format_rupiah(offer.price.total)),
    ]
    right = (_("✅ Benar, pesan sekarang"), f"ok:{turn.data['key']}")
    again = (_("✏️ Isi ulang"), f"plan:{offer.plan.id}")
    turn.ask("confirm", "\n".join(lines), [right, again])


def confirm(turn: Turn, value: str) -> None:
    """Placed, and its payment is asked for."""
    data = turn.data
    if turn.talk.step != "confirm" or value != data.get("key"):
        _stale(turn)
        return
    try:
        order = orders_service.place(
            "install",
            data["plan"],
            name=data["name"],
            phone=data["phone"],
            address=data["address"],
            telegram_id=turn.telegram_id,
            telegram_username=turn.row.user_id,
            form_key=f"tg{turn.telegram_id}-{data['key']}",
        )
    except TooMany:
        turn.end()
        turn.say(_("Terlalu banyak pesanan hari ini. Hubungi kami lewat WhatsApp."))
        return
    except ServiceOrderError as error:
        turn.end()
        turn.say(say(error), [(_("⬅️ Menu"), "menu")])
        return
    turn.end()
    if order.amount <= 0:
        turn.say(
            _("Pesanan %(number)s kami terima. Petugas menghubungi Anda.", number=order.number)
        )
        return
    turn.say(_("Pesanan %(number)s dicatat. QRIS sedang disiapkan…", number=order.number))
    bills.want_order(turn.telegram_id, order)


def unclear(turn: Turn, _said: str) -> None:
    """Words where a button was expected."""
    turn.say(_("Tekan salah satu tombol di atas, atau kirim /batal."))


def _stale(turn: Turn) -> None:
    turn.say(_("Tombol ini sudah tidak berlaku."), [(_("⬅️ Menu"), "menu")])


def _mine(telegram_id: int) -> list[ServiceOrder]:
    wanted = select(ServiceOrder).where(ServiceOrder.telegram_id == telegram_id)
    return list(db.session.scalars(wanted.order_by(ServiceOrder.id.desc()).limit(SHOWN)))


def has_orders(telegram_id: int) -> bool:
    """Whether this person ever ordered here."""
    return bool(_mine(telegram_id))


def orders(turn: Turn, _value: str) -> None:
    """The last orders, and a button for what is to be paid."""
    lines, buttons = [], list[Press]()
    for order in _mine(turn.telegram_id):
        state = STATES[order.state][1]
        lines.append(f"*{order.number}* {harmless(order.plan_name)}: {state}")
        if order.state == "pending" and order.amount > 0:
            words = _("Bayar %(number)s", number=order.number)
            buttons.append((words, f"order:{order.id}"))
    turn.say("\n".join(lines) or _("Belum ada pesanan."), [*buttons, (_("⬅️ Menu"), "menu")])


def pay(turn: Turn, value: str) -> None:
    """A new QR code for an order of this person."""
    order = next((one for one in _mine(turn.telegram_id) if str(one.id) == value), None)
    if order is None or order.state != "pending":
        _stale(turn)
        return
    turn.say(_("QRIS sedang disiapkan…"))
    bills.want_order(turn.telegram_id, order)
