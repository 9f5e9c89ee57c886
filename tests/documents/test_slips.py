"""Credit notes and refunds as PDF, and what corrections leave on an invoice's PDF."""

import io

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.customers.models import Customer
from portal.documents import service
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.payments import corrections, refunds
from tests import factories


def words(document: service.Document | None) -> str:
    assert document is not None
    db.session.rollback()
    text = PdfReader(io.BytesIO(document.data)).pages[0].extract_text()
    return " ".join(text.split())


@pytest.fixture
def bill(app: Flask) -> Invoice:
    return factories.invoice(factories.subscription(factories.customer(name="Bu Tini")))


@pytest.mark.parametrize("paper", ["", "80"], ids=["a4", "80"])
def test_a_credit_note_says_what_it_takes_off(bill: Invoice, paper: str) -> None:
    note_id = corrections.credit_note(bill.id, 65_000, "gangguan tiga hari").id
    db.session.commit()
    first = service.credit_note(note_id, "id", paper)
    said = words(first)
    for part in ("NOTA KREDIT", "CN-202611-00001", bill.number, "Rp65.000", "gangguan tiga hari"):
        assert part in said
    again = service.credit_note(note_id, "id", paper)
    assert first and again and first.data == again.data
    on_bill = words(service.invoice(bill.id, "id", paper))
    assert "CN-202611-00001" in on_bill and "-Rp65.000" in on_bill and "Rp100.000" in on_bill
    assert service.credit_note(9999, "id") is None


def test_a_refund_says_how_and_to_whom(bill: Invoice) -> None:
    factories.payment(factories.fresh(Customer, bill.customer_id), 165_000, [bill])
    corrections.credit_note(bill.id, 165_000, "berhenti")
    row = refunds.refund(bill.customer_id, 165_000, "transfer", "berhenti", reference="BRI 99")
    refund_id = row.id
    db.session.commit()
    said = words(service.refund(refund_id, "en"))
    for part in ("REFUND", "RF-202611-00001", "Bu Tini", "BRI 99", "Rp165.000"):
        assert part in said
    assert service.refund(9999, "id") is None


def test_a_void_invoice_names_the_one_instead_of_it(bill: Invoice) -> None:
    new_id = corrections.void(bill.id, "salah paket", replace=True)
    db.session.commit()
    assert new_id is not None
    new = factories.fresh(Invoice, new_id)
    old_words, new_words = (
        words(service.invoice(bill.id, "id")),
        words(service.invoice(new.id, "id")),
    )
    assert "BATAL" in old_words and new.number in old_words
    assert "Pengganti dari" in new_words and bill.number in new_words
