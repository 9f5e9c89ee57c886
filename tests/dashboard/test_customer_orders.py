"""Paying online as the customer sees it: the block and the page that wait for the money."""

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import now
from portal.invoices.models import Invoice
from portal.payments.models import PaymentOrder, PaymentOrderInvoice
from portal.subscriptions.models import Subscription
from tests import factories
from tests.visitor import Visitor


def order(bill: Invoice, state: str = "pending") -> PaymentOrder:
    """An attempt to pay this invoice online."""
    made = PaymentOrder(
        order_id=f"LKT{bill.id:026d}",
        customer_id=bill.customer_id,
        gateway="pakasir",
        amount=bill.total,
        pay_url="https://pay.example/x",
        state=state,
        created_at=now(),
    )
    made.invoices = [PaymentOrderInvoice(invoice_id=bill.id, position=0)]
    db.session.add(made)
    db.session.commit()
    db.session.refresh(made)
    db.session.expunge_all()
    db.session.rollback()
    return made


def test_the_block_polls_until_it_is_paid(
    app: Flask, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    bill = factories.invoice(line, total=165_000)
    url = f"/me/invoices/{bill.id}"
    visitor = Visitor(app, hx=True)
    factories.log_in(visitor.client, budi)
    assert "hx-trigger" not in visitor.get(url).text
    order(bill)
    waiting = visitor.get(url).text
    assert 'every 3s"' in waiting and "Menunggu konfirmasi" in waiting
    poll = waiting.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert visitor.get(poll).status_code == 204, "nothing new: no bytes"
    clock.move(minutes=6)
    calmer = visitor.get(poll)
    assert calmer.status_code == 200 and 'every 10s"' in calmer.text
    clock.move(hours=2)
    assert "hx-trigger" not in visitor.get(url).text
    factories.payment(budi, 165_000, [bill], method="qris")
    paid = visitor.get(poll)
    assert paid.status_code == 200 and "hx-trigger" not in paid.text
    assert "Lunas" in paid.text and "Rp165.000" in paid.text
    assert "PAY-20261121-00001" in paid.text and "21 Nov 2026 12.06 WIB" in paid.text
    assert "<html" not in paid.text and "/pay" not in paid.text


def test_the_order_page_waits_and_shows(app: Flask, budi: Customer, line: Subscription) -> None:
    bill = factories.invoice(line)
    found = order(bill)
    visitor = Visitor(app, hx=True)
    factories.log_in(visitor.client, budi)
    waiting = visitor.get(f"/me/orders/{found.order_id}").text
    assert "Menunggu konfirmasi pembayaran" in waiting and "every 3s" in waiting
    assert f"/me/orders/{found.order_id}/check" in waiting
    from portal.payments import service as payments

    row = db.session.get_one(PaymentOrder, found.id)
    row.state = "settled"
    payments.record_payment(
        customer_id=budi.id,
        amount=bill.total,
        source="pakasir",
        method="qris",
        paid_at=now(),
        invoice_ids=[bill.id],
        payment_order_id=found.id,
    )
    db.session.commit()
    paid = visitor.get(f"/me/orders/{found.order_id}").text
    assert "Pembayaran diterima" in paid and "PAY-20261121-00001" in paid
    assert "Layanan Anda aktif" in paid and "hx-trigger" not in paid


@pytest.mark.parametrize("state", ["expired", "cancelled"])
def test_an_order_that_came_to_nothing_says_so(
    visitor: Visitor, line: Subscription, state: str
) -> None:
    found = order(factories.invoice(line), state)
    text = visitor.get(f"/me/orders/{found.order_id}").text
    assert "tidak selesai" in text and "hx-trigger" not in text
