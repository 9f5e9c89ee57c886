"""Light or dark, and the links that switch: remembered in the cookie, right in the first byte."""

import re

import pytest
from flask import Flask

from portal.customers.models import Customer
from tests import factories
from tests.visitor import Visitor, newest_code

PHONE = "+6281211117890"


def switches(html: str) -> list[str]:
    found = re.search(r'<nav class="switches".*?</nav>', html, re.S)
    assert found
    return [url.replace("&amp;", "&") for url in re.findall(r'href="([^"]+)"', found[0])]


@pytest.fixture
def budi(app: Flask) -> Customer:
    return factories.customer(phone=PHONE)


def test_the_choice_is_in_the_first_byte_until_it_is_taken_back(app: Flask) -> None:
    visitor = Visitor(app)
    assert "data-theme" not in visitor.get("/login").text
    assert '<html lang="id" data-theme="dark">' in visitor.get("/login?look=dark").text
    assert 'data-theme="dark"' in visitor.get("/isolir").text
    assert 'data-theme="dark"' in visitor.get("/t/nothing").text
    assert 'data-theme="dark"' in visitor.get("/nowhere").text, "errors, too"
    for odd in ("pink", "", "<b>"):
        assert 'data-theme="dark"' in visitor.get("/login").text, odd
        visitor.client.get("/login", query_string={"look": odd})
    assert "data-theme" not in visitor.get("/login?look=auto").text


def test_the_login_keeps_it(app: Flask, budi: Customer) -> None:
    visitor = Visitor(app)
    visitor.page("/login?look=dark")
    visitor.ask_code(PHONE)
    visitor.type_code(newest_code())
    assert visitor.logged_in_as() == f"customer:{budi.id}"
    assert 'data-theme="dark"' in visitor.page("/").text


def test_a_switch_keeps_the_page_and_its_filters(app: Flask, budi: Customer) -> None:
    visitor = Visitor(app)
    factories.log_in(visitor.client, budi)
    for url in switches(visitor.page("/me/invoices?status=paid&lang=en").text):
        assert url.startswith("/me/invoices?") and "status=paid" in url, url
        assert url.count("lang=") <= 1 and url.count("look=") <= 1, url
        assert visitor.page(url).status_code == 200


def test_a_page_without_an_address_leads_home(app: Flask) -> None:
    """What a refused form brings back cannot be asked for: nobody ends on 405."""
    visitor = Visitor(app)
    visitor.ask_code(PHONE)
    answer = visitor.post("/login/resend")
    assert answer.status_code in {303, 429}
    if answer.status_code == 429:
        for url in switches(answer.text):
            assert visitor.client.get(url, follow_redirects=True).status_code == 200, url


@pytest.mark.parametrize("odd", ["endpoint", "_scheme", "_anchor", "_method", "_external", "q"])
def test_no_filter_steers_how_the_links_are_made(app: Flask, odd: str) -> None:
    """Anybody may put any name into an address; it once was an error of ours."""
    answer = Visitor(app).get(f"/login?{odd}=x")
    assert answer.status_code == 200
    for url in switches(answer.text):
        assert url.startswith("/login?"), url


def test_an_address_keeps_whose_page_it_is(app: Flask, budi: Customer) -> None:
    visitor, bill = Visitor(app), factories.invoice(factories.subscription(budi))
    factories.log_in(visitor.client, budi)
    for other in ("abc", "7"):
        answer = visitor.page(f"/me/invoices/{bill.id}?invoice_id={other}")
        assert answer.status_code == 200
        for url in switches(answer.text):
            assert url.startswith(f"/me/invoices/{bill.id}?"), url
