"""Ordering in a chat, to the money and the technicians' list."""

import io
from datetime import timedelta

import requests
from flask import Flask
from PIL import Image
from sqlalchemy import update

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.messaging.models import Message
from portal.messaging.models_inbound import InboundMessage
from portal.orders.models import ServiceOrder
from portal.payments import orders as payment_orders
from portal.payments.models import Payment, PaymentOrder
from portal.plans.models import Plan
from portal.telegram.models import TelegramBill, TelegramTalk
from tests import factories
from tests.simulators.serving import post
from tests.telegram.chats import Chat, settle
from tests.telegram.conftest import DOMAIN, FEE, PRICE


def pay(sims: str) -> None:
    """At the gateway, then our own question to it."""
    attempt = factories.every(PaymentOrder)[-1]
    requests.post(
        f"{sims}/pakasir/orders/{attempt.order_id}/pay", json={}, timeout=5
    ).raise_for_status()
    db.session.rollback()
    payment_orders.check_now(attempt.id)
    settle()


def test_from_hello_to_the_technicians_list(app: Flask, sims: str, plan: Plan, chat: Chat) -> None:
    said = chat.order()
    assert "QRIS sedang disiapkan" in said[0]["text"]
    picture = said[-1]
    assert picture["kind"] == "photo"
    file = requests.get(f"{sims}{picture['file']}", timeout=5).content
    with Image.open(io.BytesIO(file)) as image:
        assert (image.format, image.width == image.height) == ("PNG", True)
    (order,) = factories.every(ServiceOrder)
    (attempt,) = factories.every(PaymentOrder)
    assert attempt.order_id.startswith(f"tg{chat.number}-")
    assert (order.name, order.phone) == ("Wati Baru", "+6281200000001")
    assert order.state == "pending"
    assert order.amount >= FEE + PRICE
    (link,) = [one["url"] for one in chat.buttons(picture) if "url" in one]
    assert link.startswith(DOMAIN) and "qris_only=1" in link

    pay(sims)
    (order,) = factories.every(ServiceOrder)
    assert order.state == "queued"
    assert len(factories.every(Payment)) == 1
    (result,) = chat.new()
    assert "diterima" in result["text"] and "antrean teknisi" in result["text"]
    assert "sudah kami terima" in chat.press("paid:")[0]["text"]


def test_a_button_pressed_twice_places_one_order(app: Flask, plan: Plan, chat: Chat) -> None:
    chat.order()
    key = next(
        one["callback_data"]
        for message in chat.messages()
        for one in chat.buttons(message)
        if one.get("callback_data", "").startswith("ok:")
    )
    assert "Sedang diperiksa" in chat.press("paid:")[0]["text"]
    (late,) = chat.again(key)
    assert "tidak berlaku" in late["text"]
    assert len(factories.every(ServiceOrder)) == 1
    assert len(factories.every(PaymentOrder)) == 1


def test_an_update_told_three_times_is_heard_once(
    app: Flask, sims: str, plan: Plan, chat: Chat
) -> None:
    chat.say("/start")
    post(sims, "/faults", target="telegram", duplicate=3)
    chat.press("plans")
    settle()
    assert len(factories.every(InboundMessage)) == 2
    assert len(chat.messages()) == 2


def test_the_talk_survives_a_restart_and_can_be_left(app: Flask, plan: Plan, chat: Chat) -> None:
    chat.say("/start")
    chat.press("plans")
    chat.press("plan:")
    db.session.remove()  # nothing is kept in memory
    assert "WhatsApp" in chat.say("Wati Baru")[0]["text"]
    (talk,) = factories.every(TelegramTalk)
    assert (talk.step, talk.data["name"]) == ("phone", "Wati Baru")
    assert "Dibatalkan" in chat.say("/batal")[0]["text"]
    (talk,) = factories.every(TelegramTalk)
    assert (talk.step, talk.data) == ("", {})


def test_a_question_does_not_wait_for_ever(app: Flask, plan: Plan, chat: Chat) -> None:
    chat.say("/start")
    chat.press("plan:" + str(plan.id))
    db.session.execute(update(TelegramTalk).values(step_until=wall() - timedelta(seconds=1)))
    db.session.commit()
    assert "belum mengerti" in chat.say("Wati Baru")[0]["text"]


def test_bad_answers_are_asked_again(app: Flask, plan: Plan, chat: Chat) -> None:
    chat.say("/start")
    chat.again(f"plan:{plan.id}")
    assert "nama lengkap" in chat.say("1")[0]["text"]
    chat.say("Wati <b>Baru</b> [[wa]]*x*")
    assert "telepon" in chat.say("bukan nomor")[0]["text"]
    chat.say("081200000001")
    assert "pendek" in chat.say("sini")[0]["text"]
    (shown,) = chat.say("Jl. Anggrek 9\nRT 2/RW 3")
    assert "Wati <b>Baru</b>" in shown["text"], "shown as it was written, never as markup"
    assert "tombol" in chat.say("ya")[0]["text"]
    assert factories.every(ServiceOrder) == []


def test_a_known_phone_makes_nobody_a_customer(app: Flask, plan: Plan, chat: Chat) -> None:
    """Who types somebody's number orders for himself and sees nothing of theirs."""
    siti = factories.customer(name="Siti Rahma", phone="+6281200000001")
    chat.order()
    (order,) = factories.every(ServiceOrder)
    assert order.customer_id != siti.id
    answers = chat.press("bills") + chat.again("pay")
    assert all("Sambungkan akun" in one["text"] for one in answers)
    assert not any("Siti" in one["text"] for one in chat.messages())
    assert factories.fresh(Customer, siti.id).status == "active"


def test_what_nobody_understands_waits_for_staff(app: Flask, chat: Chat) -> None:
    chat.say("/start")
    (answer,) = chat.say("internet saya lambat")
    assert "diteruskan ke petugas" in answer["text"]
    seen = {row.text: row.seen_by for row in factories.every(InboundMessage)}
    assert seen == {"/start": "bot", "internet saya lambat": ""}
    assert {row.flag for row in factories.every(InboundMessage)} == {""}


def test_a_flood_is_answered_once(app: Flask, chat: Chat) -> None:
    chat.say("/start")
    db.session.execute(update(TelegramTalk).values(heard=20))
    db.session.commit()
    assert "Terlalu cepat" in chat.say("/menu")[0]["text"]
    assert chat.say("/menu") == []


def test_a_gateway_that_fails_is_asked_again(app: Flask, sims: str, plan: Plan, chat: Chat) -> None:
    post(sims, "/faults", target="pakasir_api", rate_5xx=1)
    chat.order()
    (bill,) = factories.every(TelegramBill)
    assert (bill.state, bill.attempts) == ("wanted", 1)
    post(sims, "/faults", target="pakasir_api")
    db.session.execute(update(TelegramBill).values(next_at=wall()))
    db.session.commit()
    settle()
    (bill,) = factories.every(TelegramBill)
    assert bill.state == "shown"
    assert chat.new()[-1]["kind"] == "photo"
    assert [one.state for one in factories.every(PaymentOrder)].count("pending") == 1


def test_a_person_who_blocked_the_bot_is_refused_for_good(
    app: Flask, sims: str, plan: Plan, chat: Chat
) -> None:
    chat.order()
    post(sims, f"/telegram/chat/{chat.number}/block")
    pay(sims)
    last = factories.every(Message)[-1]
    failed = [one for one in factories.every(Message) if one.state == "failed"]
    assert [one.recipient for one in failed] == [f"tg:{chat.number}"], last.reason
    assert factories.every(ServiceOrder)[0].state == "queued", "money is money"
