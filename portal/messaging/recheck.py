"""Right before sending: is there still a reason for this message, and are its numbers true?

What is needed about a whole batch is read in a fixed number of queries; the verdict on one
message is pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import select

from portal.extensions import db
from portal.infra.timekeeping import now, today, wall, zone
from portal.invoices import links
from portal.invoices.models import Invoice
from portal.invoices.queries import remaining_of
from portal.messaging import sending_hours
from portal.messaging.hours import Hours
from portal.messaging.kinds import EVERY
from portal.messaging.models import OptOut
from portal.subscriptions.models import Subscription

ABOUT_DEBT = frozenset({"payment_reminder", "overdue_notice"})
EXPIRED = "Kedaluwarsa sebelum sempat dikirim."
REFUSED = "Pelanggan tidak mau menerima pesan jenis ini."
REFUSED_STEP = "Pelanggan tidak mau menerima pengingat H-{step}."


class About(Protocol):
    """What of a message the verdict depends on: a row, or a claimed one."""

    @property
    def kind(self) -> str: ...
    @property
    def params(self) -> dict[str, Any]: ...
    @property
    def customer_id(self) -> int | None: ...
    @property
    def invoice_id(self) -> int | None: ...
    @property
    def subscription_id(self) -> int | None: ...
    @property
    def expires_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Facts:
    """What is true now about the subjects of a batch. Amounts in rupiah."""

    today: date
    wall: datetime
    local: datetime
    hours: Hours
    patient: frozenset[str]
    invoices: dict[int, tuple[str, date]] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)
    line_links: dict[int, str] = field(default_factory=dict)
    owed: dict[int, int] = field(default_factory=dict)
    lines: dict[int, str] = field(default_factory=dict)
    refused: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """Not now or not at all: the state it ends in, or pending after `wait` seconds."""

    state: str
    reason: str
    wait: float = 0.0


def gather(messages: Sequence[About]) -> Facts:
    """Read what the verdicts on these messages need."""
    invoice_ids = {m.invoice_id for m in messages if m.invoice_id is not None}
    line_ids = {m.subscription_id for m in messages if m.subscription_id is not None}
    asked = {m.customer_id for m in messages if m.customer_id and EVERY[m.kind].optional}
    debts = {m.invoice_id for m in messages if m.invoice_id and m.kind in ABOUT_DEBT}
    bills = _rows(
        select(Invoice.id, Invoice.state, Invoice.due_on, Invoice.link_version),
        Invoice.id,
        invoice_ids,
    )
    return Facts(
        today=today(),
        wall=wall(),
        local=now().astimezone(zone()),
        hours=sending_hours.hours(),
        patient=sending_hours.patient_kinds(),
        invoices={row.id: (row.state, row.due_on) for row in bills},
        links=_links(bills),
        line_links=_line_links(messages),
        owed=remaining_of(debts) if debts else {},
        lines={
            row.id: row.state
            for row in _rows(select(Subscription.id, Subscription.state), Subscription.id, line_ids)
        },
        refused=frozenset(
            (row.customer_id, row.kind)
            for row in _rows(select(OptOut.customer_id, OptOut.kind), OptOut.customer_id, asked)
        ),
    )


def _links(bills: Sequence[Any]) -> dict[int, str]:
    """Invoice id -> the pay link in force, for those that can be paid so."""
    day = today()
    return {
        row.id: links.url(row.id, row.link_version)
        for row in bills
        if links.payable(row.state, row.due_on, day)
    }


def _line_links(messages: Sequence[About]) -> dict[int, str]:
    """Line id -> the pay link of its oldest open invoice, for messages about a whole line."""
    wanted = {
        m.subscription_id
        for m in messages
        if m.subscription_id and m.invoice_id is None and "pay_link" in EVERY[m.kind].extras
    }
    columns = (Invoice.id, Invoice.subscription_id, Invoice.state, Invoice.due_on)
    statement = select(*columns, Invoice.link_version).where(Invoice.state == "open")
    newest_first = statement.order_by(Invoice.due_on.desc(), Invoice.id.desc())
    bills = _rows(newest_first, Invoice.subscription_id, wanted)
    found = _links(bills)
    return {row.subscription_id: found[row.id] for row in bills if row.id in found}


def _rows(statement: Any, column: Any, ids: Iterable[int]) -> Sequence[Any]:
    wanted = list(ids)
    return db.session.execute(statement.where(column.in_(wanted))).all() if wanted else []


def why_not(message: About, facts: Facts, *, by_hand: bool = False) -> Verdict | None:
    """Why this message must not leave now, or None when it may.

    `by_hand`: a person is waiting for it, so sending hours do not hold it.
    """
    if message.expires_at is not None and message.expires_at < facts.wall:
        return Verdict("expired", EXPIRED)
    return outlived(message, facts) or (None if by_hand else _too_early(message, facts))


def outlived(message: About, facts: Facts) -> Verdict | None:
    """Whether what the message says is no longer so, however fresh the message is."""
    if message.customer_id and (message.customer_id, message.kind) in facts.refused:
        return Verdict("cancelled", REFUSED)
    step = message.params.get("step")
    if step and (message.customer_id, f"{message.kind}:{step}") in facts.refused:
        return Verdict("cancelled", REFUSED_STEP.format(step=step))
    return _invoice_says_no(message, facts) or _line_says_no(message, facts)


def _too_early(message: About, facts: Facts) -> Verdict | None:
    """Patient kinds wait for the sending hours; what would be stale by then ends here."""
    if message.kind not in facts.patient:
        return None
    opens = facts.hours.opening(facts.local)
    wait = (opens - facts.local).total_seconds()
    if wait <= 0:
        return None
    clock = f"{opens:%d-%m-%Y %H.%M}"
    if message.expires_at is not None and message.expires_at < facts.wall + timedelta(seconds=wait):
        return Verdict("expired", f"Sudah basi saat jam kirim berikutnya ({clock}) tiba.")
    return Verdict("pending", f"Menunggu jam kirim: {clock}.", wait)


def _invoice_says_no(message: About, facts: Facts) -> Verdict | None:
    if message.invoice_id is None or message.kind == "payment_confirmation":
        return None
    state, due_on = facts.invoices.get(message.invoice_id, ("void", facts.today))
    if state in {"void", "written_off"}:
        return Verdict("cancelled", "Tagihan sudah dibatalkan.")
    if message.kind not in ABOUT_DEBT:
        return None
    if state == "paid":
        return Verdict("cancelled", "Sudah lunas.")
    if message.kind == "payment_reminder" and due_on < facts.today:
        return Verdict("expired", "Jatuh tempo sudah lewat sebelum pengingat sempat dikirim.")
    return None


def _line_says_no(message: About, facts: Facts) -> Verdict | None:
    if message.subscription_id is None:
        return None
    state = facts.lines.get(message.subscription_id, "ended")
    if message.kind == "isolation_notice" and state != "isolated":
        return Verdict("cancelled", "Akses sudah dibuka.")
    if message.kind == "access_opened" and state == "isolated":
        return Verdict("cancelled", "Sudah diisolir lagi.")
    return None


def pay_link(message: About, facts: Facts) -> str | None:
    """The link to the bill the message is about; none when nothing can be paid through one."""
    if message.invoice_id is not None:
        return facts.links.get(message.invoice_id)
    return facts.line_links.get(message.subscription_id or 0)


def current_params(message: About, facts: Facts) -> dict[str, Any]:
    """The named values as of now: a reminder that waited tells today's debt and distance."""
    params = dict(message.params)
    if message.kind not in ABOUT_DEBT or message.invoice_id is None:
        return params
    params["amount"] = facts.owed.get(message.invoice_id, params.get("amount", 0))
    if "days_left" in params and "due_on" in params:
        params["days_left"] = (date.fromisoformat(params["due_on"]) - facts.today).days
    return params
