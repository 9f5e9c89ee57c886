"""Corrections on screen: nothing happens before the second click, and then what was shown."""

import re
from datetime import date

import pytest
from flask import Flask

from portal.accounts.models import Staff
from portal.customers.models import Customer
from portal.infra.audit import AuditEntry
from portal.invoices.models import CreditNote, Invoice, MonthLock
from portal.payments import service
from portal.payments.models import Payment, Refund
from portal.subscriptions.models import Subscription
from tests import factories
from tests.payments import books
from tests.visitor import Visitor, target

HOME = "/admin/corrections"
DONE = {204, 303}


@pytest.fixture
def bill(line: Subscription) -> Invoice:
    return factories.invoice(line, "2026-11", date(2026, 11, 25), 165_000)


def credit_of(customer: Customer) -> int:
    with books.rolled_back():
        return service.credit_balance(customer.id)


def confirm(desk: Visitor, path: str, **form: str) -> str:
    """Post, read what would happen, post again; where it led to."""
    shown = desk.post(path, **form)
    assert shown.status_code == 200, shown.text
    assert "Yang akan terjadi" in shown.text
    seen = re.search(r'name="seen" value="(\w+)"', shown.text)
    assert seen
    answer = desk.post(path, seen=seen[1], **form)
    assert answer.status_code in DONE, answer.text
    return target(answer)


def test_a_paid_invoice_is_voided_and_replaced_after_a_look(
    desk: Visitor, siti: Staff, budi: Customer, bill: Invoice
) -> None:
    factories.payment(budi, 165_000, [bill])
    path = f"{HOME}/invoice/{bill.id}/void"
    desk.page(path)
    shown = desk.post(path, reason="Salah paket", replace="y").text
    assert "Lunas" in shown and "Dibatalkan" in shown and "Tagihan pengganti" in shown
    assert books.bill(bill).state == "paid" and len(factories.every(Invoice)) == 1
    assert confirm(desk, path, reason="Salah paket", replace="y") == f"/admin/invoices/{bill.id}"
    old, new = factories.every(Invoice)
    assert (old.state, old.closed_reason, old.number) == ("void", "Salah paket", bill.number)
    assert (new.state, new.replaces_id, new.period) == ("paid", bill.id, bill.period)
    page = desk.page(f"/admin/invoices/{bill.id}").text
    assert new.number in page and "Salah paket" in page
    entry = next(row for row in factories.every(AuditEntry) if row.action == "invoice.void")
    assert (entry.actor, entry.reason) == (f"staff:{siti.id}", "Salah paket")
    assert entry.before == {"state": "paid", "paid": 165_000, "credited": 0}
    books.balanced()


def test_a_credit_note_sent_twice_is_one(desk: Visitor, bill: Invoice) -> None:
    path = f"{HOME}/invoice/{bill.id}/credit-note"
    once = re.search(r'name="once" value="([^"]+)"', desk.page(path).text)
    assert once
    form = {"amount": "65.000", "reason": "gangguan", "once": once[1]}
    confirm(desk, path, **form)
    again = desk.post(path, seen="anything", **form)
    assert again.status_code in DONE
    (note,) = factories.every(CreditNote)
    assert (note.amount, note.number) == (65_000, "CN-202611-00001")
    assert "Rp100.000" in desk.page(f"/admin/invoices/{bill.id}").text
    pdf = desk.get(f"/admin/credit-notes/{note.id}/pdf")
    assert pdf.data.startswith(b"%PDF") and "nota-kredit" in pdf.headers["Content-Disposition"]


def test_what_changed_meanwhile_is_shown_again(
    desk: Visitor, budi: Customer, bill: Invoice
) -> None:
    path = f"{HOME}/invoice/{bill.id}/write-off"
    shown = desk.post(path, reason="pindah").text
    seen = re.search(r'name="seen" value="(\w+)"', shown)
    assert seen
    factories.payment(budi, 40_000, [bill])
    again = desk.post(path, reason="pindah", seen=seen[1])
    assert again.status_code == 200 and "Keadaan berubah" in again.text
    assert "Rp125.000" in again.text and books.bill(bill).state == "open"


@pytest.mark.parametrize("verb", ["void", "credit-note", "write-off"])
def test_without_a_reason_nothing_happens(desk: Visitor, bill: Invoice, verb: str) -> None:
    answer = desk.post(f"{HOME}/invoice/{bill.id}/{verb}", reason=" ", amount="1000")
    assert answer.status_code == 422 and "Tulis alasannya." in answer.text
    assert books.bill(bill).state == "open" and factories.every(CreditNote) == []


def test_a_payment_moves_to_the_right_customer(
    desk: Visitor, budi: Customer, bill: Invoice
) -> None:
    tini = factories.customer(name="Bu Tini")
    hers = factories.invoice(factories.subscription(tini), total=165_000)
    payment_id = factories.payment(budi, 165_000, [bill])
    path = f"{HOME}/payment/{payment_id}"
    wrong = desk.post(path, reason="salah orang", customer="PLG-TIDAK-ADA")
    assert wrong.status_code == 422 and "Nomor pelanggan itu tidak ada." in wrong.text
    confirm(desk, path, reason="salah orang", customer=tini.number)
    assert (books.bill(bill).state, books.bill(hers).state) == ("open", "paid")
    first, mirror, again = factories.every(Payment)
    assert (mirror.reverses_id, mirror.amount) == (first.id, -165_000)
    assert (again.customer_id, again.amount, again.paid_at) == (tini.id, 165_000, first.paid_at)
    page = desk.page(f"/admin/payments/{payment_id}").text
    assert mirror.number in page and "Koreksi…" not in page
    books.balanced()


def test_credit_is_given_back_and_never_more_than_there_is(
    desk: Visitor, siti: Staff, budi: Customer
) -> None:
    factories.payment(budi, 100_000)
    path = f"{HOME}/customer/{budi.id}/refund"
    form = {"method": "transfer", "reason": "berhenti", "reference": "BCA 123"}
    much = desk.post(path, amount="100.001", **form)
    assert much.status_code == 422 and "Saldo pelanggan tidak cukup." in much.text
    confirm(desk, path, amount="60.000", **form)
    (row,) = factories.every(Refund)
    assert (row.number, row.amount, row.paid_by_id) == ("RF-202611-00001", 60_000, siti.id)
    assert credit_of(budi) == 40_000
    assert "RF-202611-00001" in desk.page(path).text
    assert desk.get(f"/admin/refunds/{row.id}/pdf").data.startswith(b"%PDF")
    books.balanced()


def test_credit_is_used_for_an_open_invoice(desk: Visitor, budi: Customer, bill: Invoice) -> None:
    payment_id = factories.payment(budi, 165_000, [bill])
    confirm(desk, f"{HOME}/invoice/{bill.id}/credit-note", amount="165000", reason="gratis")
    next_bill = factories.invoice(factories.subscription(budi), "2026-12", total=100_000)
    assert "Pakai untuk tagihan terbuka" in desk.page(f"/admin/customers/{budi.id}").text
    confirm(desk, f"{HOME}/customer/{budi.id}/use-credit")
    assert books.bill(next_bill).state == "paid" and credit_of(budi) == 65_000
    assert "Rp100.000" in desk.page(f"/admin/payments/{payment_id}").text
    empty = desk.post(f"{HOME}/customer/{budi.id}/use-credit")
    assert empty.status_code == 422 and "Tidak ada saldo atau tagihan terbuka." in empty.text


def test_a_month_is_closed_and_opened_again(desk: Visitor, siti: Staff) -> None:
    line = factories.subscription()
    october = {"issued_on": date(2026, 10, 1), "due_on": date(2026, 10, 20)}
    bill = factories.invoice(line, "2026-10", total=150_000, **october)
    page = desk.page("/admin/books").text
    assert "Oktober 2026" in page and "Rp150.000" in page
    early = desk.post("/admin/books/2026-11", what="lock", reason="x")
    assert early.status_code == 422 and "belum berakhir" in early.text
    assert desk.post("/admin/books/2026-10", what="lock", reason="tutup").status_code in DONE
    assert "Dikunci" in desk.page("/admin/books").text
    refused = desk.post(f"{HOME}/invoice/{bill.id}/void", reason="salah")
    assert refused.status_code == 422 and "Buat nota kredit" in refused.text
    assert desk.post("/admin/books/2026-10", what="reopen", reason="koreksi").status_code in DONE
    (row,) = factories.every(MonthLock)
    assert (row.locked_by, row.reopen_reason) == (f"staff:{siti.id}", "koreksi")
    confirm(desk, f"{HOME}/invoice/{bill.id}/void", reason="salah")


@pytest.mark.parametrize("role", ["support", "technician", "collector"])
def test_others_see_no_correction(app: Flask, bill: Invoice, role: str) -> None:
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff(role=role))
    assert visitor.get(f"{HOME}/invoice/{bill.id}").status_code == 403
    assert visitor.get("/admin/books").status_code == 403


def test_the_customer_reads_what_became_of_it(
    app: Flask, desk: Visitor, budi: Customer, bill: Invoice
) -> None:
    confirm(desk, f"{HOME}/invoice/{bill.id}/credit-note", amount="65000", reason="gangguan")
    mine, other = Visitor(app), Visitor(app)
    factories.log_in(mine.client, budi)
    factories.log_in(other.client, factories.customer())
    page = mine.page(f"/me/invoices/{bill.id}").text
    assert "CN-202611-00001" in page and "Rp100.000" in page
    (note,) = factories.every(CreditNote)
    assert mine.get(f"/me/credit-notes/{note.id}/pdf").data.startswith(b"%PDF")
    assert other.get(f"/me/credit-notes/{note.id}/pdf").status_code == 404
    later = factories.invoice(factories.subscription(budi), "2026-12", total=50_000)
    confirm(desk, f"{HOME}/invoice/{later.id}/void", reason="dobel")
    assert "tidak perlu dibayar" in mine.page(f"/me/invoices/{later.id}").text
