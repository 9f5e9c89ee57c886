"""What people and providers type is shown as text on every page, never run as markup."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import String, Text, select, update
from sqlalchemy.orm import class_mapper

from portal.broadcasts.models import Broadcast
from portal.customers.models import Area, Customer
from portal.extensions import Base, db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now
from portal.invoices.models import Invoice, InvoiceLine
from portal.invoices.models_terms import Charge, SubscriptionDiscount
from portal.media.models import MediaFile
from portal.messaging.models import Message, MessageAttempt, MessageText, NoticeRecipient
from portal.messaging.models_channels import Channel, ChannelMeter
from portal.messaging.models_inbound import HookEventCount, InboundMessage, MessageTemplate
from portal.network.isolation import access_row
from portal.network.models import NetworkAccess
from portal.network.models_isolation import PaymentPromise, RapelTerm
from portal.payments.models import (
    AttentionItem,
    Credit,
    Payment,
    PaymentOrder,
    PaymentProof,
)
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import Subscription, SubscriptionPause
from tests import factories
from tests.visitor import Visitor
from tests.web.house import address, address_values, order_for, routes
from tests.web.outside import for_next_invoice, from_outside

SCRIPT, QUOTE = "<script>alert(1)</script>", '"><img src=x>'
CANARY = f"{SCRIPT}{QUOTE}'"
# Table -> columns a person or a provider can fill, whatever length the database allows.
FILLED: dict[Any, tuple[str, ...]] = {
    Area: ("name",),
    Customer: ("name", "address", "number"),
    Plan: ("name",),
    Subscription: ("login",),
    Invoice: ("plan_name", "closed_reason"),
    InvoiceLine: ("description",),
    Charge: ("description",),
    SubscriptionDiscount: ("reason",),
    SubscriptionPause: ("reason",),
    Payment: ("number", "method", "note"),
    PaymentOrder: ("reference", "method", "pay_url", "pay_code", "last_answer"),
    PaymentProof: ("note",),
    Credit: ("reason",),
    AttentionItem: ("sentence", "resolution", "resolved_by"),
    NetworkAccess: ("reason", "last_error"),
    PaymentPromise: ("reason",),
    RapelTerm: ("reason",),
    Message: (
        "reason",
        "provider_id",
        "dedupe_key",
        "batch",
        "body",
        "billing_category",
        "handled_by",
    ),
    MessageAttempt: ("reason", "payload", "answer", "code"),
    MessageText: ("body", "created_by"),
    NoticeRecipient: ("name",),
    Channel: ("name",),
    Broadcast: ("title", "body", "created_by"),
    AuditEntry: ("actor", "action", "reason", "ip"),
    ChannelMeter: ("pause_reason",),
    InboundMessage: ("name", "form", "text", "payload", "seen_by", "sender"),
    MessageTemplate: ("name", "category", "status", "quality", "reason", "problem"),
    HookEventCount: ("name",),
    MediaFile: ("filename", "mime", "created_by"),
}


@pytest.fixture
def house(app: Flask) -> dict[str, Any]:
    """One of everything, with a canary in every text of it."""
    budi = factories.customer(phone_alt="+6285711112222")
    line = factories.subscription(budi, state="isolated")
    paid = factories.invoice(line, period="2026-10")
    payment_id = factories.payment(budi, paid.total + 5_000, [paid])
    bill = factories.invoice(line, due_on=date(2026, 11, 1))
    message = Message(
        dedupe_key="broadcast:1",
        kind="broadcast",
        lane="bulk",
        recipient=budi.phone,
        customer_id=budi.id,
        params={"text": CANARY, "name": CANARY},
        state="failed",
        next_at=now(),
        created_at=now(),
        driver="gateway",
    )
    message.tries = [
        MessageAttempt(lease_token="x", driver="gateway", started_at=now(), outcome="permanent")
    ]
    items = [
        AttentionItem(
            dedupe_key=f"{state}",
            kind="double",
            sentence="x",
            details={"why": CANARY},
            customer_id=budi.id,
            payment_id=payment_id,
            state=state,
            created_at=now(),
            resolved_at=now(),
        )
        for state in ("open", "resolved")
    ]
    order = order_for(budi, bill)
    transfer = PaymentOrder(
        order_id="LKTTRANSFER", customer_id=budi.id, gateway="transfer", amount=1, created_at=now()
    )
    channel = Channel(driver="console", config="{}", enabled=True, updated_at=now())
    meter = ChannelMeter(key="1", paused_until=now() + timedelta(days=1), pause_kind="manual")
    words = MessageText(kind="broadcast", language="id", version=1, body="", created_at=now())
    told = NoticeRecipient(
        name="", recipient="+6281200000001", topics=["payment"], created_at=now()
    )
    siaran = Broadcast(title="", body="", created_at=now())
    audit = AuditEntry(
        at=now(),
        actor="x",
        action="x",
        subject=f"customer:{budi.id}",
        before={CANARY: CANARY},
        after={"v": [CANARY], CANARY: {CANARY: CANARY}},
    )
    db.session.add_all(
        [message, *items, order, transfer, channel, meter, words, told, siaran, audit]
    )
    db.session.flush()
    db.session.add(PaymentProof(payment_order_id=transfer.id, state="refused", created_at=now()))
    db.session.add_all(for_next_invoice(line.id))
    db.session.add_all(from_outside(budi.id, message.id, channel.id))
    agreed = {"customer_id": budi.id, "reason": "x"}
    until = {"made_on": date(2026, 11, 1), "until_on": date(2027, 11, 1), "created_at": now()}
    db.session.add(PaymentPromise(**agreed, **until))
    db.session.add(RapelTerm(**agreed, months=2, updated_at=now()))
    access_row(line.id).decision = "by_hand"
    settings.change("company.name", CANARY)
    db.session.flush()
    values = address_values(
        budi=budi, line=line, bill=bill, payment_id=payment_id, message=message, item=items[0],
        told=told, siaran=siaran, channel=channel,
    )  # fmt: skip
    for model, columns in FILLED.items():
        for name in columns:
            _fill(model, name)
    db.session.commit()
    db.session.rollback()
    return values


def _fill(model: type[Base], name: str) -> None:
    """The canary in this column of every row; unique columns get a number behind it."""
    column = class_mapper(model).columns[name]
    length = getattr(column.type, "length", None)
    for number, identity in enumerate(db.session.scalars(select(_key(model))).all()):
        text = f"{CANARY}{number}" if length is None or length > 40 else SCRIPT
        db.session.execute(
            update(model).where(_key(model) == identity).values({name: text[:length]})
        )


def _key(model: type[Base]) -> Any:
    return class_mapper(model).primary_key[0]


UNSEEN = ("inbound_hook", "leader", "schedule", "number_sequence", "heartbeat")
"""Tables no page shows, or only numbers of."""


def test_every_text_column_is_thought_of() -> None:
    """A new text column must be filled above, or be named here as not for people's words."""
    ours = {
        # States, kinds and languages: our own words.
        "state", "status", "kind", "role", "lane", "language", "gateway", "source", "driver",
        "outcome", "decision", "actual", "billing", "pause_kind",
        # Secrets, tokens and keys that are on no page.
        "password_hash", "session_token", "token_hash", "secret", "lease_token", "config", "key",
        "holder", "bound_to", "hook_token", "token",
    }  # fmt: skip
    strict = {  # checked or made by us: E.164, our own numbers, periods, ids
        "customer": {"phone", "phone_alt"},
        "otp_challenge": {"phone", "ip"},
        "invoice": {"number", "period"},
        "payment_order": {"order_id"},
        "message": {"recipient"},
        "channel_contact": {"recipient"},
        "notice_recipient": {"recipient"},
        "attention_item": {"dedupe_key"},
        "staff": {"email", "name"},  # created at the terminal; shown on every page, tested below
        "audit_log": {"subject"},
        "setting": {"value", "updated_by"},
        "router": {"name"},
        "inbound_message": {"provider_id", "user_id", "reply_to", "flag"},
        "message_template": {"provider_id", "wanted_category", "parameter_format"},
        "media_file": {"sha256", "path"},
        "company_logo": {"updated_by"},  # an e-mail address of staff; on no page
    }
    filled = {model.__tablename__: set(columns) for model, columns in FILLED.items()}
    missing = []
    for table in db.metadata.sorted_tables:
        if table.name.startswith(
            ("inbound_hook", "leader", "schedule", "number_sequence", "heartbeat")
        ):
            continue
        for column in table.columns:
            known = filled.get(table.name, set()) | strict.get(table.name, set()) | ours
            if isinstance(column.type, (String, Text)) and column.name not in known:
                missing.append(f"{table.name}.{column.name}")
    assert not missing


@pytest.mark.parametrize("who", ["staff", "customer", "public"])
def test_no_page_shows_markup_that_somebody_typed(
    app: Flask, house: dict[str, Any], who: str
) -> None:
    owner = factories.staff()
    if who == "staff":
        db.session.execute(update(type(owner)).values(name=CANARY, email=CANARY))
        db.session.commit()
    shown = 0
    typed = urlencode(dict.fromkeys(("q", "next", "period", "state", "status", "kind"), CANARY))
    for hx in (False, True):
        visitor = Visitor(app, hx)
        if who != "public":
            factories.log_in(visitor.client, owner if who == "staff" else house["budi"])
        urls = [
            address(app, rule, house)
            for rule, method, _permission in routes(app, who)
            if method == "GET"
        ]
        if who == "customer":
            urls.append("/")
        if who == "staff":
            urls += [
                "/admin/payments/attention?state=resolved",
                "/admin/settings/whatsapp?driver=meta",
            ]
        for url in urls:
            for full in (url, url + ("&" if "?" in url else "?") + typed):
                answer = visitor.get(full)
                if answer.mimetype in {"text/csv", "application/pdf"}:
                    continue  # no browser reads it as HTML; formulas are its own test
                text = answer.text
                _check(text, full)
                shown += "&lt;script&gt;" in text
    assert shown >= (20 if who == "staff" else 4)


def _check(html: str, where: str) -> None:
    for raw in ("<script>alert", "<img src=x"):
        assert raw not in html, (where, html[max(0, html.find(raw) - 200) :][:300])


def test_forms_show_wrong_values_as_text(app: Flask, house: dict[str, Any]) -> None:
    """What comes back in a 422."""
    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff())
    desk.page("/admin/plans/new")
    one = f"/admin/settings/whatsapp/channels/{house['channel_key']}"
    line = f"/admin/customers/{house['customer_id']}/lines/{house['subscription_id']}"
    forms = [
        (f"/admin/customers/{house['customer_id']}/edit", ("name", "phone", "address", "area")),
        ("/admin/plans/new", ("name", "price", "due_days", "grace_days")),
        ("/admin/plans/new", ("billing", "cycle_months", "issue_day")),
        ("/admin/invoices/run", ("period", "confirm")),
        ("/admin/settings/tax", ("valid_from", "rate", "base")),
        (f"{line}/discounts", ("kind", "value", "until", "reason")),
        (f"{line}/charges", ("description", "amount")),
        (f"{line}/pause", ("wake_on", "reason")),
        (f"{line}/plan", ("plan", "when", "reason")),
        (f"{line}/end", ("reason",)),
        ("/admin/settings", ("company.name", "company.cs_phone", "billing.due_days")),
        ("/admin/settings/whatsapp", ("cfg-url", "cfg-token")),
        ("/admin/settings/whatsapp/test", ("number", "kind")),
        ("/admin/settings/whatsapp/channels", ("name", "driver")),
        (f"{one}/name", ("name",)),
        (f"{one}/limits", ("limit-per_minute", "limit-warm_from")),
        ("/admin/login", ("email", "password")),
    ]
    for url, names in forms:
        answer = desk.post(url, **dict.fromkeys(names, CANARY))
        _check(answer.text, url)
    anonymous = Visitor(app)
    anonymous.page("/login")
    answer = anonymous.post("/login", phone=CANARY)
    assert answer.status_code == 422
    _check(answer.text, "/login")


def test_an_imported_file_is_shown_as_text(app: Flask) -> None:
    from tests.imports.test_pages import HEADER, upload

    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff())
    desk.page("/admin/plans/new")
    row = ",".join(['"' + CANARY.replace('"', '""') + '"'] * 9)
    answer = upload(desk, HEADER.replace("area", f"{SCRIPT}") + row + "\n")
    _check(answer.text, "import")
    assert "&lt;script&gt;" in answer.text
