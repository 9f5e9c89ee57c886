"""Who only ordered is no customer to anybody: no login, bill, broadcast, list, import."""

import pytest
from flask import Flask

from portal.accounts import sessions
from portal.broadcasts import audience
from portal.core.clock import FixedClock
from portal.core.period import Period
from portal.customers import service as customers
from portal.customers.models import Customer
from portal.extensions import db
from portal.imports.service import run_import
from portal.infra.timekeeping import today
from portal.invoices import billing
from portal.invoices import service as invoices
from portal.messaging import text_preview
from portal.messaging.models import Message
from portal.network import isolation
from portal.orders import service, work
from portal.orders.models import ServiceOrder
from portal.payments import orders as payment_orders
from portal.plans.models import Plan
from tests import factories
from tests.orders.conftest import customer_of, now_of, open_payment, pay, place
from tests.payments import books
from tests.payments.fakes import Bank
from tests.visitor import Visitor, newest_code


@pytest.fixture
def order(plan: Plan) -> ServiceOrder:
    return place(plan)


def test_no_code_is_sent_and_the_page_says_nothing_else(app: Flask, order: ServiceOrder) -> None:
    budi = factories.customer()
    known, prospect, stranger = Visitor(app), Visitor(app), Visitor(app)
    answers = [
        visitor.ask_code(phone)
        for visitor, phone in (
            (known, budi.phone),
            (prospect, order.phone),
            (stranger, "+6281299999999"),
        )
    ]
    assert len({(one.status_code, one.headers["Location"]) for one in answers}) == 1
    sent = [row.recipient for row in factories.every(Message) if row.kind == "otp_code"]
    assert sent == [budi.phone]


def test_a_right_code_lets_no_prospect_in(app: Flask, order: ServiceOrder) -> None:
    """Even with the code, had somebody guessed it; and a session of one is none."""
    visitor = Visitor(app)
    visitor.ask_code(order.phone)
    visitor.type_code(newest_code())
    assert visitor.logged_in_as() is None
    prospect = customer_of(order)
    token = sessions.open_session(sessions.CUSTOMER, prospect.id)
    assert customers.load_customer(prospect.id, token) is None
    db.session.commit()
    other = Visitor(app)
    factories.log_in(other.client, prospect)
    assert other.get("/me/invoices").status_code == 303


def test_a_prospect_who_shares_a_phone_is_not_offered_at_login(app: Flask, plan: Plan) -> None:
    budi = factories.customer()
    place(plan, phone=budi.phone)
    assert [found.id for found in customers.by_phone(budi.phone)] == [budi.id]
    db.session.rollback()


def test_nothing_is_billed_reminded_or_walled_off(
    bank: Bank, order: ServiceOrder, clock: FixedClock
) -> None:
    pay(bank, order)
    before = len(factories.every(Message))
    for _month in range(2):
        clock.move(days=31)
        for period in billing.due_periods(today()):
            assert billing.issue_chunk(period, only_due=False) == 0
        invoices.remind_due()
        db.session.commit()
        isolation.run()
    assert billing.preview(Period.of(today())).count == 0
    assert len(factories.every(Message)) == before
    books.balanced()


def test_no_broadcast_means_them(order: ServiceOrder) -> None:
    budi = factories.subscription().customer_id
    found = db.session.execute(audience.people(audience.Audience())).all()
    assert [row.id for row in found] == [budi]
    db.session.rollback()


def test_staff_lists_and_previews_show_customers_only(app: Flask, order: ServiceOrder) -> None:
    budi = factories.customer(name="Budi Pelanggan")
    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff())
    assert "Wati Baru" not in desk.page("/admin/customers?q=wati").text
    assert "Wati Baru" in desk.page("/admin/customers?state=prospect").text
    assert "Budi Pelanggan" not in desk.page("/admin/customers?state=prospect").text
    late = place(factories.fresh(Plan, order.plan_id or 0), phone="+6281200000002")
    assert late.customer_id > budi.id
    with app.app_context():
        assert [one.id for one in text_preview.matching("")] == [budi.id]


def test_an_import_makes_no_customer_of_a_prospect(app: Flask, order: ServiceOrder) -> None:
    number = customer_of(order).number
    file = (
        "no_pelanggan,nama,telepon,alamat,area,paket,harga,login_layanan,tanggal_tagihan,"
        f"tanggal_mulai\n{number},Wati,081200000001,Jl. A,Cibiru,Rumah,165000,wati@net,5,"
        "2026-01-05\n"
    )
    report = run_import(file.encode(), dry_run=False)
    assert not report.ok and "calon pelanggan" in report.errors[0].sentence
    assert customer_of(order).status == "prospect"


def test_unpaid_ones_lapse_and_nothing_is_deleted(
    app: Flask, order: ServiceOrder, clock: FixedClock
) -> None:
    clock.move(days=2, hours=23)
    assert service.expire_unpaid() == 0
    clock.move(hours=2)
    assert service.expire_unpaid() == 1 and service.expire_unpaid() == 0
    db.session.commit()
    assert now_of(order.id).state == "expired" and customer_of(order).status == "lapsed"
    desk = Visitor(app)
    factories.log_in(desk.client, factories.staff())
    assert "Wati Baru" not in desk.page("/admin/orders").text
    assert "Wati Baru" in desk.page("/admin/orders?list=over").text
    assert len(factories.every(Customer)) == 1


def test_a_prospect_whose_money_we_hold_does_not_lapse(
    order: ServiceOrder, clock: FixedClock
) -> None:
    factories.payment(customer_of(order), 100_000)
    clock.move(days=4)
    assert service.expire_unpaid() == 1
    db.session.commit()
    assert (now_of(order.id).state, customer_of(order).status) == ("expired", "prospect")


def test_a_prospect_with_another_order_does_not_lapse(plan: Plan, clock: FixedClock) -> None:
    first = place(plan, telegram_id=5)
    clock.move(days=2)
    second = place(plan, telegram_id=5)
    assert second.customer_id == first.customer_id
    clock.move(days=2)
    service.expire_unpaid()
    db.session.commit()
    assert (now_of(first.id).state, now_of(second.id).state) == ("expired", "pending")
    assert customer_of(first).status == "prospect"


def test_a_phone_is_asked_for_before_there_are_bills(bank: Bank, plan: Plan) -> None:
    order = place(plan, phone="", telegram_id=5)
    attempt = open_payment(order)
    bank.pay(attempt.order_id)
    payment_orders.check_now(attempt.id)
    me = factories.staff(role="technician")
    done = work.Installed("wati@net", None, plan.id)
    with pytest.raises(service.ServiceOrderError, match="nomor WhatsApp"):
        work.finish(order.id, done, me.id)
    db.session.rollback()
    work.finish(order.id, work.Installed("wati@net", None, plan.id, phone="0812-0000-0009"), me.id)
    db.session.commit()
    assert customer_of(order).phone == "+6281200000009"
    assert work.issue_first(order.id) == 1
    db.session.commit()
    books.balanced()
