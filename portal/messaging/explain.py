"""Why a message is where it is, and what a person can do about it, in plain words.

What happened is said by the driver or the policy (`Message.reason`); what to do comes from
the table in `advice.py`: by the provider's code where one is known, else by the sentence,
else by how the last attempt or the message ended.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from portal.core import recipients
from portal.infra.timekeeping import wall, zone
from portal.messaging import advice, channels, routing, sending_hours, template_queries
from portal.messaging.advice import BROADCAST, CUSTOMER, HOURS, SETTINGS, TEMPLATES, Advice
from portal.messaging.channels import ActiveChannel
from portal.messaging.limits import full_today
from portal.messaging.models import Message
from portal.messaging.service import HELD

_CODE = re.compile(r"\(kode (\d+)\)")
_ENDED = frozenset({"failed", "unknown", "expired", "cancelled"})


@dataclass(frozen=True)
class Explanation:
    """`why` is empty when the message's own reason says it; `fix` as in `advice.Advice`,
    or staff for a recipient who is no customer."""

    todo: str
    why: str = ""
    fix: str = ""


def explain(message: Message) -> Explanation:
    """What to say about this message."""
    if message.state in {"pending", "leased"}:
        return _waiting(message)
    found = _ending(message)
    fix, why = found.fix, ""
    if fix == TEMPLATES and message.channel_id is not None:
        why = template_queries.state_of(message.channel_id, message.kind)
    if fix == CUSTOMER and message.customer_id is None:
        fix = "staff" if message.kind == "staff_notice" else ""
    return Explanation(str(found.todo), why, fix)


def _ending(message: Message) -> Advice:
    if message.state not in _ENDED:
        return advice.STATES.get(message.state, Advice(""))
    if message.kind == "otp_code":
        return advice.LOGIN_CODE
    if message.state == "failed" and (known := _by_code(message)):
        return known
    for start, known in advice.SENTENCES:
        if message.reason.startswith(start):
            return known
    if message.state == "failed" and message.tries:
        by_class = advice.OUTCOMES.get(message.tries[-1].outcome)
        if by_class:
            return by_class
    return advice.STATES[message.state]


def _by_code(message: Message) -> Advice | None:
    """A status names Meta's code in its sentence; a refused send has it in its attempt."""
    named = _CODE.search(message.reason)
    code = named[1] if named else message.tries[-1].code if message.tries else ""
    return advice.META.get(int(code)) if code.isascii() and code.isdigit() else None


def _waiting(message: Message) -> Explanation:
    """Why it has not left yet: the first of what holds it."""
    if message.lane == HELD:
        why = _("Siarannya dijeda.")
        return Explanation(_("Lanjutkan siarannya bila sudah boleh."), why, BROADCAST)
    if not channels.sending_enabled():
        return Explanation(
            _("Hidupkan kembali lalu mulai ulang server."),
            _("Pengiriman dimatikan oleh WHATSAPP_ENABLED."),
        )
    in_force = [one for one in channels.everything() if routing.reaches(one, message.recipient)]
    if not in_force:
        telegram = recipients.reach_of(message.recipient) == recipients.TELEGRAM
        why = _("Belum ada saluran Telegram.") if telegram else _("Belum ada saluran WhatsApp.")
        return Explanation(_("Pilih satu di pengaturan."), why, SETTINGS)
    if _before_hours(message):
        at = _clock(message.next_at)
        why = message.reason or _("Menunggu jam kirim: %(time)s.", time=at)
        return Explanation(_("Dikirim otomatis pada waktunya."), why, HOURS)
    usable = [channel for channel in in_force if channel.usable]
    if not usable:
        return _all_rest(in_force[0])
    if message.lane != "interactive" and all(full_today(c) for c in usable):
        return Explanation(
            _("Tambah saluran, atau naikkan batasnya."),
            _("Batas harian saluran sudah tercapai; dilanjutkan besok."),
            SETTINGS,
        )
    if message.next_at > wall() and message.reason:
        return Explanation(_("Dikirim otomatis pada waktunya."), message.reason)
    return _next(message, usable[0])


def _next(message: Message, carrier: ActiveChannel) -> Explanation:
    """It will leave soon; unless its template is known not to be fit for that."""
    if carrier.id is not None and (why := template_queries.state_of(carrier.id, message.kind)):
        return Explanation(_("Perbaiki templatenya sebelum pesan ini dicoba."), why, TEMPLATES)
    return Explanation(_("Menunggu giliran; dikirim otomatis."))


def _before_hours(message: Message) -> bool:
    """Waiting for the sending hours, and nothing was tried since."""
    if message.next_at <= wall() or message.tries:
        return False
    return message.kind in sending_hours.patient_kinds() and (
        not message.reason or message.reason.startswith("Menunggu jam kirim")
    )


def _all_rest(first: ActiveChannel) -> Explanation:
    """No channel can be used: why the first one cannot, and until when."""
    why = _("Semua saluran berhenti: %(why)s", why=first.problem or first.pause_reason)
    if first.problem or first.paused_until is None or first.pause_kind == "misconfigured":
        todo = _("Perbaiki sebabnya di pengaturan; pesan berangkat begitu saluran jalan.")
    elif first.pause_kind == "manual":
        todo = _("Lanjutkan salurannya di pengaturan bila sudah boleh.")
    else:
        at = _clock(first.paused_until)
        todo = _("Saluran dicoba lagi otomatis pukul %(time)s.", time=at)
    return Explanation(todo, why, SETTINGS)


def _clock(at: datetime) -> str:
    """As the engine writes it in its reasons."""
    return f"{at.astimezone(zone()):%d-%m-%Y %H.%M}"
