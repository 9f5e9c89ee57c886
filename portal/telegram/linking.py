"""Who a person on Telegram is among the customers: proven by a code sent to their WhatsApp.

A phone number that is only typed proves nothing, and whether it belongs to a customer changes
nothing one can see. The code is the login's own (`accounts/otp.py`), with its limits.
"""

from datetime import timedelta

from flask_babel import gettext as _

from portal.accounts import otp
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.customers.models import Customer
from portal.customers.service import by_phone
from portal.infra import audit
from portal.infra.timekeeping import zone
from portal.messaging.masking import HIDDEN
from portal.messaging.text_values import harmless
from portal.orders import telegram as users
from portal.settings import service as settings
from portal.telegram.turns import Turn
from portal.web.sentences import say

CHOOSING = timedelta(minutes=5)


def is_customer(turn: Turn) -> bool:
    """Whether this person is known to be an active customer."""
    return turn.customer is not None and turn.customer.status == "active"


def start(turn: Turn, _value: str) -> None:
    """Ask for the number that the code goes to."""
    turn.end()
    words = _("Tulis nomor WhatsApp yang terdaftar sebagai pelanggan. Kami kirim kode ke sana.")
    turn.ask("link_phone", words)


def phone(turn: Turn, said: str) -> None:
    """The number was written: send the code, if it is a customer's."""
    try:
        number = str(PhoneNumber.parse(said))
    except InvalidPhone as error:
        turn.ask("link_phone", say(error))
        return
    owners = by_phone(number)
    owner = otp.Owner(owners[0].id, owners[0].language) if owners else None
    per_hour = settings.integer("login.codes_per_ip_hour")
    try:
        token = otp.request_code(number, owner, f"tg:{turn.telegram_id}", per_hour)
    except otp.TooManyCodes as error:
        at = error.until.astimezone(zone())
        turn.end()
        turn.say(_("Terlalu banyak kode. Coba lagi setelah pukul %(time)s.", time=f"{at:%H.%M}"))
        return
    turn.talk.code_token = token
    words = _(
        "Bila nomor itu terdaftar, kode 6 angka sudah dikirim ke WhatsApp-nya. Tulis di sini."
    )
    turn.ask("link_code", words, wait=otp.LIFETIME)


def code(turn: Turn, said: str) -> None:
    """The code was written. It stays in no list staff can read."""
    turn.row.text = HIDDEN
    verdict = otp.verify(turn.talk.code_token, said)
    if verdict.result == "wrong":
        left = verdict.tries_left
        turn.say(_("Kode salah. Sisa %(count)s percobaan.", count=left))
    elif verdict.result != "ok":
        turn.end()
        turn.say(_("Kode sudah tidak berlaku. Minta yang baru."), [(_("🔗 Ulangi"), "link")])
    else:
        _proven(turn, by_phone(verdict.phone), verdict.phone)


def _proven(turn: Turn, owners: list[Customer], number: str) -> None:
    if len(owners) == 1:
        _link(turn, owners[0])
        return
    turn.end()
    turn.remember(phone=number)
    buttons = [(f"{one.name} ({one.number})", f"as:{one.id}") for one in owners]
    turn.ask("link_choose", _("Nomor ini dipakai beberapa pelanggan. Pilih:"), buttons, CHOOSING)


def choose(turn: Turn, value: str) -> None:
    """Which of the customers of a proven number."""
    number = turn.data.get("phone", "")
    owners = by_phone(number) if turn.talk.step == "link_choose" and number else []
    customer = next((one for one in owners if str(one.id) == value), None)
    if customer is None:
        turn.say(_("Tombol ini sudah tidak berlaku."), [(_("⬅️ Menu"), "menu")])
    else:
        _link(turn, customer)


def unclear(turn: Turn, _said: str) -> None:
    """Words where a button was expected."""
    turn.say(_("Tekan salah satu tombol di atas, atau kirim /batal."))


def _link(turn: Turn, customer: Customer) -> None:
    users.link(turn.user, customer.id)
    turn.end()
    name = harmless(customer.name)
    words = _("Tersambung sebagai *%(name)s* (%(number)s).", name=name, number=customer.number)
    more = _("Kabar pembayaran juga masuk ke sini.")
    turn.say(f"{words} {more}", [(_("🧾 Tagihan dan bayar"), "bills"), (_("⬅️ Menu"), "menu")])


def unlink(turn: Turn, _value: str) -> None:
    """Be nobody's chat again. Audited."""
    turn.end()
    customer_id = turn.user.customer_id
    if customer_id is None:
        turn.say(_("Akun belum tersambung."))
        return
    audit.record(
        "telegram.unlink",
        f"customer:{customer_id}",
        before={"telegram_id": turn.telegram_id},
    )
    turn.user.customer_id = turn.user.linked_at = None
    turn.say(_("Akun diputus. Tagihan tidak dikirim ke sini lagi."), [(_("⬅️ Menu"), "menu")])
