"""One click on the *perlu perhatian* list: what it records, and what it refuses to."""

import json
import threading
from datetime import timedelta

import pytest
from flask import Flask

from portal.core.driverkit import Retryable
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.payments import orders, resolutions
from portal.payments.models import AttentionItem, Credit, Payment, PaymentOrder
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.fakes import Account, Bank
from tests.visitor import Visitor, target

LOST = "LKT" + "A" * 26


@pytest.fixture
def staff(app: Flask) -> Visitor:
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff(role="finance"))
    visitor.page("/admin/payments/attention")
    return visitor


def item() -> AttentionItem:
    return factories.every(AttentionItem)[-1]


def do(staff: Visitor, action: str, note: str = "Sudah dicek.", **more: str) -> str:
    """Press the button of the newest item; the page one ends at, with its message."""
    url = f"/admin/payments/attention/{item().id}/resolve"
    answer = staff.post(url, action=action, note=note, **more)
    if answer.status_code == 303:
        assert target(answer) == "/admin/payments/attention"
        return staff.page("/admin/payments/attention").text
    assert answer.status_code == 422
    return answer.text


@pytest.fixture
def lost(bank: Bank) -> Account:
    """Paid at the gateway for an order of ours that is gone, say after a restore."""
    paid_at = NOW - timedelta(hours=3)
    account = Account(LOST, 165_000, "txn9", "completed", 165_000, paid_at)
    bank.charges[LOST] = account
    hook = {"order_id": LOST, "amount": 165_000, "status": "completed", "txn_id": "txn9"}
    books.deliver(json.dumps(hook).encode())
    assert books.attention() == ["unknown_order"]
    return account


def test_money_of_an_unknown_order_finds_its_customer(
    lost: Account, staff: Visitor, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    assert 'value="attach"' in staff.page("/admin/payments/attention").text
    assert "Pembayaran dicatat" in do(staff, "attach", customer=budi.number)
    (order,) = factories.every(PaymentOrder)
    assert (order.order_id, order.state, order.customer_id) == (LOST, "settled", budi.id)
    assert books.bill(bill).state == "paid"
    assert factories.every(Payment)[0].paid_at == NOW - timedelta(hours=3)
    assert item().state == "resolved" and len(factories.every(AttentionItem)) == 1
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "order.attach"]
    assert entry.reason == "Sudah dicek." and entry.actor == item().resolved_by
    books.balanced()
    hook = {"order_id": LOST, "amount": 165_000, "status": "completed"}
    assert "sudah lunas" in books.deliver(json.dumps(hook).encode())
    assert len(factories.every(Payment)) == 1


@pytest.mark.parametrize("change", ["pending", "amount", "other", "objection", "down"])
def test_only_what_the_gateway_still_confirms(
    bank: Bank, lost: Account, staff: Visitor, budi: Customer, change: str
) -> None:
    if change == "pending":
        lost.state = "pending"
    elif change == "amount":
        lost.paid = 1_000
    elif change == "other":
        lost.order_id = "LKTOTHER"
    elif change == "objection":
        lost.objection = "proyek lain"
    else:
        bank.trouble = [Retryable("Gateway mati.")]
    text = do(staff, "attach", customer=budi.number)
    assert ("Gateway mati." if change == "down" else "tidak membenarkan") in text
    assert factories.every(Payment) == [] and factories.every(PaymentOrder) == []
    assert item().state == "open"


def test_an_unknown_customer_and_a_missing_reason(
    lost: Account, staff: Visitor, budi: Customer
) -> None:
    text = do(staff, "attach", customer="TIDAK-ADA")
    assert "Tidak ada pelanggan yang cocok" in text and 'value="TIDAK-ADA"' in text, "typed is kept"
    assert "Tulis apa" in do(staff, "attach", note=" ", customer=budi.number)
    assert factories.every(PaymentOrder) == []


def test_the_payer_is_found_by_name_and_chosen_among_several(
    lost: Account, staff: Visitor, budi: Customer
) -> None:
    twin = factories.customer(name="Budi Hartono")
    (item,) = factories.every(AttentionItem)
    part = staff.page(f"/admin/payments/attention/{item.id}/payers?customer=budi").text
    assert part.count('type="radio"') == 2 and "<html" not in part
    assert "Lebih dari satu" in (text := do(staff, "attach", customer="budi"))
    assert f'value="{twin.number}"' in text and f'value="{budi.number}"' in text
    assert "Pembayaran dicatat" in do(staff, "attach", customer="budi", payer=twin.number)
    assert [one.customer_id for one in factories.every(Payment)] == [twin.id]


def test_two_staff_members_attach_once(
    app: Flask, lost: Account, budi: Customer, line: Subscription
) -> None:
    other = factories.customer()
    item_id, start, said = item().id, threading.Barrier(2), []

    def work(number: str) -> None:
        start.wait()
        with app.app_context():
            try:
                said.append(resolutions.act(item_id, "attach", "x", "staff:1", number))
            except ValueError:
                db.session.rollback()
                said.append("refused")

    threads = [threading.Thread(target=work, args=[c.number]) for c in (budi, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("Pembayaran dicatat.") == 1
    assert set(said) <= {"Pembayaran dicatat.", "refused", "Sudah ditandai sebelumnya."}
    assert len(factories.every(Payment)) == 1
    books.balanced()


@pytest.mark.parametrize("came", [100_000, 200_000])
def test_another_amount_is_recorded_as_the_gateway_confirms_it(
    bank: Bank, staff: Visitor, budi: Customer, line: Subscription, came: int
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = books.start(budi, bill)
    bank.pay(order.order_id, came)
    orders.check_now(order.id)
    assert books.attention() == ["order_mismatch"] and books.money() == (0, 0, 0)
    assert "Pembayaran dicatat" in do(staff, "record")
    assert books.order(order).state == "settled"
    assert books.money() == (came, min(came, 165_000), max(came - 165_000, 0))
    assert books.bill(bill).state == ("paid" if came > 165_000 else "open")
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "order.amount"]
    assert (entry.before, entry.after) == ({"amount": 165_000}, {"amount": came})
    assert [one.state for one in factories.every(AttentionItem)] == ["resolved"]
    books.balanced()


def test_a_forged_amount_is_not_recorded(
    bank: Bank, staff: Visitor, budi: Customer, line: Subscription
) -> None:
    order = books.start(budi, factories.invoice(line, total=165_000))
    hook = {"order_id": order.order_id, "amount": 9_000_000, "status": "completed"}
    books.deliver(json.dumps(hook).encode())
    assert books.attention() == ["hook_mismatch"]
    assert "tidak membenarkan" in do(staff, "record")
    assert books.money() == (0, 0, 0) and books.order(order).amount == 165_000
    bank.pay(order.order_id)
    orders.check_now(order.id)
    db.session.rollback()


def test_asking_again_closes_what_is_settled(
    bank: Bank, staff: Visitor, budi: Customer, line: Subscription, clock
) -> None:
    order = books.start(budi, factories.invoice(line, total=165_000))
    hook = {"order_id": order.order_id, "amount": 1, "status": "completed"}
    books.deliver(json.dumps(hook).encode())
    clock.move(seconds=10)
    assert "belum menyebutnya lunas" in do(staff, "ask") and item().state == "open"
    bank.pay(order.order_id)
    clock.move(seconds=10)
    assert "order lunas" in do(staff, "ask") and item().state == "resolved"
    books.balanced()


def test_a_double_payment_stays_as_credit(
    bank: Bank, staff: Visitor, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = books.start(budi, bill)
    factories.payment(budi, 165_000, [bill])
    bank.pay(order.order_id)
    orders.check_now(order.id)
    assert books.attention() == ["double"]
    assert "Jadikan saldo" in staff.page("/admin/payments/attention").text
    do(staff, "credit", note="Pelanggan setuju.")
    assert item().resolution == "Dibiarkan sebagai saldo Rp165.000. Pelanggan setuju."
    assert sum(row.amount for row in factories.every(Credit)) == 165_000


class TestProduction:
    @pytest.fixture
    def extra_env(self) -> dict[str, str]:
        return {"APP_ENV": "production"}

    def test_sandbox_money_can_only_be_matched(
        self, bank: Bank, staff: Visitor, budi: Customer, line: Subscription
    ) -> None:
        order = books.start(budi, factories.invoice(line, total=165_000))
        bank.charges[order.order_id].sandbox = True
        bank.pay(order.order_id)
        orders.check_now(order.id)
        text = staff.page("/admin/payments/attention").text
        assert "sandbox" in text and 'value="record"' not in text
        assert "tidak berlaku" in do(staff, "record")
        do(staff, "match")
        assert item().state == "resolved" and books.money() == (0, 0, 0)


@pytest.mark.parametrize("action", ["attach", "record", "credit", "drop table", ""])
def test_an_action_that_was_not_offered(
    app: Flask, staff: Visitor, budi: Customer, action: str
) -> None:
    from portal.payments.attention import raise_item

    raise_item("k", "gateway_refused", "Kunci salah.")
    db.session.commit()
    assert "tidak berlaku" in do(staff, action) and item().state == "open"
