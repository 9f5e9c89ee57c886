"""Bank transfers: the unique code, the photo, and the cashier's word."""

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy.exc import IntegrityError

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.media import service as media
from portal.media.models import MediaFile
from portal.payments import making, opening, orders, transfers
from portal.payments.gateways.base import ChargeRequest
from portal.payments.gateways.transfer import Transfer, accounts
from portal.payments.models import Payment, PaymentOrder, PaymentProof
from portal.payments.registry import REGISTRY, gateway
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.fakes import Bank
from tests.visitor import Visitor, target

ACCOUNTS = "BCA|123 456 7890|PT Contoh Net; BRI|0001-01-000123-30-1|PT Contoh Net"
METHOD = "bca_7890"
URL = "/admin/payments/transfers"


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"TRANSFER_ACCOUNTS": ACCOUNTS}


@pytest.fixture
def visitor(app: Flask, budi: Customer) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, budi)
    found.page("/me/profile")
    return found


@pytest.fixture
def cashier(app: Flask) -> Visitor:
    found = Visitor(app)
    factories.log_in(found.client, factories.staff(role="finance"))
    found.page("/admin/payments")
    return found


def start(payer: Customer, *bills: Any) -> PaymentOrder:
    ids = [bill.id for bill in bills]
    made = opening.start_order(payer.id, ids, books.PATH, METHOD, "transfer")
    return factories.fresh(PaymentOrder, made.id)


def photo(size: tuple[int, int] = (2400, 1200), kind: str = "JPEG") -> io.BytesIO:
    into = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(into, kind)
    into.seek(0)
    return into


def send_photo(visitor: Visitor, order: PaymentOrder, file: Any = None) -> str:
    url = f"/me/orders/{order.order_id}"
    visitor.page(url)
    data = {"csrf_token": visitor.token, "photo": (file or photo(), "bukti.jpg")}
    answer = visitor.client.post(f"{url}/proof", data=data)
    assert target(answer) == url
    return visitor.page(url).text


def confirm(cashier: Visitor, order: PaymentOrder, amount: Any = None, reason: str = "") -> Any:
    said = str(order.amount if amount is None else amount)
    return cashier.post(f"{URL}/{order.id}/confirm", amount=said, reason=reason)


def test_the_gateway_is_found_and_configured_like_any_other(app: Flask) -> None:
    assert REGISTRY.get("transfer") is Transfer
    driver = gateway("transfer")
    assert [way.label for way in driver.methods(1)] == ["Transfer BCA", "Transfer BRI"]
    charge = driver.create_charge(ChargeRequest("LKTX", 165_123, "", METHOD))
    assert charge.code == "BCA|1234567890|PT Contoh Net" and charge.pay_url == ""
    assert not driver.verify_hook({}, b"{}") and driver.parse_hook(b'{"order_id": "x"}') is None
    assert driver.fetch("LKTX", 1, "").state == "pending"


@pytest.mark.parametrize(
    "value", ["", ";", "BCA", "BCA|123", "BCA|12ab567|X", "BCA|12345678|", "A|12345|X; A|12345|Y"]
)
def test_accounts_that_will_not_do(value: str) -> None:
    assert Transfer.check_config({"accounts": value})["accounts"]


@given(st.text(max_size=80))
def test_any_text_is_accounts_or_a_sentence(value: str) -> None:
    try:
        found = accounts(value)
    except ValueError as error:
        assert str(error)
    else:
        assert all(one.number.isdigit() and one.key for one in found)


def test_the_page_says_what_to_transfer(
    visitor: Visitor, budi: Customer, line: Subscription
) -> None:
    factories.invoice(line, total=165_000)
    page = visitor.page("/me/pay").text
    assert "Transfer BCA" in page and "kode unik paling banyak Rp999" in page
    url = target(visitor.post("/me/pay", choice=f"transfer:{METHOD}"))
    (order,) = factories.every(PaymentOrder)
    assert 165_001 <= order.amount <= 165_999 and order.unique_code == order.amount - 165_000
    page = visitor.page(url).text
    assert 'data-copy="1234567890"' in page and f'data-copy="{order.amount}"' in page
    assert "atas nama PT Contoh Net" in page and "Cek status" not in page and "qris" not in page
    assert target(visitor.post("/me/pay", choice=f"transfer:{METHOD}")) == url, "used again"


def test_a_confirmed_transfer_settles_and_the_code_becomes_credit(
    cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = start(budi, bill)
    text = cashier.page(URL).text
    assert f"kode unik {order.unique_code}" in text and budi.name in text
    assert target(confirm(cashier, order)) == URL
    assert books.order(order).state == "settled" and books.bill(bill).state == "paid"
    assert books.money() == (order.amount, 165_000, order.unique_code)
    assert books.attention() == [], "nothing about it is surprising"
    (payment,) = factories.every(Payment)
    assert (payment.source, payment.method) == ("transfer", METHOD)
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "transfer.confirm"]
    assert entry.actor.startswith("staff:") and entry.after == {"amount": order.amount}
    books.balanced()
    confirm(cashier, order)
    assert "Sudah dicatat sebelumnya" in cashier.page(URL).text
    assert len(factories.every(Payment)) == 1


def test_another_amount_needs_a_reason(
    cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = start(budi, bill)
    for wrong in ("", "0", "-1", "abc", "1e3", "9" * 13, "165.000"):
        answer = confirm(cashier, order, wrong)
        assert answer.status_code == 422, wrong
    assert "Tulis alasannya" in answer.text and factories.every(Payment) == []
    confirm(cashier, order, "165.000", "Pelanggan lupa kode unik.")
    assert books.money() == (165_000, 165_000, 0) and books.bill(bill).state == "paid"
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "order.amount"]
    assert entry.reason == "Pelanggan lupa kode unik."
    books.balanced()


def test_a_double_transfer_is_still_told(
    cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    bill = factories.invoice(line, total=165_000)
    order = start(budi, bill)
    factories.payment(budi, 165_000, [bill])
    confirm(cashier, order)
    assert books.attention() == ["double"]
    books.balanced()


def test_the_photo(
    app: Flask, visitor: Visitor, cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    order = start(budi, factories.invoice(line, total=165_000))
    page = send_photo(visitor, order)
    assert "sedang dicocokkan" in page and "Ganti cara bayar" not in page
    (file,) = factories.every(MediaFile)
    assert file.kind == "private" and file.mime == "image/jpeg" and file.size < 1_500_000
    assert file.expires_at == NOW + timedelta(days=400)
    assert visitor.get(f"/media/{file.token}/{file.filename}").status_code == 404, "not public"
    with app.app_context():
        assert media.live() == [] and not media.remove(file.id) and media.without_file() == []
        db.session.rollback()

    assert f"{URL}/proofs/1" in cashier.page(URL).text
    shown = cashier.client.get(f"{URL}/proofs/1")
    assert shown.mimetype == "image/jpeg" and shown.data[:2] == b"\xff\xd8"
    for role in ("support", "technician", "collector"):
        other = Visitor(app)
        factories.log_in(other.client, factories.staff(role=role))
        assert other.client.get(f"{URL}/proofs/1").status_code == 403
    assert cashier.get(f"{URL}/proofs/9").status_code == 404

    assert cashier.post(f"{URL}/{order.id}/refuse", reason=" ").status_code == 422
    cashier.post(f"{URL}/{order.id}/refuse", reason="Fotonya buram.")
    page = visitor.page(f"/me/orders/{order.order_id}").text
    assert "Fotonya buram." in page and 'name="photo"' in page
    assert "sedang dicocokkan" in send_photo(visitor, order)
    confirm(cashier, order)
    assert [row.state for row in factories.every(PaymentProof)] == ["refused", "accepted"]


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"%PDF-1.4 bukan foto", b"\xff\xd8\xff" + b"x" * 99]
)
def test_only_a_photo(visitor: Visitor, budi: Customer, line: Subscription, data: bytes) -> None:
    order = start(budi, factories.invoice(line))
    page = send_photo(visitor, order, io.BytesIO(data))
    assert 'class="alert bad"' in page
    assert factories.every(PaymentProof) == [] and factories.every(MediaFile) == []


def test_five_photos_are_enough(visitor: Visitor, budi: Customer, line: Subscription) -> None:
    order = start(budi, factories.invoice(line))
    for _ in range(6):
        page = send_photo(visitor, order, photo((40, 40)))
    assert "sudah cukup banyak" in page and len(factories.every(PaymentProof)) == 5


def test_a_forgotten_photo_leaves_its_row(
    visitor: Visitor, cashier: Visitor, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    order = start(budi, factories.invoice(line))
    send_photo(visitor, order, photo((40, 40)))
    clock.move(days=399)
    assert media.sweep() == 0
    db.session.rollback()
    clock.move(days=2)
    assert media.sweep() == 1
    db.session.commit()
    assert factories.every(PaymentProof)[0].media_file_id is None
    assert "Bukti sudah dihapus" in cashier.page(URL).text
    assert "Foto ini sudah dihapus" in cashier.page(f"{URL}/proofs/1").text


def test_a_late_transfer_with_a_photo_stays_on_the_list(
    visitor: Visitor, cashier: Visitor, budi: Customer, line: Subscription, clock: FixedClock
) -> None:
    order, bare = start(budi, factories.invoice(line)), None
    other = factories.subscription()
    bare = start(factories.fresh(Customer, other.customer_id), factories.invoice(other))
    send_photo(visitor, order, photo((40, 40)))
    for _ in range(30):
        clock.move(hours=1)
        for order_pk in orders.due_orders():
            orders.check_order(order_pk)
        db.session.rollback()
    assert books.order(order).state == books.order(bare).state == "expired"
    text = cashier.page(URL).text
    assert f"/{order.id}/confirm" in text and f"/{bare.id}/confirm" not in text
    confirm(cashier, order)
    assert books.order(order).state == "settled" and books.attention() == []


def test_finding_by_the_amount_on_the_statement(
    cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    order = start(budi, factories.invoice(line, total=165_000))
    rupiah = f"{order.amount:,}".replace(",", ".")
    for text in (str(order.amount), rupiah, f"Rp{rupiah}", "budi", budi.number):
        assert f"/{order.id}/confirm" in cashier.page(f"{URL}?q={text}").text, text
    assert "Tidak ada transfer" in cashier.page(f"{URL}?q={order.amount + 1}").text


def test_an_order_of_another_gateway_is_not_confirmed_by_hand(
    bank: Bank, cashier: Visitor, budi: Customer, line: Subscription
) -> None:
    order = books.start(budi, factories.invoice(line))
    assert confirm(cashier, order).status_code == 422
    assert books.order(order).state == "pending" and factories.every(Payment) == []


def codes(app: Flask) -> list[int]:
    return [row.amount for row in factories.every(PaymentOrder)]


def test_no_two_waiting_transfers_ask_for_the_same(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty customers with the same bill at once, and hardly more codes than customers."""
    monkeypatch.setattr(Transfer, "unique_codes", 42)
    bills = [factories.invoice(total=165_000) for _ in range(40)]
    start_together, failed = threading.Barrier(40), []

    def tap(customer_id: int, invoice_id: int) -> None:
        start_together.wait()
        with app.app_context():
            try:
                opening.start_order(customer_id, [invoice_id], books.PATH, METHOD, "transfer")
            except Exception as error:  # noqa: BLE001 - shown below
                failed.append(error)
            db.session.rollback()

    threads = [threading.Thread(target=tap, args=[b.customer_id, b.id]) for b in bills]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(codes(app)) == len(set(codes(app))) == 40
    assert all(165_001 <= amount <= 165_042 for amount in codes(app))


def test_the_database_itself_refuses_the_same_amount_twice(
    app: Flask, budi: Customer, line: Subscription
) -> None:
    """Even when the code was chosen before the other order could be seen."""
    first = start(budi, factories.invoice(line, total=165_000))

    def another(code: int | None, gateway: str = "transfer") -> None:
        order_id = making.new_order_id()
        about = {"customer_id": budi.id, "gateway": gateway, "unique_code": code}
        db.session.add(
            PaymentOrder(order_id=order_id, amount=first.amount, created_at=NOW, **about)
        )
        db.session.commit()

    with pytest.raises(IntegrityError):
        another(1)
    db.session.rollback()
    another(None)
    another(1, "elsewhere")
    db.session.get_one(PaymentOrder, first.id).state = "expired"
    db.session.commit()
    another(1)


def test_codes_run_out_in_words_and_rest_a_week(
    app: Flask, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    monkeypatch.setattr(Transfer, "unique_codes", 1)
    bills = [factories.invoice(total=165_000) for _ in range(2)]
    payers = [factories.fresh(Customer, bill.customer_id) for bill in bills]
    first = start(payers[0], bills[0])
    for _ in range(2):
        with pytest.raises(opening.OrderError, match="penuh"):
            start(payers[1], bills[1])
        db.session.rollback()
        order = db.session.get_one(PaymentOrder, first.id)
        order.state = "expired"
        db.session.commit()
    clock.move(days=7, seconds=1)
    assert start(payers[1], bills[1]).amount == first.amount


def test_only_who_handles_money(app: Flask, budi: Customer, line: Subscription) -> None:
    order = start(budi, factories.invoice(line))
    for role in ("support", "technician", "collector"):
        visitor = Visitor(app)
        factories.log_in(visitor.client, factories.staff(role=role))
        visitor.page("/admin")
        assert visitor.get(URL).status_code == 403
        assert confirm(visitor, order).status_code == 403
        assert visitor.post(f"{URL}/{order.id}/refuse", reason="x").status_code == 403
    assert transfers.waiting() == 0 and factories.every(Payment) == []
