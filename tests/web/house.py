"""One of everything, the address of every route about it, and browsers that call it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal.accounts.models import Staff
from portal.broadcasts.models import Broadcast
from portal.counter.models import Closing, ClosingEntry, Settlement, SettlementPayment
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.imports import shelf
from portal.imports.models import ImportRun
from portal.infra.timekeeping import now, today
from portal.invoices import links
from portal.invoices.models import CreditNote, Invoice, MonthLock
from portal.messaging.models import Message, MessageAttempt, NoticeRecipient
from portal.messaging.models_channels import Channel
from portal.messaging.models_inbound import MessageTemplate
from portal.network.models import Router
from portal.network.models_isolation import IsolationStop
from portal.orders.models import ServiceOrder
from portal.payments.models import (
    AttentionItem,
    Payment,
    PaymentOrder,
    PaymentOrderInvoice,
    PaymentProof,
    Refund,
)
from portal.subscriptions.models import Subscription
from tests import factories
from tests.visitor import Visitor
from tests.web.desk_rows import at_the_desk
from tests.web.people_rows import invited
from tests.web.signup_rows import connecting
from tests.web.ticket_rows import asked_for_help


@pytest.fixture
def house(app: Flask) -> dict[str, Any]:
    """One of everything, and the values that make each route's address."""
    budi = factories.customer()
    line = factories.subscription(budi)
    paid = factories.invoice(line, period="2026-10")
    payment_id = factories.payment(budi, paid.total, [paid])
    bill = factories.invoice(line)
    message = _message(budi, bill)
    item = AttentionItem(dedupe_key="x", kind="double", sentence="Dobel.", created_at=now())
    order = order_for(budi, bill)
    told = NoticeRecipient(name="Kas", recipient="+628120000", topics=["payment"], created_at=now())
    siaran = Broadcast(title="Kabel putus", body="Halo", created_at=now())
    spare = Channel(driver="console", config="{}", updated_at=now())
    db.session.add_all([item, order, message, told, siaran, spare])
    db.session.flush()
    db.session.add(PaymentProof(payment_order_id=order.id, created_at=now()))
    # Carried a message, so that the matrix's own click on "delete" leaves it there.
    carried = {"message_id": message.id, "channel_id": spare.id, "lease_token": "t"}
    db.session.add(MessageAttempt(**carried, driver="console", started_at=now()))
    template = {"channel_id": spare.id, "name": "overdue_notice", "language": "id"}
    db.session.add(MessageTemplate(**template, status="APPROVED", synced_at=now()))
    values = address_values(
        budi=budi, line=line, bill=bill, payment_id=payment_id, message=message, item=item,
        told=told, siaran=siaran, channel=spare,
    )  # fmt: skip
    about = {"lines": [line.id], "customers": 1, "base": 1}
    stop = IsolationStop(day=today(), created_at=now(), **about)
    db.session.add(stop)
    db.session.flush()
    values["stop_id"] = stop.id
    router = Router(name="Olt 1", driver="manual", config="{}", created_at=now())
    db.session.add(router)
    db.session.flush()
    values["router_id"] = router.id
    db.session.commit()
    db.session.rollback()
    return values


def order_for(customer: Customer, bill: Invoice) -> PaymentOrder:
    """An attempt to pay this invoice online, under the order id of the addresses."""
    return PaymentOrder(
        order_id="LKTORDER",
        customer_id=customer.id,
        gateway="pakasir",
        amount=bill.total,
        created_at=now(),
        invoices=[PaymentOrderInvoice(invoice_id=bill.id, position=0)],
    )


def address_values(  # noqa: PLR0913 - one of everything
    *,
    budi: Customer,
    line: Subscription,
    bill: Invoice,
    payment_id: int,
    message: Message,
    item: AttentionItem,
    told: NoticeRecipient,
    siaran: Broadcast,
    channel: Channel,
) -> dict[str, Any]:
    """What the parts of an address stand for, and `budi`; the rows are flushed."""
    return {
        "budi": budi,
        "customer_id": budi.id,
        "subscription_id": line.id,
        "invoice_id": bill.id,
        "plan_id": line.plan_id,
        "discount_id": 1,
        "charge_id": 1,
        "payment_id": payment_id,
        "order_id": "LKTORDER",
        "transfer_id": 1,
        "proof_id": 1,
        "message_id": message.id,
        "item_id": item.id,
        "notice_id": told.id,
        "broadcast_id": siaran.id,
        "channel_key": channel.id,
        # Of nobody: the matrix would log itself out.
        "session_id": 10**6,
        "token": channel.hook_token,
        **connecting(channel),
        **ordered(budi),
        **asked_for_help(budi),
        **at_the_desk(budi),
        **uploaded(),
        "size": 96,
        "pay_token": links.token(bill.id, bill.link_version),
        "inbound_id": 1,
        "promise_id": 1,
        "setting_key": "company.name",
        "stop_id": 1,
        "driver_kind": "fonnte",
        "media_id": 1,
        # Of no file: what a real one answers is in tests/media.
        "media_token": "x" * 32,
        "filename": "promo.jpg",
        "template_id": 1,
        "kind": "payment_reminder",
        "report": "receipts",
        "measure": "received",
        "file_kind": "csv",
        "language": "id",
        **till(payment_id),
        **corrected(bill),
    }


def uploaded() -> dict[str, Any]:
    """A file of customers that was checked, flushed."""
    run = ImportRun(
        source="csv", filename="pelanggan.csv", size=1, state="checked", role="finance",
        created_at=now(), total=1, summary={"new": 1},
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    shelf.put_file(run.id, b"no_pelanggan,nama\nA,B\n")
    said = {"people": [], "plans": [], "routers": [], "not_taken": {}, "received": {}}
    shelf.put_json(run.id, "differences", said)
    shelf.put_json(run.id, "bad", {"header": ["nama"], "rows": [[2, ["x"], "y"]]})
    return {"import_id": run.id, "import_verb": "pause"}


def corrected(bill: Invoice) -> dict[str, Any]:
    """A credit note of this invoice, a refund, and last month closed; flushed."""
    about = {"customer_id": bill.customer_id, "amount": 1, "reason": "x", "booked_on": today()}
    note = CreditNote(
        number="CN-202611-00001", invoice_id=bill.id, tax_amount=0, created_at=now(), **about
    )
    refund = Refund(number="RF-202611-00001", method="cash", created_at=now(), **about)
    month = MonthLock(period="2026-10", reason="x", locked_at=now(), locked_by="staff:1")
    db.session.add_all([note, refund, month])
    db.session.flush()
    return {"note_id": note.id, "refund_id": refund.id, "verb": "void", "period": month.period}


def ordered(budi: Customer) -> dict[str, Any]:
    """An order for work of this customer, flushed."""
    made = ServiceOrder(
        number="PSN-202611-00001", token="x" * 43, kind="install", state="queued",
        state_since=now(), customer_id=budi.id, name=budi.name, placed_at=now(), expires_at=now(),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return {"service_order_id": made.id, "order_token": made.token}


def till(payment_id: int) -> dict[str, Any]:
    """A settlement and a closed day (yesterday) of people at the counter, flushed."""
    collector = factories.staff(role="collector")
    cashier = factories.staff(role="finance")
    made = Settlement(
        number="SET-20261121-00001", once="a", collector_id=collector.id,
        received_by_id=cashier.id, booked_on=today(), expected=1, counted=0, created_at=now(),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    db.session.add(SettlementPayment(settlement_id=made.id, payment_id=payment_id))
    closed = Closing(
        once="a", cashier_id=cashier.id, day=today() - timedelta(days=1), opening=0, expected=0,
        counted=1, closed_at=now(),
    )  # fmt: skip
    db.session.add(closed)
    db.session.flush()
    db.session.add(ClosingEntry(closing_id=closed.id, settlement_id=made.id, amount=0))
    people = {**invited(collector.id), "staff_id": collector.id}
    return {**people, "settlement_id": made.id, "closing_id": closed.id}


def make_known(person: Staff, house: dict[str, Any]) -> None:
    """A collector opens what is theirs only: the house's customer, payment and settlement."""
    if person.role != "collector":
        return
    area_id = house["budi"].area_id
    db.session.execute(update(Area).where(Area.id == area_id).values(collector_id=person.id))
    db.session.execute(update(Payment).values(taken_by_id=person.id))
    db.session.execute(update(Settlement).values(collector_id=person.id))
    db.session.commit()


def _message(owner: Customer, bill: Invoice) -> Message:
    return Message(
        dedupe_key="payment_reminder:1:H-3",
        kind="payment_reminder",
        lane="messages",
        recipient=owner.phone,
        customer_id=owner.id,
        invoice_id=bill.id,
        params={"name": "Budi", "amount": 1, "days_left": 3, "customer_number": "1"},
        state="failed",
        next_at=now(),
        created_at=now(),
    )


def routes(app: Flask, who: str = "") -> Iterator[tuple[Rule, str, str]]:
    """(rule, method, permission) of every route, of one kind of visitor when named."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        marked, permission = getattr(app.view_functions[rule.endpoint], "access", ("none", ""))
        if not who or who == marked:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, permission


def address(app: Flask, rule: Rule, house: dict[str, Any]) -> str:
    """The route's URL about the things that exist."""
    values = {name: house[name] for name in rule.arguments}
    if rule.endpoint.startswith("invoice_notices."):
        values["period"] = "2026-11"  # in the query: a page about a month
    return app.url_map.bind("localhost").build(rule.endpoint, values)


def call(visitor: Visitor, method: str, url: str, *, token: bool = True) -> TestResponse:
    data = {"csrf_token": visitor.token} if token and method != "GET" else None
    return visitor.client.open(url, method=method, data=data, headers=visitor.headers)


def somebody(app: Flask, person: Any = None, hx: bool = False) -> Visitor:
    """A browser of this person that knows a CSRF token of its own session."""
    visitor = Visitor(app, hx)
    if person is not None:
        factories.log_in(visitor.client, person)
    staff = person is not None and not isinstance(person, Customer)
    home = "/me/profile" if person is not None else "/login"
    if staff:
        home = "/admin/counter" if person.role == "collector" else "/admin"
    visitor.page(home)
    assert visitor.token
    return visitor
