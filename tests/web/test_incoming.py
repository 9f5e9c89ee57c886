"""What no database stores does no harm in an address, a filter or a form."""

from io import BytesIO
from typing import Any

import pytest
from flask import Flask, request

from portal.broadcasts.models import Broadcast
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from tests import factories
from tests.accounts.hands import seat
from tests.visitor import Visitor


@pytest.mark.parametrize(
    "path",
    [
        "customers?q=%00&area=%00&state=%00",
        "invoices?q=%00&state=%00",
        "payments?q=%00&state=%00",
        "messages?q=%00&kind=%00&state=%00&channel=%00&batch=%00",
        "broadcasts/new?areas=1&areas=%00&states=%00",
        "settings/whatsapp?driver=meta%00",
        "customers?page=%00&q=%ED%A0%80",
    ],
)
def test_a_filter_is_read_without_it(app: Flask, siti: Any, path: str) -> None:
    visitor = Visitor(app)
    factories.log_in(visitor.client, siti)
    assert visitor.get(f"/admin/{path}").status_code == 200


def test_a_filter_finds_what_was_meant(desk: Visitor) -> None:
    factories.customer(name="Budi Santoso")
    factories.customer(name="Ani")
    html = desk.get("/admin/customers?q=bu%00di").text
    assert "Budi Santoso" in html and "Ani<" not in html


def test_a_form_keeps_the_rest(desk: Visitor) -> None:
    budi = factories.customer(name="Budi")
    form = {"name": "Bu\0di \0Baru", "phone": "081234567890", "language": "id", "address": "\0"}
    answer = desk.post(f"/admin/customers/{budi.id}/edit", **form)
    assert answer.status_code in {204, 303}, answer.text
    assert factories.fresh(Customer, budi.id).name == "Budi Baru"
    desk.post("/admin/broadcasts/new", title="A\0", body="\0B", areas="\0")
    (draft,) = factories.every(Broadcast)
    assert (draft.title, draft.body) == ("A", "B")


def test_there_is_no_such_address(app: Flask) -> None:
    budi = factories.customer()
    visitor = Visitor(app)
    factories.log_in(visitor.client, budi)
    assert visitor.get("/me/orders/a%00b").status_code == 404


def test_half_a_pair_of_surrogates_becomes_nothing(app: Flask) -> None:
    """Nothing decodes to one today; what is read must hold none whatever decodes it."""
    form = {"data": b"a=%ED%A0%80&a=%00", "content_type": "application/x-www-form-urlencoded"}
    with app.test_request_context("/?q=%ED%A0%80", method="POST", **form):
        values = [*request.args.values(), *request.form.getlist("a")]
        assert len(values) == 3 and not any("\0" in value for value in values)
        assert [value.encode() for value in values]
    assert app.request_class.parameter_storage_class([("q", "a\ud800b")])["q"] == "ab"


def test_the_body_of_a_callback_is_kept_as_it_came(app: Flask) -> None:
    with app.test_request_context("/webhook/x", method="POST", data=b"{\x00}"):
        assert request.get_data() == b"{\x00}"


@pytest.mark.parametrize("address", ["/me/invoices", "/admin/customers"])
def test_an_address_that_is_none_is_only_ignored(app: Flask, address: str) -> None:
    """What a browser says about where it is: a stranger could make any page fail with it."""
    headers = {"HX-Request": "true", "HX-Current-URL": "http://[", "Referer": "http://["}
    answer = app.test_client().get(address, headers=headers)
    assert answer.status_code == 401 and "login" in answer.headers["HX-Redirect"]


def test_a_question_for_the_password_survives_it(app: Flask, clock: FixedClock, siti: Any) -> None:
    person = seat(app, siti)
    person.page("/admin/account")
    clock.move(minutes=11)
    person.headers = {"Referer": "http://["}
    assert "_password" in person.post("/admin/account", name="Siti", email=siti.email).text
    assert "_password" in person.get("/admin/account/totp").text


def test_strangers_send_no_more_to_an_import_than_elsewhere(app: Flask, siti: Any) -> None:
    """The form is read before anybody asks who sends it."""

    def upload(visitor: Visitor) -> int:
        visitor.page("/admin/login")
        data = {"file": (BytesIO(b"x" * (9 << 20)), "a.csv"), "csrf_token": visitor.token}
        return visitor.client.post("/admin/import", data=data).status_code

    assert upload(Visitor(app)) == 413
    visitor = Visitor(app)
    factories.log_in(visitor.client, siti)
    assert upload(visitor) != 413
