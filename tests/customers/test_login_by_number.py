"""Logging in with the customer's number instead of the phone: nobody learns whether it exists."""

import pytest
from flask import Flask
from markupsafe import escape

from portal.accounts.models import OtpChallenge
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.secrets import digest
from portal.messaging.models import Message
from tests import factories
from tests.customers.conftest import PHONE
from tests.visitor import Visitor, newest_code, target, without_token


def test_the_customer_number_leads_to_its_whatsapp(visitor: Visitor, budi: Customer) -> None:
    """Typed in small letters, too; the page shows the number and no phone."""
    assert "Pakai ID pelanggan" in visitor.page("/login").text
    assert 'name="number"' in visitor.page("/login?by=number").text
    answer = visitor.post("/login", number=f" {budi.number.lower()} ")
    assert answer.status_code in {204, 303}
    html = visitor.page("/login/code").text
    assert budi.number in html and "7890" not in html
    visitor.type_code(newest_code())
    assert visitor.logged_in_as() == f"customer:{budi.id}"


def test_of_several_customers_it_is_the_one_asked_for(app: Flask, budi: Customer) -> None:
    second = factories.customer(phone=PHONE)
    visitor = Visitor(app)
    visitor.page("/login?by=number")
    visitor.post("/login", number=second.number)
    visitor.page("/login/code")
    visitor.type_code(newest_code())
    assert visitor.logged_in_as() == f"customer:{second.id}"


def test_a_number_that_nobody_has_looks_the_same(app: Flask, budi: Customer) -> None:
    shown = []
    for number in (budi.number, "PLG-9999"):
        visitor = Visitor(app)
        visitor.page("/login?by=number")
        first = visitor.post("/login", number=number)
        html = without_token(visitor.page("/login/code").text).replace(number, "NUMBER")
        again = visitor.post("/login", number=number)
        wrong = without_token(visitor.type_code("000000").text).replace(number, "NUMBER")
        shown.append((first.status_code, target(first), html, again.status_code, wrong))
    assert shown[0] == shown[1]
    assert len(factories.every(Message)) == 1, "only the known one was sent a code"


def test_the_same_number_waits_alike_whoever_has_it(app: Flask, budi: Customer) -> None:
    for number in (budi.number, "PLG-9999"):
        for status in (303, 429):
            visitor = Visitor(app)
            visitor.page("/login?by=number")
            assert visitor.post("/login", number=number).status_code == status, number


def test_asking_by_number_tells_nothing_of_a_phone(
    app: Flask, budi: Customer, clock: FixedClock
) -> None:
    """Whoever asked for a phone a moment ago must not see which number it belongs to."""
    knows, shown = Visitor(app), []
    knows.ask_code(PHONE)
    asking = {number: Visitor(app) for number in (budi.number, "PLG-9999")}
    for number, visitor in asking.items():
        visitor.page("/login?by=number")
        seen = [visitor.post("/login", number=number).status_code]
        seen += [without_token(visitor.page("/login/code").text).replace(number, "NUMBER")]
        shown.append(seen)
    clock.move(seconds=61)
    assert knows.ask_code(PHONE).status_code == 303, "nor the other way round"
    for seen, (number, visitor) in zip(shown, asking.items(), strict=True):
        wrong = without_token(visitor.type_code("000000").text).replace(number, "NUMBER")
        seen += [wrong, visitor.post("/login/resend").status_code]
    assert shown[0] == shown[1] and shown[0][0] == 303
    codes = [row.recipient for row in factories.every(Message)]
    assert codes == [PHONE] * 4, "each way of asking has its own limits"


def test_a_login_by_number_proves_the_phone(app: Flask, budi: Customer) -> None:
    visitor = Visitor(app)
    visitor.page("/login?by=number")
    visitor.post("/login", number=budi.number)
    visitor.page("/login/code")
    visitor.type_code(newest_code())
    (challenge,) = factories.every(OtpChallenge)
    assert challenge.phone == PHONE and challenge.used_at is not None
    with visitor.client.session_transaction("/") as session:
        assert session["proven"] == digest(PHONE)


@pytest.mark.parametrize("new", ["+6281299990000", ""])
def test_the_holder_of_the_old_phone_is_not_let_in(app: Flask, budi: Customer, new: str) -> None:
    """The number's phone is changed while a code is on its way to the old one."""
    factories.customer(phone="")  # nobody's phone is nobody's
    visitor = Visitor(app)
    visitor.page("/login?by=number")
    visitor.post("/login", number=budi.number)
    visitor.page("/login/code")
    code = newest_code()
    db.session.query(Customer).filter_by(id=budi.id).update({"phone": new})
    db.session.commit()
    visitor.type_code(code)
    assert visitor.logged_in_as() is None


@pytest.mark.parametrize("typed", ["", "x", "PLG 0042", "<script>", "a" * 41, "'; --"])
def test_what_is_no_number_is_kept_and_explained(visitor: Visitor, typed: str) -> None:
    visitor.page("/login?by=number")
    answer = visitor.post("/login", number=typed)
    assert answer.status_code == 422 and "PLG-0042" in answer.text
    assert 'aria-invalid="true"' in answer.text and escape(typed) in answer.text
