"""A customer's account in a chat: only by a code, and then bills, payments and results."""

import requests
from flask import Flask

from portal.customers.models import Customer
from portal.customers.models_telegram import TelegramUser
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.messaging.models_inbound import InboundMessage
from portal.payments.models import PaymentOrder, PaymentOrderInvoice
from tests import factories
from tests.telegram.chats import Chat
from tests.visitor import newest_code, other_code

PHONE = "+6281234567890"


def linked(chat: Chat) -> None:
    chat.say("/start")
    chat.press("link")
    chat.say("081234567890")
    chat.say(newest_code())


def test_a_code_to_whatsapp_links_the_account(app: Flask, chat: Chat) -> None:
    customer = factories.customer(name="Budi Santoso", phone=PHONE)
    chat.say("/start")
    chat.press("link")
    assert "kode 6 angka" in chat.say("081234567890")[0]["text"]
    code = newest_code()
    codes = [one for one in factories.every(Message) if one.kind == "otp_code"]
    assert [one.recipient for one in codes] == [PHONE], "the code never goes to the chat"
    assert "Sisa 4" in chat.say(other_code(code))[0]["text"]
    assert "Tersambung sebagai Budi Santoso" in chat.say(code)[0]["text"]
    (user,) = factories.every(TelegramUser)
    assert user.customer_id == customer.id
    assert "telegram.link" in {row.action for row in factories.every(AuditEntry)}
    assert not any(code in row.text for row in factories.every(InboundMessage))


def test_nobody_learns_which_numbers_are_customers(app: Flask, chat: Chat) -> None:
    factories.customer(phone=PHONE)
    chat.say("/start")
    chat.press("link")
    known = chat.say("081234567890")[0]["text"]
    chat.press("link")
    assert chat.say("081299998888")[0]["text"] == known
    assert "Kode salah" in chat.say("000000")[0]["text"]


def test_a_code_has_five_tries(app: Flask, chat: Chat) -> None:
    factories.customer(phone=PHONE)
    chat.say("/start")
    chat.press("link")
    chat.say("081234567890")
    code = newest_code()
    for _turn in range(4):
        chat.say(other_code(code))
    assert "tidak berlaku" in chat.say(other_code(code))[0]["text"]
    assert "belum mengerti" in chat.say(code)[0]["text"]
    assert factories.every(TelegramUser)[0].customer_id is None


def test_a_shared_number_asks_who(app: Flask, chat: Chat) -> None:
    factories.customer(name="Budi", phone=PHONE)
    ani = factories.customer(name="Ani", phone=PHONE)
    stranger = factories.customer(name="Orang lain", phone="+6281200001111")
    chat.say("/start")
    chat.press("link")
    chat.say("081234567890")
    (asked,) = chat.say(newest_code())
    assert [one["text"] for one in chat.buttons(asked)][:2] == [
        f"Budi ({factories.every(Customer)[0].number})",
        f"Ani ({ani.number})",
    ]
    assert "tidak berlaku" in chat.again(f"as:{stranger.id}")[0]["text"]
    assert "Tersambung sebagai Ani" in chat.again(f"as:{ani.id}")[0]["text"]


def test_bills_are_seen_and_paid_and_the_result_comes(app: Flask, sims: str, chat: Chat) -> None:
    customer = factories.customer(phone=PHONE)
    invoice = factories.invoice(factories.subscription(customer), total=165_000)
    linked(chat)
    (listed,) = chat.press("bills")
    assert invoice.number in listed["text"] and "Rp165.000" in listed["text"]
    picture = chat.press("pay")[-1]
    assert picture["kind"] == "photo"
    (attempt,) = factories.every(PaymentOrder)
    assert db.session.scalars(db.select(PaymentOrderInvoice.invoice_id)).all() == [invoice.id]
    db.session.rollback()

    requests.post(f"{sims}/pakasir/orders/{attempt.order_id}/pay", json={}, timeout=5)
    results = chat.press("paid:")
    assert factories.fresh(Invoice, invoice.id).state == "paid"
    assert any("165.000" in one["text"] for one in results)
    told = [one for one in factories.every(Message) if one.kind == "payment_confirmation"]
    assert sorted(one.recipient for one in told) == [PHONE, f"tg:{chat.number}"]
    assert "Tidak ada tagihan" in chat.press("bills")[0]["text"]


def test_somebody_elses_bill_is_nobodys_button(app: Flask, chat: Chat) -> None:
    factories.customer(phone=PHONE)
    other = factories.customer(phone="+6281200001111")
    invoice = factories.invoice(factories.subscription(other), total=50_000)
    linked(chat)
    assert "tidak terbuka" in chat.again(f"pay:{invoice.id}")[0]["text"]
    assert "tidak berlaku" in chat.again("paid:1")[0]["text"]
    assert "tidak berlaku" in chat.again("order:1")[0]["text"]
    assert factories.every(PaymentOrder) == []


def test_an_account_can_be_let_go(app: Flask, chat: Chat) -> None:
    factories.customer(phone=PHONE)
    linked(chat)
    assert "diputus" in chat.say("/keluar")[0]["text"]
    assert factories.every(TelegramUser)[0].customer_id is None
    assert "Sambungkan" in chat.say("/tagihan")[0]["text"]
    assert "telegram.unlink" in {row.action for row in factories.every(AuditEntry)}
