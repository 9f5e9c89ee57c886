"""Taking money at the counter, as the cashier does it in a browser."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from portal.accounts.models import Staff
from portal.core.period import Period
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import books as month_books
from portal.messaging.models import Message
from portal.payments.models import Payment
from portal.subscriptions.models import Subscription
from tests import factories
from tests.counter import hands
from tests.payments import books
from tests.visitor import Visitor, target

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def confirmed(page: str) -> dict[str, str]:
    """What the confirmation page will send."""
    form = page.split('/take"')[1].split("</form>")[0]
    return {name: value for name, value in _HIDDEN.findall(form) if name != "csrf_token"}


def address(customer: Customer, step: str = "") -> str:
    return f"/admin/counter/customers/{customer.id}" + (f"/{step}" if step else "")


def pay(till: Visitor, payer: Customer, **typed: str) -> str:
    """From the form to the receipt; the receipt's words."""
    check = till.post(address(payer, "check"), **{"method": "cash", **typed})
    assert check.status_code == 200, check.text
    done = till.post(address(payer, "take"), **confirmed(check.text))
    return till.page(target(done)).text


@pytest.mark.parametrize(
    "words", ["budi sant", "0812-3456-7890", "+62 812 3456", "budi@net", "PLG-7"]
)
def test_one_search_box_finds_by_anything(till: Visitor, app: Flask, words: str) -> None:
    payer = factories.customer(name="Budi Santoso", phone="+6281234567890", number="PLG-7")
    factories.subscription(payer, login="budi@net")
    factories.customer(name="Orang lain")
    answer = till.client.get("/admin/counter", query_string={"q": words}, headers=till.headers)
    if till.headers:
        assert "Budi Santoso" in answer.text and "Orang lain" not in answer.text
        assert "<html" not in answer.text
    else:  # Enter opens the only one
        assert answer.status_code == 303 and target(answer) == address(payer)


def test_several_found_are_listed_with_what_they_owe(till: Visitor, line: Subscription) -> None:
    factories.invoice(line, total=165_000)
    factories.customer(name="Budi Lain")
    words = till.get("/admin/counter?q=budi").text
    assert "Rp165.000" in words and "Budi Lain" in words
    # Enter takes the first of the page; what comes while typing leaves the cursor alone.
    assert ("autofocus" in words) != bool(till.headers)
    assert "Tidak ada pelanggan" in till.get("/admin/counter?q=zzz").text


def test_cash_is_taken_with_change(till: Visitor, rina: Staff, line: Subscription) -> None:
    bill = factories.invoice(line, total=165_000)
    payer = factories.fresh(Customer, line.customer_id)
    form = till.page(address(payer)).text
    assert f'value="{bill.id}" data-owed="165000" checked' in form
    typed = {"method": "cash", "invoice": str(bill.id), "amount": "", "received": "200rb"}
    check = till.post(address(payer, "check"), **typed)
    assert f"{bill.number} (November 2026) menjadi lunas" in check.text
    assert "Kembali Rp35.000" in check.text
    assert factories.every(Payment) == []
    receipt = pay(till, payer, invoice=str(bill.id), received="200.000")
    (payment,) = factories.every(Payment)
    assert (payment.amount, payment.source, payment.taken_by_id) == (165_000, "cash", rina.id)
    assert "Kembali Rp35.000" in receipt and f"/payments/{payment.id}/pdf?paper=80" in receipt
    assert books.bill(bill).state == "paid"
    (told,) = factories.every(Message)
    assert told.kind == "payment_confirmation"
    books.balanced()


def test_double_click_and_reload_record_once(till: Visitor, line: Subscription) -> None:
    bill = factories.invoice(line, total=165_000)
    payer = factories.fresh(Customer, line.customer_id)
    check = till.post(address(payer, "check"), method="cash", invoice=str(bill.id))
    sent = confirmed(check.text)
    places = {target(till.post(address(payer, "take"), **sent)) for _ in range(3)}
    assert len(places) == 1 and len(factories.every(Payment)) == 1
    assert "tidak dicatat dua kali" in till.page(places.pop()).text
    missing = till.post(address(payer, "take"), **{**sent, "once": ""})
    assert missing.status_code == 422 and len(factories.every(Payment)) == 1


def test_another_persons_form_is_not_taken_over(rina: Staff, budi: Customer) -> None:
    other = factories.staff(role="finance")
    hands.take(rina, budi, 5_000, once="same")
    assert "Ulangi" in hands.refused(lambda: hands.take(other, budi, 5_000, once="same"))


def test_part_and_too_much_are_shown_before(till: Visitor, line: Subscription) -> None:
    old = factories.invoice(line, period="2026-10", total=100_000, due_on=today() - timedelta(9))
    new = factories.invoice(line, total=100_000)
    payer = factories.fresh(Customer, line.customer_id)
    part = till.post(address(payer, "check"), method="cash", invoice=str(old.id), amount="60rb")
    assert "dibayar sebagian, sisa Rp40.000" in part.text
    assert "masih berutang Rp140.000" in part.text
    # The chosen one first, then the oldest, then credit.
    over = till.post(address(payer, "check"), method="cash", invoice=str(new.id), amount="250.000")
    assert over.text.index(new.number) < over.text.index(old.number)
    assert "Menjadi saldo pelanggan" in over.text and "Rp50.000" in over.text
    receipt = pay(till, payer, invoice=str(new.id), amount="250.000")
    assert "Menjadi saldo pelanggan" in receipt
    assert books.money() == (250_000, 200_000, 50_000)
    books.balanced()


def test_what_was_confirmed_may_have_been_paid_meanwhile(
    till: Visitor, rina: Staff, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    payer = factories.fresh(Customer, line.customer_id)
    check = till.post(address(payer, "check"), method="cash", invoice=str(bill.id))
    hands.take(factories.staff(role="owner"), payer, 165_000, bill)
    done = till.post(address(payer, "take"), **confirmed(check.text))
    assert "Rp165.000 menjadi saldo" in till.page(target(done)).text
    assert books.money() == (330_000, 165_000, 165_000)
    # And a form that is as old says so before anything is confirmed.
    late = till.post(address(payer, "check"), method="cash", invoice=str(bill.id))
    assert late.status_code == 422 and "sudah tidak terbuka" in late.text


def test_another_customers_invoice_is_never_paid(till: Visitor, line: Subscription) -> None:
    strangers = factories.invoice(total=165_000)
    payer = factories.fresh(Customer, line.customer_id)
    answer = till.post(address(payer, "check"), method="cash", invoice=str(strangers.id))
    assert answer.status_code == 422
    sent = {"once": "k", "amount": "165000", "method": "cash", "invoice": str(strangers.id)}
    till.post(address(payer, "take"), **sent)
    assert books.bill(strangers).state == "open" and books.money() == (165_000, 0, 165_000)


def test_a_transfer_has_bank_and_date(till: Visitor, line: Subscription) -> None:
    bill = factories.invoice(line, total=165_000)
    payer = factories.fresh(Customer, line.customer_id)
    chosen = {"method": "transfer", "invoice": str(bill.id)}
    wrong = [
        ({"bank": "", "day": "2026-11-20"}, "Isi bank"),
        ({"bank": "BCA", "day": ""}, "Pilih tanggal"),
        ({"bank": "BCA", "day": "2026-11-22"}, "belum terjadi"),
    ]
    for typed, sentence in wrong:
        answer = till.post(address(payer, "check"), **chosen, **typed)
        assert answer.status_code == 422 and sentence in answer.text
    receipt = pay(till, payer, **chosen, bank="BCA", day="2026-11-20", reference="TRX 77")
    (payment,) = factories.every(Payment)
    assert (payment.source, payment.method, payment.note) == ("counter_transfer", "BCA", "TRX 77")
    assert str(payment.booked_on) == "2026-11-20" and "TRX 77" in receipt


def test_a_closed_month_takes_no_transfer(till: Visitor, line: Subscription) -> None:
    month_books.lock(Period.parse("2026-10"), "tutup buku", "staff:1")
    db.session.commit()
    payer = factories.fresh(Customer, line.customer_id)
    typed = {"method": "transfer", "bank": "BCA", "amount": "5000", "day": "2026-10-31"}
    answer = till.post(address(payer, "check"), **typed)
    assert answer.status_code == 422 and "dikunci" in answer.text
    sent = {**typed, "once": "k"}
    assert till.post(address(payer, "take"), **sent).status_code == 422
    assert factories.every(Payment) == []


def test_too_little_cash_and_odd_amounts_are_said(till: Visitor, line: Subscription) -> None:
    bill = factories.invoice(line, total=165_000)
    payer = factories.fresh(Customer, line.customer_id)
    for typed, sentence in (
        ({"received": "100.000"}, "kurang Rp65.000"),
        ({"amount": "sejuta"}, "Isi rupiah bulat"),
        ({"amount": "0"}, "isi jumlahnya"),
        ({"received": "abc"}, "Isi rupiah bulat"),
    ):
        typed = {"method": "cash", "invoice": str(bill.id), **typed}
        answer = till.post(address(payer, "check"), **typed)
        assert answer.status_code == 422 and sentence in answer.text, typed


def test_pages_lead_to_the_counter(app: Flask, siti: Staff, line: Subscription) -> None:
    from tests.counter.conftest import browser

    bill = factories.invoice(line)
    desk = browser(app, siti)
    at = f"/admin/counter/customers/{line.customer_id}"
    assert f'href="{at}"' in desk.page(f"/admin/customers/{line.customer_id}").text
    assert f'href="{at}?invoice={bill.id}"' in desk.page(f"/admin/invoices/{bill.id}").text
    other = factories.invoice(line, period="2026-10", due_on=today() - timedelta(days=20))
    form = desk.page(f"{at}?invoice={bill.id}").text
    assert re.findall(r'value="(\d+)" data-owed="\d+" checked', form) == [str(bill.id)]
    both = desk.page(f"{at}?invoice={bill.id}&invoice={other.id}").text
    assert both.count(" checked>") >= 2
