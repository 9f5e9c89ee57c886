"""What a customer may choose to get, in words: for the customer's page and for staff.

Who refuses what is kept by `optouts.py`; here it is told, with what cannot be refused and why.
"""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.customers.models import Customer
from portal.customers.service import telegram_of
from portal.messaging import optouts, sending_hours
from portal.messaging.kinds import KINDS
from portal.settings import service as settings

ABOUT: dict[str, Any] = {
    "invoice_notification": _l("Sekali sebulan, saat tagihan terbit."),
    "payment_confirmation": _l("Bukti bahwa uang Anda kami terima."),
    "broadcast": _l("Kabar dan promo. Kabar gangguan tetap ada di beranda."),
}
ALWAYS: tuple[tuple[Any, Any], ...] = (
    (_l("Kode masuk"), _l("Tanpa kode Anda tidak dapat masuk.")),
    (_l("Lewat jatuh tempo"), _l("Agar Anda tahu sebelum internet dibatasi.")),
    (_l("Isolir"), _l("Agar Anda tahu mengapa internet berhenti dan cara membukanya.")),
    (_l("Akses dibuka"), _l("Agar Anda tahu internet sudah dapat dipakai lagi.")),
    (
        _l("Jawaban tiket dan keamanan akun"),
        _l("Menjawab yang Anda tanyakan, atau memperingatkan bila nomor Anda diganti."),
    ),
)
"""What is always sent, and why."""


@dataclass(frozen=True)
class Wish:
    """One switch. `name` is what the form posts; `about` says when it comes."""

    name: str
    label: str
    about: str
    wanted: bool


@dataclass(frozen=True)
class Preferences:
    """All of it for one customer. `hours` is a sentence about the sending hours, or empty."""

    wishes: list[Wish]
    always: tuple[tuple[Any, Any], ...]
    hours: str
    phone: str
    telegram: bool


def of(customer: Customer) -> Preferences:
    """What this customer gets, by which way, and when."""
    refused = optouts.of_customer(customer.id)
    wishes: list[Wish] = []
    for kind in optouts.OPTIONAL:
        if kind == optouts.STEPPED:
            wishes += _steps(refused)
        else:
            label, about = str(KINDS[kind].label), str(ABOUT.get(kind, ""))
            wishes.append(Wish(kind, label, about, kind not in refused))
    return Preferences(
        wishes=wishes,
        always=ALWAYS,
        hours=_hours(),
        phone=customer.phone,
        telegram=telegram_of(customer) is not None,
    )


def _steps(refused: frozenset[str]) -> list[Wish]:
    found = []
    for days in sorted(settings.days("reminders.before"), reverse=True):
        name = optouts.step_name(days)
        label = _("Pengingat H-%(days)s", days=days)
        about = _("%(days)s hari sebelum jatuh tempo, bila belum dibayar.", days=days)
        wanted = optouts.STEPPED not in refused and name not in refused
        found.append(Wish(name, label, about, wanted))
    return found


def _hours() -> str:
    hours = sending_hours.hours()
    if hours.opens == hours.closes:
        return ""
    return _(
        "Pesan tagihan, pengingat, dan siaran dikirim pukul %(opens)s–%(closes)s. "
        "Di luar jam itu pesannya menunggu.",
        opens=f"{hours.opens:%H.%M}",
        closes=f"{hours.closes:%H.%M}",
    )
