"""Another number: proven by a code to it, told to the old one, every other device out."""

from typing import Any

import pytest
from flask import Flask

from portal.accounts import otp
from portal.core.clock import FixedClock
from portal.customers import phone_change
from portal.customers.models import Customer
from portal.customers.models_phone import PhoneChange
from portal.customers.service import by_phone
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import service as messaging
from portal.messaging.models import Message
from portal.settings import service as settings
from tests import factories
from tests.customers.conftest import PHONE
from tests.payments.test_pay_races import together
from tests.visitor import Visitor, newest_code, other_code, target

NEW = "+6281399998888"
HERE = "/me/profile/phone"


def logged_in(app: Flask, phone: str = PHONE) -> Visitor:
    """By the real login, which proves the phone."""
    visitor = Visitor(app)
    visitor.ask_code(phone)
    visitor.type_code(newest_code())
    visitor.page(HERE)
    return visitor


def phone_of(customer: Customer) -> str:
    return factories.fresh(Customer, customer.id).phone


def messages(kind: str = "customer_notice") -> list[Message]:
    return [row for row in factories.every(Message) if row.kind == kind]


@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
def test_a_code_to_the_new_number_and_word_to_the_old(app: Flask, budi: Customer, hx: bool) -> None:
    settings.change("company.cs_phone", "+6281280001111")
    db.session.commit()
    visitor = Visitor(app, hx)
    factories.log_in(visitor.client, budi)
    other = Visitor(app)
    factories.log_in(other.client, budi)
    visitor.page(HERE)
    assert target(visitor.post(HERE, phone="0813 9999 8888")) == f"{HERE}/code"
    (code,) = messages("otp_code")
    assert (code.recipient, code.customer_id) == (NEW, budi.id)
    for _reload in range(2):
        page = visitor.page(f"{HERE}/code").text
        assert "+62 813-••••-8888" in page and "99998888" not in page
    assert target(visitor.page(HERE)) == f"{HERE}/code", "what is under way goes on"
    assert phone_of(budi) == PHONE
    assert visitor.post(f"{HERE}/code", code=other_code(newest_code())).status_code == 422
    assert target(visitor.post(f"{HERE}/code", code=newest_code())) == "/me/profile"
    assert phone_of(budi) == NEW
    (told,) = messages()
    assert told.recipient == PHONE and "Bukan Anda?" in told.params["text"]
    assert "0812-8000-1111" in told.params["text"] and NEW not in told.params["text"]
    assert visitor.page("/me/profile").status_code == 200, "this device stays"
    assert target(other.page("/me/profile")).startswith("/login"), "the others do not"
    (entry,) = [row for row in factories.every(AuditEntry) if row.action == "customer.phone"]
    assert (entry.actor, entry.before["phone"]) == (f"customer:{budi.id}", PHONE)
    assert entry.after["phone"] == NEW


def test_the_answer_is_the_same_whoever_has_the_number(app: Flask, budi: Customer) -> None:
    tini = factories.customer(phone=NEW, name="Tini Utami")
    pages = []
    for phone in ("081399998888", "081377776666"):
        visitor = logged_in(app)
        answer = visitor.post(HERE, phone=phone)
        pages.append((answer.status_code, target(answer)))
        assert "Tini" not in visitor.page(f"{HERE}/code").text
        visitor.post(f"{HERE}/cancel")
        db.session.rollback()
        for challenge in db.session.query(otp.OtpChallenge):
            challenge.created_at = challenge.created_at.replace(year=2020)
        db.session.commit()
    assert pages[0] == pages[1]
    visitor = logged_in(app)
    visitor.post(HERE, phone="081399998888")
    visitor.page(f"{HERE}/code")
    visitor.post(f"{HERE}/code", code=newest_code())
    assert {one.id for one in by_phone(NEW)} == {budi.id, tini.id}
    db.session.rollback()
    assert phone_of(tini) == NEW
    assert [row.recipient for row in messages()] == [PHONE], "nothing is told to the other one"


def test_a_code_opens_only_what_it_was_asked_for(app: Flask, budi: Customer) -> None:
    """Neither another browser, nor the login, nor another customer takes the code."""
    visitor, thief = logged_in(app), Visitor(app)
    visitor.post(HERE, phone="081399998888")
    code = newest_code()
    tini = factories.customer()
    factories.log_in(thief.client, tini)
    thief.page(HERE)
    assert target(thief.post(f"{HERE}/code", code=code)) == HERE
    stranger = Visitor(app)
    stranger.page("/login")
    assert target(stranger.post("/login/code", code=code)) == "/login"
    same = Visitor(app)
    factories.log_in(same.client, budi)
    same.page(HERE)
    assert target(same.post(f"{HERE}/code", code=code)) == HERE
    assert phone_of(budi) == PHONE and phone_of(tini) == tini.phone


def test_who_shares_the_old_number_is_asked_about(app: Flask) -> None:
    ani = factories.customer(phone=PHONE, name="Ani Lestari")
    dewi = factories.customer(phone=PHONE, name="Dewi Lestari")
    eko = factories.customer(phone=PHONE, name="Eko")
    visitor = Visitor(app)
    visitor.ask_code(PHONE)
    visitor.type_code(newest_code())
    visitor.page("/login/choose")
    visitor.post("/login/choose", customer=str(ani.id))
    page = visitor.page(HERE).text
    assert dewi.number in page and "Dewi" not in page and "hanya akun ini" in page
    visitor.post(HERE, phone="081399998888", also=str(dewi.id))
    visitor.page(f"{HERE}/code")
    visitor.post(f"{HERE}/code", code=newest_code())
    assert [phone_of(one) for one in (ani, dewi, eko)] == [NEW, NEW, PHONE]
    assert sorted(row.customer_id or 0 for row in messages()) == [ani.id, dewi.id]


def test_who_came_by_another_number_changes_only_this_one(app: Flask) -> None:
    """The second number's holder did not prove the first, whose other accounts stay."""
    ani = factories.customer(phone=PHONE, phone_alt="+6281511112222")
    dewi = factories.customer(phone=PHONE)
    visitor = logged_in(app, "+6281511112222")
    assert dewi.number not in visitor.page(HERE).text
    visitor.post(HERE, phone="081399998888", also=str(dewi.id))
    visitor.page(f"{HERE}/code")
    visitor.post(f"{HERE}/code", code=newest_code())
    assert (phone_of(ani), phone_of(dewi)) == (NEW, PHONE)


def test_the_second_number_may_become_the_first(app: Flask, clock: FixedClock) -> None:
    ani = factories.customer(phone=PHONE, phone_alt=NEW)
    visitor = logged_in(app)
    visitor.post(HERE, phone="081399998888")
    visitor.page(f"{HERE}/code")
    visitor.post(f"{HERE}/code", code=newest_code())
    found = factories.fresh(Customer, ani.id)
    assert (found.phone, found.phone_alt) == (NEW, None)


@pytest.mark.parametrize("typed", ["", "abc", "0812", "081211117890"])
def test_what_is_no_other_number(app: Flask, budi: Customer, typed: str) -> None:
    visitor = logged_in(app)
    answer = visitor.post(HERE, phone=typed)
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert not factories.every(PhoneChange)


def test_codes_are_as_limited_as_at_the_login(app: Flask, budi: Customer) -> None:
    visitor = logged_in(app)
    visitor.post(HERE, phone="081399998888")
    visitor.page(f"{HERE}/code")
    again = visitor.post(f"{HERE}/resend")
    assert again.status_code == 429 and "Terlalu banyak" in again.text
    for _ in range(otp.MAX_TRIES):
        visitor.post(f"{HERE}/code", code=other_code(newest_code()))
    assert "5 kali salah" in visitor.page(f"{HERE}/code").text
    assert phone_of(budi) == PHONE


def test_a_customer_cannot_have_codes_sent_to_the_whole_town(app: Flask, budi: Customer) -> None:
    sent = 0
    for number in range(phone_change.ASKED_PER_DAY + 2):
        try:
            person = db.session.get_one(Customer, budi.id)
            phone_change.begin(person, f"+62815000011{number:02d}", (), f"10.0.0.{number}", 50)
            db.session.commit()
            sent += 1
        except otp.TooManyCodes:
            db.session.rollback()
    assert sent == phone_change.ASKED_PER_DAY


def test_a_number_that_staff_changed_meanwhile_stays(app: Flask, budi: Customer) -> None:
    visitor = logged_in(app)
    visitor.post(HERE, phone="081399998888")
    code = newest_code()
    db.session.get_one(Customer, budi.id).phone = "+6281500001111"
    db.session.commit()
    visitor.page("/me/profile")
    assert target(visitor.post(f"{HERE}/code", code=code)) == HERE
    assert phone_of(budi) == "+6281500001111" and not messages()


def test_a_customer_who_was_closed_meanwhile_keeps_the_number(app: Flask, budi: Customer) -> None:
    token = phone_change.begin(db.session.get_one(Customer, budi.id), NEW, (), "10.0.0.1", 50)
    db.session.commit()
    code = newest_code()
    db.session.get_one(Customer, budi.id).status = "closed"
    db.session.commit()
    assert phone_change.confirm(budi.id, token, code, "x").result == "stale"
    db.session.commit()
    assert phone_of(budi) == PHONE and not messages()


def test_the_right_code_at_the_same_moment_changes_once(app: Flask, budi: Customer) -> None:
    person = db.session.get_one(Customer, budi.id)
    token = phone_change.begin(person, NEW, (), "10.0.0.1", 50)
    db.session.commit()
    code = newest_code()

    def confirm() -> str:
        result = phone_change.confirm(budi.id, token, code, "x").result
        db.session.commit()
        return result

    assert together(app, *[confirm] * 4).count("ok") == 1
    assert phone_of(budi) == NEW and len(messages()) == 1


def test_what_waits_follows_the_customer(app: Flask, budi: Customer, clock: FixedClock) -> None:
    def queue(key: str, kind: str = "payment_confirmation", **about: Any) -> None:
        params = {"name": "B", "amount": 1, "payment_number": "P", "status": "Lunas"}
        messaging.queue(kind, PHONE, key, {**params, "paid_at": clock.now().isoformat()}, **about)

    queue("mine", customer_id=budi.id)
    queue("another's", customer_id=factories.customer().id)
    db.session.commit()
    visitor = logged_in(app)
    visitor.post(HERE, phone="081399998888")
    visitor.page(f"{HERE}/code")
    visitor.post(f"{HERE}/code", code=newest_code())
    went = {row.dedupe_key: row.recipient for row in messages("payment_confirmation")}
    assert went == {"mine": NEW, "another's": PHONE}
