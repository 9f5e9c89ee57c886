"""The login by WhatsApp code, through HTTP, with a click and with HTMX."""

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.accounts.models import OtpChallenge
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.messaging.models import Message
from tests import factories
from tests.customers.conftest import PHONE
from tests.visitor import Visitor, newest_code, other_code, target, without_token

STRANGER = "+6281222227890"  # the same mask: +62 812-••••-7890


def messages() -> int:
    found = db.session.scalar(select(func.count()).select_from(Message)) or 0
    db.session.rollback()
    return found


def test_from_number_to_home(visitor: Visitor, budi: Customer) -> None:
    assert 'autocomplete="tel"' in visitor.page("/login").text
    assert target(visitor.post("/login", phone="0812 1111-7890")) == "/login/code"
    shown = visitor.page("/login/code").text
    assert "+62 812-••••-7890" in shown and PHONE not in shown
    assert 'autocomplete="one-time-code"' in shown and 'maxlength="7"' in shown
    assert "10.05 WIB" in shown, "expiry as clock time"
    code = newest_code()
    assert target(visitor.type_code(f"{code[:3]} {code[3:]}")) == "/"
    assert visitor.logged_in_as() == f"customer:{budi.id}"


def test_the_second_number_logs_in_as_well(app: Flask) -> None:
    owner = factories.customer(phone_alt=PHONE)
    visitor = Visitor(app)
    visitor.ask_code(PHONE)
    visitor.type_code(newest_code())
    assert visitor.logged_in_as() == f"customer:{owner.id}"


@pytest.mark.parametrize("typed", ["", "abc", "12", "0812", "08123456789012345678", "+62 812 x"])
def test_an_invalid_number_is_kept_and_explained(visitor: Visitor, typed: str) -> None:
    visitor.page("/login")
    answer = visitor.post("/login", phone=typed)
    assert answer.status_code == 422
    assert f'value="{typed}"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert ("<html" in answer.text) == (not visitor.headers)


def test_known_and_unknown_numbers_look_the_same(app: Flask, budi: Customer) -> None:
    """T5: byte-equal answers all the way, but only the customer gets a message."""
    pages = []
    for phone in (PHONE, STRANGER):
        visitor = Visitor(app)
        visitor.page("/login")
        sent = visitor.post("/login", phone=phone)
        shown = visitor.page("/login/code")
        wrong = visitor.type_code(other_code(newest_code()))
        resent = visitor.post("/login/resend")
        pages.append(
            [
                (answer.status_code, target(answer), without_token(answer.text))
                for answer in (sent, shown, wrong, resent)
            ]
        )
    assert pages[0] == pages[1]
    assert messages() == 1


def test_the_right_code_of_an_unknown_number_opens_nothing(visitor: Visitor) -> None:
    visitor.ask_code(STRANGER)
    answer = visitor.type_code(newest_code())
    assert answer.status_code == 422 and visitor.logged_in_as() is None


def test_wrong_tries_are_counted_and_the_sixth_is_dead(visitor: Visitor, budi: Customer) -> None:
    visitor.ask_code(PHONE)
    code = newest_code()
    for left in (4, 3, 2, 1):
        answer = visitor.type_code(other_code(code))
        assert answer.status_code == 422 and f"Sisa {left} percobaan" in answer.text
        assert factories.every(OtpChallenge)[-1].tries == 5 - left
    assert "Sudah 5 kali salah" in visitor.type_code(other_code(code)).text
    assert "Sudah 5 kali salah" in visitor.type_code(code).text
    assert visitor.logged_in_as() is None
    assert "Sudah 5 kali salah" in visitor.page("/login/code").text, "survives a reload"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef"])
def test_what_is_no_code_costs_no_try(visitor: Visitor, budi: Customer, typed: str) -> None:
    visitor.ask_code(PHONE)
    answer = visitor.type_code(typed)
    assert answer.status_code == 422 and "6 angka" in answer.text
    assert factories.every(OtpChallenge)[-1].tries == 0


def test_a_code_lives_five_minutes(visitor: Visitor, budi: Customer, clock: FixedClock) -> None:
    visitor.ask_code(PHONE)
    code = newest_code()
    clock.move(seconds=300)
    answer = visitor.type_code(code)
    assert answer.status_code == 422 and "sudah kedaluwarsa" in answer.text
    assert visitor.logged_in_as() is None


def test_a_code_works_to_its_last_second(
    visitor: Visitor, budi: Customer, clock: FixedClock
) -> None:
    visitor.ask_code(PHONE)
    code = newest_code()
    clock.move(seconds=299)
    visitor.type_code(code)
    assert visitor.logged_in_as() == f"customer:{budi.id}"


def test_a_code_belongs_to_the_browser_that_asked(app: Flask, budi: Customer) -> None:
    asking, other = Visitor(app), Visitor(app)
    asking.ask_code(PHONE)
    code = newest_code()
    other.page("/login")
    assert target(other.type_code(code)) == "/login"
    assert other.logged_in_as() is None


def test_resend_waits_its_time_and_kills_the_old_code(
    visitor: Visitor, budi: Customer, clock: FixedClock
) -> None:
    visitor.ask_code(PHONE)
    old = newest_code()
    early = visitor.post("/login/resend")
    assert early.status_code == (422 if visitor.headers else 429)
    assert "Coba lagi pukul 10.01 WIB" in early.text
    clock.move(seconds=60)
    assert target(visitor.post("/login/resend")) == "/login/code"
    assert messages() == 2
    visitor.page("/login/code")
    new = newest_code()
    if new != old:
        assert visitor.type_code(old).status_code == 422
    visitor.type_code(new)
    assert visitor.logged_in_as() == f"customer:{budi.id}"


def test_the_button_comes_when_the_server_says(
    app: Flask, budi: Customer, clock: FixedClock
) -> None:
    visitor = Visitor(app, hx=True)
    visitor.ask_code(PHONE)
    waiting = visitor.get("/login/code").text
    assert "<html" not in waiting and "/login/resend" not in waiting
    assert "delay:60s" in waiting and "10.01 WIB" in waiting
    clock.move(seconds=60)
    ready = visitor.get("/login/code").text
    assert "/login/resend" in ready and "hx-trigger" not in ready


def test_asking_again_in_the_same_browser_leads_to_the_code_page(
    visitor: Visitor, budi: Customer
) -> None:
    visitor.ask_code(PHONE)
    visitor.page("/login")
    assert target(visitor.post("/login", phone=PHONE)) == "/login/code"
    assert messages() == 1


def test_asking_too_often_says_until_when(visitor: Visitor, app: Flask, budi: Customer) -> None:
    Visitor(app).ask_code(PHONE)
    visitor.page("/login")
    answer = visitor.post("/login", phone=PHONE)
    assert answer.status_code == (422 if visitor.headers else 429)
    assert "Coba lagi pukul 10.01 WIB" in answer.text
    assert f'value="{PHONE}"' in answer.text


def test_the_next_day_is_named_with_its_date(app: Flask, clock: FixedClock) -> None:
    """Ten codes a day: "pukul 10.00 WIB" alone would be read as today."""
    visitor = Visitor(app)
    for _ in range(10):
        visitor.ask_code(PHONE)
        clock.move(minutes=16)
    visitor.page("/login")
    answer = visitor.post("/login", phone=PHONE)
    assert answer.status_code == 429 and "22 Nov 2026 10.00 WIB" in answer.text


def test_single_use_under_fifty_parallel_posts(app: Flask, budi: Customer) -> None:
    """T3: fifty times the right code at once opens exactly one session."""
    asking = Visitor(app)
    asking.ask_code(PHONE)
    code, barrier = newest_code(), Barrier(50)
    visitors = []
    for _ in range(50):
        twin = Visitor(app)
        twin.client.set_cookie("loket", asking.cookie())
        twin.token = asking.token
        visitors.append(twin)

    def post(twin: Visitor) -> None:
        barrier.wait()
        twin.type_code(code)

    threads = [Thread(target=post, args=(twin,)) for twin in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [twin.logged_in_as() for twin in visitors].count(f"customer:{budi.id}") == 1
    row = factories.every(OtpChallenge)[-1]
    assert row.used_at is not None and row.tries <= 5


def test_parallel_wrong_tries_are_five_at_most(app: Flask, budi: Customer) -> None:
    asking = Visitor(app)
    asking.ask_code(PHONE)
    wrong = other_code(newest_code())
    answers: list[str] = []

    def post() -> None:
        twin = Visitor(app)
        twin.client.set_cookie("loket", asking.cookie())
        twin.token = asking.token
        answers.append(twin.type_code(wrong).text)

    threads = [Thread(target=post) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert factories.every(OtpChallenge)[-1].tries == 5
    assert sum("Kode salah" in text for text in answers) == 4


def test_a_number_that_left_between_code_and_login(app: Flask, budi: Customer) -> None:
    visitor = Visitor(app)
    visitor.ask_code(PHONE)
    code = newest_code()
    db.session.get_one(Customer, budi.id).phone = "+628999999999"
    db.session.commit()
    assert target(visitor.type_code(code)) == "/login"
    assert "tidak terdaftar lagi" in visitor.page("/login").text


def test_every_code_is_one_message_that_dies_with_it(app: Flask, budi: Customer) -> None:
    Visitor(app).ask_code(PHONE)
    message, challenge = factories.every(Message)[-1], factories.every(OtpChallenge)[-1]
    assert message.kind == "otp_code" and message.recipient == PHONE
    assert message.expires_at == challenge.expires_at
    assert challenge.expires_at - challenge.created_at == timedelta(minutes=5)
    assert isinstance(challenge.expires_at, datetime)
