"""Invoices and receipts as PDF: what they say, to whom, and that they stay the same."""

import io
from datetime import date

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import update

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.documents import routes_link
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices import links
from portal.invoices.models import Invoice
from portal.payments.models import Payment
from portal.settings import service as settings
from portal.subscriptions.models import Subscription
from tests import factories
from tests.media.samples import png
from tests.visitor import Visitor, target

PAPERS = pytest.mark.parametrize("paper", ["", "80"], ids=["a4", "80"])


@pytest.fixture
def budi(app: Flask) -> Customer:
    settings.change("company.name", "PT Contoh Net")
    settings.change("company.address", "Jl. Merdeka 1, Bandung")
    settings.change("company.cs_phone", "+6281280001111")
    settings.change("company.npwp", "01.234.567.8-901.000")
    return factories.customer(number="PLG-7777", name="Budi Santoso", address="Jl. Melati 5")


@pytest.fixture
def line(budi: Customer) -> Subscription:
    return factories.subscription(budi)


@pytest.fixture
def bill(line: Subscription) -> Invoice:
    return factories.invoice(line, total=165_000, due_on=date(2026, 11, 26))


@pytest.fixture
def paid(budi: Customer, bill: Invoice) -> int:
    return factories.payment(budi, 175_000, [bill])


@pytest.fixture
def desk(app: Flask) -> Visitor:
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff())
    return visitor


@pytest.fixture
def phone(app: Flask, budi: Customer) -> Visitor:
    visitor = Visitor(app)
    factories.log_in(visitor.client, budi)
    return visitor


def said(visitor: Visitor, url: str) -> str:
    """All words of a PDF, with single blanks."""
    answer = visitor.get(url)
    assert answer.status_code == 200, answer.status_code
    assert answer.mimetype == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@PAPERS
def test_an_invoice_says_who_what_and_how_much(desk: Visitor, bill: Invoice, paper: str) -> None:
    text = said(desk, f"/admin/invoices/{bill.id}/pdf?paper={paper}")
    for words in (
        "PT Contoh Net", "Jl. Merdeka 1, Bandung", "0812-8000-1111", "01.234.567.8-901.000",
        "TAGIHAN", bill.number, "Budi Santoso", "PLG-7777", "Jl. Melati 5", "November 2026",
        "Rumah 20 Mbps", "26 Nov 2026", "Total Rp165.000", "Bayar di http://localhost",
    ):  # fmt: skip
        assert words in text, words
    assert "LUNAS" not in text


@PAPERS
def test_a_receipt_says_what_was_paid_for(
    desk: Visitor, bill: Invoice, paid: int, paper: str
) -> None:
    number = factories.fresh(Payment, paid).number
    text = said(desk, f"/admin/payments/{paid}/pdf?paper={paper}")
    for words in (
        "KUITANSI", number, "LUNAS", "Budi Santoso", "TUNAI", "21 Nov 2026 10.00 WIB",
        bill.number, "Rp165.000", "Menjadi saldo Rp10.000", "Jumlah Rp175.000",
        "seratus tujuh puluh lima ribu rupiah",
    ):  # fmt: skip
        assert words in text, words


def test_a_paid_invoice_says_so_and_asks_for_nothing(
    desk: Visitor, bill: Invoice, paid: int
) -> None:
    text = said(desk, f"/admin/invoices/{bill.id}/pdf")
    assert "LUNAS" in text and "-Rp165.000" in text and "Bayar di" not in text


def test_a_reversed_payment_s_receipt_is_no_receipt(
    desk: Visitor, budi: Customer, paid: int
) -> None:
    old = factories.fresh(Payment, paid)
    back = Payment(
        number="PAY-BACK", customer_id=budi.id, amount=-175_000, source="cash", method="tunai",
        paid_at=old.paid_at, recorded_at=old.paid_at, booked_on=old.booked_on, note="",
        reverses_id=paid,
    )  # fmt: skip
    db.session.add(back)
    db.session.commit()
    assert "DIBATALKAN" in said(desk, f"/admin/payments/{paid}/pdf")
    text = said(desk, f"/admin/payments/{back.id}/pdf")
    assert "PEMBATALAN PEMBAYARAN" in text and "-Rp175.000" in text and "LUNAS" not in text


@PAPERS
def test_the_same_document_is_the_same_bytes_whenever_and_by_whomever(
    desk: Visitor, phone: Visitor, bill: Invoice, paid: int, clock: FixedClock, paper: str
) -> None:
    urls = (f"invoices/{bill.id}/pdf?paper={paper}", f"payments/{paid}/pdf?paper={paper}")
    first = [desk.get(f"/admin/{url}").data for url in urls]
    clock.move(days=3)
    assert [desk.get(f"/admin/{url}").data for url in urls] == first
    assert [phone.get(f"/me/{url}").data for url in urls] == first
    settings.change("company.npwp", "99")
    db.session.commit()
    assert desk.get(f"/admin/{urls[0]}").data != first[0]


def test_in_english_for_who_reads_english(app: Flask, desk: Visitor) -> None:
    budi = factories.customer(language="en")
    bill = factories.invoice(factories.subscription(budi))
    text = said(desk, f"/admin/invoices/{bill.id}/pdf")
    assert "INVOICE" in text and "TAGIHAN" not in text
    text = said(desk, f"/admin/payments/{factories.payment(budi, 165_000, [bill])}/pdf")
    assert "RECEIPT" in text and "PAID" in text and "Terbilang" not in text


def test_names_to_save_them_under(desk: Visitor, bill: Invoice, paid: int) -> None:
    answer = desk.get(f"/admin/invoices/{bill.id}/pdf")
    name = f'attachment; filename="tagihan-{bill.number}.pdf"'
    assert answer.headers["Content-Disposition"] == name
    assert answer.headers["Cache-Control"] == "no-store"
    answer = desk.get(f"/admin/payments/{paid}/pdf?paper=80")
    assert answer.headers["Content-Disposition"].startswith('inline; filename="kuitansi-PAY-')
    assert answer.headers["Content-Disposition"].endswith('-80mm.pdf"')
    db.session.execute(update(Invoice).values(number='x"\r\nSet-Cookie: a'))
    db.session.commit()
    answer = desk.get(f"/admin/invoices/{bill.id}/pdf")
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="tagihan-x-Set-Cookie-a.pdf"'
    )


def test_a_customer_gets_no_one_else_s(phone: Visitor, bill: Invoice, paid: int) -> None:
    other = factories.customer()
    theirs = factories.invoice(factories.subscription(other))
    their_payment = factories.payment(other, 165_000, [theirs])
    assert "Budi Santoso" in said(phone, f"/me/invoices/{bill.id}/pdf")
    assert "Budi Santoso" in said(phone, f"/me/payments/{paid}/pdf")
    for url in (f"invoices/{theirs.id}", f"payments/{their_payment}", "invoices/9999"):
        assert phone.get(f"/me/{url}/pdf").status_code == 404


def test_by_link_only_that_bill_and_masked(
    app: Flask, budi: Customer, line: Subscription, bill: Invoice
) -> None:
    anybody = Visitor(app)
    url = f"/t/{links.token(bill.id, 1)}/pdf"
    text = said(anybody, url)
    assert bill.number in text and "B••• S••••••" in text
    other = factories.invoice(line, "2026-10", total=100_000)
    factories.payment(budi, 300_000, [other, bill])
    text += said(anybody, url)
    assert "KUITANSI" in text and "LUNAS" in text and "Jumlah Rp165.000" in text
    for secret in ("Budi", "Santoso", "Melati", "PLG-7777", other.number, "100.000", "300.000"):
        assert secret not in text, secret
    answer = anybody.get(url)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    links.renew(bill.id)
    db.session.commit()
    assert anybody.get(url).status_code == 404


def test_drawing_for_a_link_has_an_end(
    app: Flask, bill: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_link, "PER_HOUR", 2)
    url = f"/t/{links.token(bill.id, 1)}/pdf"
    assert [Visitor(app).get(url).status_code for _ in range(3)] == [200, 200, 429]


def test_pages_lead_to_them(desk: Visitor, phone: Visitor, bill: Invoice, paid: int) -> None:
    assert f"/admin/invoices/{bill.id}/pdf" in desk.page(f"/admin/invoices/{bill.id}").text
    assert f"/admin/payments/{paid}/pdf" in desk.page(f"/admin/payments/{paid}").text
    html = phone.page(f"/me/invoices/{bill.id}").text
    assert f"/me/invoices/{bill.id}/pdf" in html and f"/me/payments/{paid}/pdf" in html
    assert f"/me/payments/{paid}/pdf" in phone.page("/me/history").text


def upload(desk: Visitor, data: bytes) -> object:
    desk.page("/admin/settings/documents")
    return desk.client.post(
        "/admin/settings/documents",
        data={"csrf_token": desk.token, "logo": (io.BytesIO(data), "logo.png")},
    )


def test_the_logo_is_on_every_document_until_it_is_taken_away(desk: Visitor, bill: Invoice) -> None:
    url = f"/admin/invoices/{bill.id}/pdf"
    bare = desk.get(url).data
    answer = upload(desk, png(900, 300))
    assert target(answer) == "/admin/settings/documents"  # type: ignore[arg-type]
    html = desk.page("/admin/settings/documents").text
    assert 'src="data:image/png;base64,' in html
    with_logo = desk.get(url).data
    [image] = PdfReader(io.BytesIO(with_logo)).pages[0].images
    assert image.image is not None and image.image.size == (600, 200)
    assert desk.get(url).data == with_logo
    assert target(desk.post("/admin/settings/documents", remove="1"))
    assert desk.get(url).data == bare
    actions = [row.action for row in factories.every(AuditEntry)]
    assert actions[-2:] == ["documents.logo", "documents.logo_removed"]


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"%PDF-1.4\n", b"<svg/>", png(50_000, 50_000)])
def test_what_is_no_picture_is_refused(desk: Visitor, data: bytes) -> None:
    answer = upload(desk, data)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert 'class="err"' in answer.text  # type: ignore[attr-defined]
    desk.page("/admin/settings/documents")
    assert desk.post("/admin/settings/documents").status_code == 422, "no file at all"
