"""What the bot does with what it hears: commands, buttons, answers to what it asked.

`ordering.py`, `linking.py` and `bills.py` hold the three things one can do; here is who gets
which word. What nobody understands stays in the list of answers for staff to read.
"""

import logging
from collections.abc import Callable

from flask_babel import force_locale
from flask_babel import gettext as _

from portal.core.recipients import TELEGRAM, TelegramChat, reach_of
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.messaging import inbound
from portal.messaging.events import Heard
from portal.messaging.models_inbound import InboundMessage
from portal.messaging.text_values import harmless
from portal.settings import service as settings
from portal.telegram import bills, linking, ordering, saying, turns
from portal.telegram.saying import Press
from portal.telegram.turns import PER_MINUTE, Turn

log = logging.getLogger(__name__)
BOT = "bot"
Answer = Callable[[Turn, str], None]


def hear(event: Heard) -> None:
    """Reaction: somebody wrote to the bot. A fault of ours costs this answer, nothing else."""
    if reach_of(event.sender) != TELEGRAM:
        return
    row = db.session.get_one(InboundMessage, event.inbound_id)
    telegram_id = TelegramChat.parse(event.sender).id
    try:
        with db.session.begin_nested():
            _take(turns.begin(telegram_id, row))
    except Exception:
        log.exception("a turn of a conversation failed")
        words = "Maaf, ada gangguan. Coba lagi sebentar, atau kirim /menu."
        saying.say(telegram_id, f"{event.inbound_id}:x", words)


def _take(turn: Turn) -> None:
    language = turn.customer.language if turn.customer else "id"
    with force_locale(language):
        heard = turns.count(turn.talk)
        if heard > PER_MINUTE:
            if heard == PER_MINUTE + 1:
                turn.say(_("Terlalu cepat. Tunggu satu menit, lalu coba lagi."))
            return
        _forget_old_question(turn)
        understood = _pressed(turn) if turn.row.form == "button" else _written(turn)
    if understood:
        inbound.mark_seen(turn.row.id, BOT)


def _forget_old_question(turn: Turn) -> None:
    until = turn.talk.step_until
    if until is not None and until <= wall():
        turn.end()


def _pressed(turn: Turn) -> bool:
    name, _colon, value = turn.row.payload.partition(":")
    act = BUTTONS.get(name)
    if act is None:
        menu(turn, "")
    else:
        act(turn, value)
    return True


def _written(turn: Turn) -> bool:
    text = turn.row.text.strip()
    command = text.split(maxsplit=1)[0].split("@")[0].lower() if text else ""
    if command in COMMANDS:
        COMMANDS[command](turn, "")
        return True
    step = STEPS.get(turn.talk.step)
    if step is not None:
        step(turn, text)
        return True
    turn.say(
        _("Saya belum mengerti. Pesan Anda diteruskan ke petugas; untuk memesan atau membayar:"),
        _choices(turn),
    )
    return False


def menu(turn: Turn, _value: str) -> None:
    """What one can do here."""
    turn.end()
    company = harmless(settings.text("company.name"))
    name = turn.customer.name if turn.customer else turn.row.name
    hello = _("Halo *%(name)s*.", name=harmless(name)) if name else _("Halo.")
    bot = _("Ini bot %(company)s. Pilih:", company=company)
    turn.say(f"{hello} {bot}", _choices(turn))


def _choices(turn: Turn) -> list[Press]:
    found = [(_("💳 Pasang baru / Paket"), "plans")]
    if ordering.has_orders(turn.telegram_id):
        found.append((_("📦 Pesanan saya"), "orders"))
    if linking.is_customer(turn):
        found.insert(0, (_("🧾 Tagihan dan bayar"), "bills"))
        found.append((_("🔓 Putuskan akun"), "unlink"))
    else:
        found.append((_("🔗 Saya sudah pelanggan"), "link"))
    return found


def cancel(turn: Turn, _value: str) -> None:
    """Leave whatever was being asked."""
    was = turn.talk.step
    turn.end()
    turn.say(_("Dibatalkan.") if was else _("Tidak ada yang sedang berjalan."), _choices(turn))


def tell_id(turn: Turn, _value: str) -> None:
    """Under which name staff can write here."""
    turn.say(_("ID Anda: tg:%(id)s", id=turn.telegram_id))


COMMANDS: dict[str, Answer] = {
    "/start": menu,
    "/menu": menu,
    "/bantuan": menu,
    "/help": menu,
    "/batal": cancel,
    "/cancel": cancel,
    "batal": cancel,
    "berhenti": cancel,
    "stop": cancel,
    "/paket": ordering.plans,
    "/pesanan": ordering.orders,
    "/tagihan": bills.owed,
    "/keluar": linking.unlink,
    "/id": tell_id,
}
BUTTONS: dict[str, Answer] = {
    "menu": menu,
    "cancel": cancel,
    "plans": ordering.plans,
    "plan": ordering.choose,
    "use": ordering.use,
    "ok": ordering.confirm,
    "orders": ordering.orders,
    "order": ordering.pay,
    "bills": bills.owed,
    "pay": bills.pay,
    "paid": bills.look,
    "link": linking.start,
    "as": linking.choose,
    "unlink": linking.unlink,
}
STEPS: dict[str, Answer] = {
    "name": ordering.name,
    "phone": ordering.phone,
    "address": ordering.address,
    "confirm": ordering.unclear,
    "link_phone": linking.phone,
    "link_code": linking.code,
    "link_choose": linking.unclear,
}
