"""From the order to the line in service: the money is where it should be at every step."""

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices import service as invoices
from portal.invoices.models import Invoice, InvoiceLine
from portal.messaging.models import Message, NoticeRecipient
from portal.orders import service, work
from portal.orders.models import ServiceOrder
from portal.payments import orders as payment_orders
from portal.payments import reversal
from portal.payments.models import Payment
from portal.plans.models import Plan
from portal.subscriptions.models import Subscription
from tests import factories
from tests.orders.conftest import FEE, PRICE, customer_of, now_of, offer, open_payment, pay, place
from tests.payments import books
from tests.payments.fakes import Bank


def finish(order: ServiceOrder, **about: object) -> Subscription:
    """The technician is done; the new line."""
    me = factories.staff(role="technician")
    done = work.Installed(
        **({"login": f"baru-{order.id}", "router_id": None, "plan_id": order.plan_id} | about)  # type: ignore[arg-type]
    )
    work.finish(order.id, done, me.id)
    db.session.commit()
    work.issue_first(order.id)
    db.session.commit()
    return factories.fresh(Subscription, now_of(order.id).subscription_id)


def test_from_the_order_to_a_paid_first_invoice(bank: Bank, plan: Plan) -> None:
    order = place(plan)
    assert (order.state, order.amount) == ("pending", FEE + PRICE)
    assert customer_of(order).status == "prospect"
    pay(bank, order)
    order = now_of(order.id)
    assert order.state == "queued" and order.paid_at is not None
    assert books.money() == (FEE + PRICE, 0, FEE + PRICE), "credit until there is an invoice"
    assert books.attention() == []
    line = finish(order)
    assert (line.state, line.plan_id, line.customer_id) == ("active", plan.id, order.customer_id)
    assert now_of(order.id).state == "done"
    owner = customer_of(order)
    assert owner.status == "active" and owner.number.startswith("PLG-")
    (bill,) = factories.every(Invoice)
    assert (bill.state, bill.total) == ("paid", FEE + PRICE)
    parts = {row.kind: row.amount for row in factories.every(InvoiceLine)}
    assert parts == {"plan": PRICE, "fee": FEE}
    assert books.money() == (FEE + PRICE, FEE + PRICE, 0)
    kinds = [row.kind for row in factories.every(Message)]
    assert "invoice_notification" not in kinds, "nobody is asked for what he paid"
    books.balanced()


@pytest.mark.parametrize(
    ("billing", "tax", "first"),
    [
        ("calendar", 0, FEE + PRICE),
        ("calendar", 1100, (FEE + PRICE) * 111 // 100),
        ("prepaid", 1100, (FEE + PRICE) * 111 // 100),
        ("postpaid", 0, FEE),
        ("postpaid", 1100, FEE * 111 // 100),
    ],
)
def test_what_is_asked_is_what_the_first_invoice_says(
    bank: Bank, plan: Plan, billing: str, tax: int, first: int
) -> None:
    from portal.settings import service as settings

    offer(plan.id, billing=billing, issue_day=5)
    settings.change("billing.tax_bp", tax, "system:test")
    db.session.commit()
    order = place(plan)
    assert order.amount == first
    pay(bank, order)
    finish(order)
    if billing == "postpaid":
        assert factories.every(Invoice) == [] and books.money()[2] == first
    else:
        (bill,) = factories.every(Invoice)
        assert (bill.state, bill.total) == ("paid", first) and books.money()[2] == 0
    books.balanced()


def test_money_that_comes_after_the_end_revives_the_order(
    bank: Bank, plan: Plan, clock: FixedClock
) -> None:
    order = place(plan)
    attempt = open_payment(order)
    clock.move(days=4)
    assert service.expire_unpaid() == 1
    db.session.commit()
    assert now_of(order.id).state == "expired" and customer_of(order).status == "lapsed"
    bank.pay(attempt.order_id)
    payment_orders.check_now(attempt.id)
    assert now_of(order.id).state == "queued" and customer_of(order).status == "prospect"
    assert books.attention() in ([], ["late"])
    books.balanced()


def test_a_paid_order_that_is_cancelled_leaves_credit_and_asks_a_person(
    bank: Bank, plan: Plan
) -> None:
    order = place(plan)
    pay(bank, order)
    assert work.cancel(order.id, "di luar jangkauan")
    db.session.commit()
    assert now_of(order.id).state == "cancelled"
    assert books.attention() == ["order_cancelled"]
    assert books.money() == (FEE + PRICE, 0, FEE + PRICE)
    assert customer_of(order).status == "prospect", "still has our money"
    assert not work.cancel(order.id, "lagi")
    books.balanced()


def test_an_order_whose_payment_is_reversed_is_unpaid_and_asks_a_person(
    bank: Bank, plan: Plan
) -> None:
    order = place(plan)
    pay(bank, order)
    reversal.reverse(factories.every(Payment)[0].id, "uang palsu")
    db.session.commit()
    assert (now_of(order.id).state, now_of(order.id).paid_at) == ("queued", None)
    assert books.attention() == ["order_unpaid_again"]
    books.balanced()


def test_money_for_an_accepted_order_is_its_money(bank: Bank, plan: Plan) -> None:
    """Else the technician asks for it once more at the door."""
    order = place(plan)
    attempt = open_payment(order)
    assert work.accept(order.id, "tunai di rumah")
    db.session.commit()
    bank.pay(attempt.order_id)
    assert payment_orders.check_now(attempt.id) == "settled"
    assert now_of(order.id).state == "queued" and now_of(order.id).paid_at is not None
    assert books.attention() == [] and books.money()[2] == FEE + PRICE


def test_money_for_a_cancelled_order_is_kept_and_shown(bank: Bank, plan: Plan) -> None:
    order = place(plan)
    attempt = open_payment(order)
    assert work.cancel(order.id, "berubah pikiran", unpaid=True)
    db.session.commit()
    assert customer_of(order).status == "lapsed"
    bank.pay(attempt.order_id)
    payment_orders.check_now(attempt.id)
    assert now_of(order.id).state == "cancelled"
    assert "order_paid_again" in books.attention() and books.money()[2] == FEE + PRICE
    books.balanced()


def test_staff_are_told_once_and_the_receipt_brings_the_page(bank: Bank, plan: Plan) -> None:
    db.session.add(
        NoticeRecipient(
            name="Teknisi", recipient="+628120000", topics=["order"], created_at=books.opening.now()
        )
    )
    db.session.commit()
    order = place(plan)
    assert factories.every(Message) == [], "nobody is written to for an order nobody paid"
    pay(bank, order)
    told = {row.kind: row for row in factories.every(Message)}
    assert set(told) == {"staff_notice", "payment_confirmation"}
    assert order.number in told["staff_notice"].params["text"]
    assert "Wati Baru" in told["staff_notice"].params["text"]
    assert f"/order/{order.token}" in told["payment_confirmation"].params["status"]
    work.take(order.id, factories.staff().id)
    work.give_back(order.id, "sakit")
    db.session.commit()
    assert len(factories.every(Message)) == 2


def test_every_step_is_in_the_audit_log(bank: Bank, plan: Plan) -> None:
    order = place(plan)
    pay(bank, order)
    finish(order)
    said = [row.action for row in factories.every(AuditEntry) if "service_order" in row.action]
    assert said == ["service_order.place", "service_order.queued", "service_order.done"]


def test_a_login_that_is_taken_changes_nothing(app: Flask, bank: Bank, plan: Plan) -> None:
    other = factories.subscription()
    order = place(plan)
    pay(bank, order)
    with pytest.raises(service.ServiceOrderError, match="sudah dipakai"):
        finish(order, login=other.login)
    db.session.rollback()
    assert now_of(order.id).state == "queued" and customer_of(order).status == "prospect"


def test_a_customer_with_open_bills_pays_those_first(app: Flask, plan: Plan) -> None:
    bill = factories.invoice()
    with pytest.raises(service.ServiceOrderError, match="Lunasi tagihan"):
        place(plan, customer_id=bill.customer_id)
    db.session.rollback()
    assert invoices.open_ids(bill.customer_id) == [bill.id]


def test_a_second_line_of_a_customer_keeps_the_customer(bank: Bank, plan: Plan) -> None:
    budi = factories.customer()
    order = place(plan, customer_id=budi.id)
    pay(bank, order)
    line = finish(order)
    assert line.customer_id == budi.id and customer_of(order).number == budi.number
    assert len(factories.every(Payment)) == 1
    books.balanced()


def test_accepted_without_money_the_first_invoice_stays_open(app: Flask, plan: Plan) -> None:
    order = place(plan)
    with pytest.raises(service.ServiceOrderError):
        work.accept(order.id, " ")
    assert work.accept(order.id, "bayar tunai di tempat")
    db.session.commit()
    finish(order)
    (bill,) = factories.every(Invoice)
    assert (bill.state, bill.total) == ("open", FEE + PRICE)
    books.balanced()
