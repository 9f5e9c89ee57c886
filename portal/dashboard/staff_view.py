"""What the staff's first page shows: counts, sums, and what needs a person."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import and_, func, or_, select

from portal.core.driverkit import Misconfigured
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices.models import Allocation, CreditNote, Invoice
from portal.invoices.queries import credited_amount, owed_amount
from portal.messaging import channels
from portal.messaging.models import Message
from portal.network.models import NetworkAccess
from portal.payments.models import AttentionItem, Payment
from portal.subscriptions.models import Subscription

WAITING = ("pending", "leased", "sending")


@dataclass(frozen=True)
class Todo:
    """One thing that needs a person, with where to do it."""

    level: str
    sentence: str
    endpoint: str
    query: str = ""

    @property
    def url(self) -> str:
        """Where to go, with the filter that shows these rows."""
        return url_for(self.endpoint, status=self.query or None)


@dataclass(frozen=True)
class Month:
    """A month's bars, in rupiah."""

    period: str
    billed: int
    collected: int


def _count(statement: Any) -> int:
    return int(db.session.scalar(statement) or 0)


def _pairs(statement: Any) -> dict[str, int]:
    """A two-column answer as a dictionary of whole numbers."""
    return {key: int(value or 0) for key, value in db.session.execute(statement)}


def figures() -> dict[str, Any]:
    """The numbers at the top, each for the current month where a month is meant."""
    period = str(Period.of(today()))
    live = Invoice.state.notin_(("void",))
    billed, count = db.session.execute(
        select(func.coalesce(func.sum(Invoice.total - credited_amount()), 0), func.count()).where(
            Invoice.period == period, live
        )
    ).one()
    collected = _count(
        select(func.coalesce(func.sum(Allocation.amount), 0))
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Invoice.period == period, live)
    )
    late = and_(Invoice.state == "open", Invoice.due_on < today())
    arrears, debtors = db.session.execute(
        select(
            func.coalesce(func.sum(owed_amount()), 0),
            func.count(func.distinct(Invoice.customer_id)),
        ).where(late)
    ).one()
    return {
        "period": period,
        "customers": _count(select(func.count()).where(Customer.status == "active")),
        "billed": int(billed),
        "billed_count": count,
        "collected": collected,
        "percent": round(collected * 100 / billed) if billed else 0,
        "arrears": int(arrears),
        "debtors": debtors,
        "isolated": _count(select(func.count()).where(Subscription.state == "isolated")),
        "failed": _count(select(func.count()).where(Message.state == "failed")),
    }


def months(number: int = 12) -> list[Month]:
    """Billed and collected of the last months, the oldest first."""
    period, wanted = Period.of(today()), []
    for _month in range(number):
        wanted.append(str(period))
        period = period.previous()
    live = Invoice.state != "void"
    billed = _pairs(
        select(Invoice.period, func.sum(Invoice.total))
        .where(Invoice.period.in_(wanted), live)
        .group_by(Invoice.period)
    )
    collected = _pairs(
        select(Invoice.period, func.sum(Allocation.amount))
        .join(Allocation, Allocation.invoice_id == Invoice.id)
        .where(Invoice.period.in_(wanted), live)
        .group_by(Invoice.period)
    )
    less = _pairs(
        select(Invoice.period, func.sum(CreditNote.amount))
        .join(CreditNote, CreditNote.invoice_id == Invoice.id)
        .where(Invoice.period.in_(wanted), live)
        .group_by(Invoice.period)
    )
    return [
        Month(name, billed.get(name, 0) - less.get(name, 0), collected.get(name, 0))
        for name in reversed(wanted)
    ]


def queue() -> list[tuple[str, int]]:
    """Messages waiting by lane."""
    rows = _pairs(
        select(Message.lane, func.count()).where(Message.state.in_(WAITING)).group_by(Message.lane)
    )
    return [(lane, rows.get(lane, 0)) for lane in ("interactive", "messages", "bulk")]


def last_payments(limit: int = 8) -> Any:
    """(payment, customer name) of the newest payments."""
    return db.session.execute(
        select(Payment, Customer.name)
        .join(Customer, Customer.id == Payment.customer_id)
        .order_by(Payment.id.desc())
        .limit(limit)
    ).all()


def todos() -> list[Todo]:
    """What needs a person now."""
    found: list[Todo] = []
    found += [Todo("bad", words, "whatsapp_settings.index") for words in _channel_troubles()]
    money = _count(select(func.count()).where(AttentionItem.state == "open"))
    if money:
        words = _("%(count)s hal tentang uang perlu dilihat.", count=money)
        found.append(Todo("warn", words, "payments.attention_list"))
    for state, words in (
        ("failed", _("pesan gagal terkirim.")),
        ("unknown", _("pesan belum pasti sampai.")),
    ):
        count = _count(select(func.count()).where(Message.state == state))
        if count:
            found.append(Todo("warn", f"{count} {words}", "messages.index", state))
    drifted = _count(_drifted())
    if drifted:
        words = _("%(count)s langganan menunggu router.", count=drifted)
        found.append(Todo("warn", words, "dashboard.isolation"))
    return found


def _channel_troubles() -> list[str]:
    """A sentence for each channel in force that rests or cannot be used, by name when there
    are several."""
    try:
        in_force = channels.in_order()
    except Misconfigured as error:
        return [error.sentence]
    if not in_force:
        return [_("Belum ada driver WhatsApp yang dipilih.")]
    found = []
    in_force = [*in_force, *channels.beside()]
    for one in in_force:
        why = one.pause_reason
        if one.problem:
            found.append(_("Saluran %(name)s bermasalah: %(why)s", name=one.label, why=one.problem))
        elif one.paused and len(in_force) == 1:
            found.append(_("Saluran WhatsApp dijeda: %(why)s", why=why))
        elif one.paused:
            found.append(_("Saluran %(name)s dijeda: %(why)s", name=one.label, why=why))
    return found


def _drifted() -> Any:
    """Lines whose router has failed at least once and is not in step."""
    return (
        select(func.count())
        .select_from(NetworkAccess)
        .join(Subscription, Subscription.id == NetworkAccess.subscription_id)
        .where(
            NetworkAccess.last_error != "",
            or_(
                and_(Subscription.state == "active", NetworkAccess.actual != "open"),
                and_(Subscription.state == "isolated", NetworkAccess.actual != "isolated"),
            ),
        )
    )
