"""The sentence of an isolation decision: in the reader's language on a screen, in Indonesian where
it is kept as a record."""

from datetime import date

from babel.dates import format_date
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from portal.core.money import format_rupiah
from portal.network.decision import Decision, Ground

RECORD = "id"


def recorded(decision: Decision) -> str:
    """As it is stored and stands in the audit log, whoever set it off."""
    with force_locale(RECORD):
        return sentence(decision)


def sentence(decision: Decision) -> str:
    """Why, and until when, for whoever reads the page."""
    ground, next_on = decision.ground, decision.next_on
    if decision.action == "isolate":
        return _why(ground)
    if ground.code == "grace":
        return _not_yet(ground, next_on)
    if next_on is None:
        why, never = _why(ground), _("Tidak ada hari isolir.")
        return f"{why} {never}" if ground.code == "due" else why
    if ground.code == "due":
        return _waiting(decision, next_on)
    later = _("Akan diisolir %(day)s bila belum dibayar.", day=_day(next_on))
    return f"{_why(ground)} {later}"


def _why(ground: Ground) -> str:
    amount = format_rupiah(ground.amount)
    match ground.code:
        case "clear":
            return _("Tidak ada tagihan terbuka.")
        case "off":
            return _("Isolir otomatis dimatikan.")
        case "due":
            return _(
                "Tunggakan %(amount)s, jatuh tempo %(due_on)s, masa tenggang %(days)s hari "
                "sudah lewat.",
                amount=amount,
                due_on=_day(ground.due_on),
                days=ground.grace_days,
            )
        case "small":
            limit = format_rupiah(ground.limit)
            return _(
                "Tunggakan %(amount)s masih di bawah batas %(limit)s.", amount=amount, limit=limit
            )
        case _other:
            return _postponed(ground, amount)


def _postponed(ground: Ground, amount: str) -> str:
    until = _day(ground.until)
    match ground.code:
        case "rapel":
            return _(
                "Ditunda: rapel sampai %(most)s bulan, %(months)s bulan tertunggak (%(amount)s).",
                most=ground.tolerated,
                months=ground.months,
                amount=amount,
            )
        case "held":
            return _("Ditunda petugas s/d %(day)s.", day=until)
        case "promise":
            return _("Ditunda: janji bayar s/d %(day)s.", day=until)
        case "paid":
            return _("Ditunda: baru membayar %(amount)s, s/d %(day)s.", amount=amount, day=until)
        case _by_hand:
            return ground.said


def _not_yet(ground: Ground, next_on: date | None) -> str:
    due_on = _day(ground.due_on)
    if next_on is None:
        return _("Belum diisolir: jatuh tempo %(due_on)s, tidak ada hari isolir.", due_on=due_on)
    return _(
        "Akan diisolir %(day)s bila tagihan yang jatuh tempo %(due_on)s belum dibayar.",
        day=_day(next_on),
        due_on=due_on,
    )


def _waiting(decision: Decision, next_on: date) -> str:
    day, why = _day(next_on), _why(decision.ground)
    why = f"{why[0].lower()}{why[1:]}"
    if decision.waiting == "warning":
        return _(
            "Akan diisolir %(day)s (peringatan dikirim lebih dahulu): %(why)s", day=day, why=why
        )
    return _("Akan diisolir %(day)s (di luar hari dan jam isolir): %(why)s", day=day, why=why)


def _day(day: date | None) -> str:
    """`12 Nov 2026`; without an application, as in a test of the rule, in Indonesian."""
    return "" if day is None else format_date(day, "d MMM yyyy", locale=get_locale() or RECORD)
