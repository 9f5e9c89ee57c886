"""One of everything, with a canary in every text that somebody can type: what test_escaping looks
for on the pages."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.broadcasts.models import Broadcast
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now
from portal.messaging.models import Message, MessageAttempt, MessageText, NoticeRecipient
from portal.messaging.models_channels import Channel, ChannelMeter
from portal.network.isolation import access_row
from portal.network.models_isolation import PaymentPromise, RapelTerm
from portal.payments.models import (
    AttentionItem,
    PaymentOrder,
    PaymentProof,
)
from portal.settings import service as settings
from tests import factories
from tests.web.house import address_values, order_for
from tests.web.opened import by_browser
from tests.web.outside import for_next_invoice, from_outside
from tests.web.seeding import a_row_in_every_table, fill, first_ids

SCRIPT, QUOTE = "<script>alert(1)</script>", '"><img src=x>'
# Begins as a formula does, for what is opened in a spreadsheet.
CANARY, SHORT = f"={SCRIPT}{QUOTE}'", f"={SCRIPT}"


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
    a_row_in_every_table()
    values["filled"] = fill(CANARY, SHORT)
    asked = {name for rule in app.url_map.iter_rules() for name in rule.arguments}
    values |= first_ids(asked - values.keys())
    db.session.commit()
    db.session.rollback()
    return values


def check(html: str, where: str) -> None:
    """No canary came through as markup, and nothing on the page would run."""
    for raw in ("<script>alert", "<img src=x"):
        assert raw not in html, (where, html[max(0, html.find(raw) - 200) :][:300])
    assert not (wrong := by_browser(html)), (where, wrong)
