"""The photo of a transfer: what is taken, who sees it, and when it goes."""

import io
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.media import service as media
from portal.media.models import MediaFile
from portal.payments import orders
from portal.payments.models import PaymentOrder, PaymentProof
from portal.subscriptions.models import Subscription
from tests import factories
from tests.conftest import NOW
from tests.payments import books
from tests.payments.transferring import URL, cashier, confirm, extra_env, start, visitor
from tests.visitor import Visitor, target

__all__ = ["cashier", "extra_env", "visitor"]


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
