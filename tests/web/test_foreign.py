"""Nothing is shown to whom it does not belong, and nothing of it changes.

Generated: whatever a customer's pages let that customer ask, and every customer route with that
customer's ids, is asked by another customer; whatever a collector's pages offer, by a collector
of other areas. Ids stand in paths, in queries, in form fields, under every name any view reads.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.accounts.models import Staff
from portal.customers.models import Customer
from portal.extensions import db
from portal.invoices.models import Invoice
from portal.messaging.models import Message
from portal.subscriptions.models import Subscription
from portal.web.access import PERMISSIONS
from tests import factories
from tests.visitor import Visitor
from tests.web.house import address, house, make_known, routes, somebody
from tests.web.replay import Asked, access_of, ask, asked_on, belongings, field_names, told

__all__ = ["house"]
MINE = {"name": "Zulkarnain Wibisono", "address": "Gang Teratai Biru 77", "phone": "+628129876501"}
# Whoever holds one of these may use it: a link that was sent is its own key.
KEYS = {"pay_token", "order_token", "media_token", "link_token", "token"}
LEAVING = ("logout", "/keluar", "/devices", "/out", "/account")


@pytest.fixture
def extra_env() -> dict[str, str]:
    """A gateway that is set up and does not answer: choosing what to pay goes all the way."""
    return {
        "PAKASIR_SLUG": "x",
        "PAKASIR_API_KEY": "k",
        "PAKASIR_BASE_URL": "http://127.0.0.1:1",
    }


@pytest.fixture
def markers(house: dict[str, Any]) -> list[str]:
    """What nobody else's page may contain."""
    budi = house["budi"]
    db.session.execute(update(Customer).where(Customer.id == budi.id).values(**MINE))
    mine = Subscription.id == house["subscription_id"]
    db.session.execute(update(Subscription).where(mine).values(login="zulkarnain-88"))
    bills = db.session.query(Invoice.number).filter_by(customer_id=budi.id).all()
    about = Message.customer_id == budi.id
    db.session.execute(update(Message).where(about).values(recipient=MINE["phone"]))
    db.session.commit()
    db.session.rollback()
    phones = ["+628129876501", "08129876501", "0812-9876-501", "812-9876-501"]
    return [*MINE.values(), *phones, "zulkarnain-88", budi.number, *(one for (one,) in bills)]


@pytest.fixture
def other(app: Flask) -> Customer:
    """Another customer, with a line and a bill of their own."""
    cici = factories.customer(name="Cici Lestari", area="Lembang")
    factories.invoice(factories.subscription(cici, login="cici-1"))
    return cici


def offered(app: Flask, visitor: Visitor, urls: Iterable[str]) -> set[Asked]:
    """What the pages of these addresses offer to this visitor."""
    found: set[Asked] = set()
    for url in urls:
        answer = visitor.get(url)
        assert answer.status_code != 500, url
        found |= asked_on(answer, url)
    return found


def own_routes(app: Flask, house: dict[str, Any], who: str, role: str = "") -> Iterator[Asked]:
    """Every route of this kind of visitor, about the house's things."""
    for rule, method, permission in routes(app, who):
        if (role and permission not in PERMISSIONS[role]) or KEYS & set(rule.arguments):
            continue
        yield Asked(method, address(app, rule, house))


def replayed(
    app: Flask, visitor: Visitor, asked: Iterable[Asked], markers: list[str], who: str
) -> list[tuple[str, ...]]:
    """What went wrong when this visitor asked all of it: something told, or a crash."""
    wrong = []
    for one in sorted(asked, key=lambda one: (one.url, one.method, one.fields)):
        if access_of(app, one)[0] != who or any(part in one.url for part in LEAVING):
            continue
        answer = ask(visitor, one)
        text = answer.get_data(as_text=True) if answer.mimetype.startswith("text/") else ""
        found = told(text, markers)
        if found or answer.status_code == 500:
            wrong.append((one.method, one.url, str(answer.status_code), *found))
    return wrong


@pytest.mark.parametrize("hx", [False, True], ids=["click", "htmx"])
def test_a_customer_asks_what_another_customers_pages_offer(
    app: Flask, house: dict[str, Any], markers: list[str], other: Customer, hx: bool
) -> None:
    routes_of = list(own_routes(app, house, "customer"))
    mine = somebody(app, house["budi"])
    pages = [one.url for one in routes_of if one.method == "GET"]
    asked = offered(app, mine, pages) | set(routes_of)
    assert len(asked) > 40
    shown = sum(bool(told(mine.get(url).text, markers)) for url in pages[:12] if "pdf" not in url)
    assert shown, "the markers are on the pages of whom they belong to"
    before = belongings(house["customer_id"])
    visitor = somebody(app, other, hx=hx)
    assert not replayed(app, visitor, asked, markers, "customer")
    assert belongings(house["customer_id"]) == before


def test_a_path_of_another_customer_is_no_page(
    app: Flask, house: dict[str, Any], markers: list[str], other: Customer
) -> None:
    """Where an id stands in the path, the answer is as for one that does not exist."""
    visitor = somebody(app, other)
    personal = {"invoice_id", "order_id", "payment_id", "ticket_id", "photo_id"}
    seen = 0
    for rule, method, _permission in routes(app, "customer"):
        if method == "GET" and personal & set(rule.arguments):
            answer = visitor.client.get(address(app, rule, house))
            assert answer.status_code == 404, (rule.rule, answer.status_code)
            seen += 1
    assert seen >= 5


def guesses(house: dict[str, Any]) -> list[str]:
    """The ids somebody could try."""
    names = ("customer_id", "invoice_id", "payment_id", "order_id", "subscription_id", "ticket_id")
    return list(dict.fromkeys(str(house[name]) for name in names))


def tried_everywhere(
    app: Flask, house: dict[str, Any], who: str, role: str = ""
) -> Iterator[Asked]:
    """Every route without ids in the path, with a foreign id under every name any view reads."""
    for rule, method, permission in routes(app, who):
        if rule.arguments or (role and permission not in PERMISSIONS[role]):
            continue
        for guess in guesses(house):
            fields = tuple((name, guess) for name in sorted(field_names()))
            yield Asked(method, rule.rule, fields)


def test_a_customer_writes_foreign_ids_under_every_name(
    app: Flask, house: dict[str, Any], markers: list[str], other: Customer
) -> None:
    assert {"invoice", "q", "next"} <= field_names()
    before = belongings(house["customer_id"])
    visitor = somebody(app, other)
    assert not replayed(app, visitor, tried_everywhere(app, house, "customer"), markers, "customer")
    assert belongings(house["customer_id"]) == before


def two_collectors(house: dict[str, Any]) -> tuple[Staff, Staff]:
    """The one whose area it is, and one of another area."""
    known, stranger = factories.staff(role="collector"), factories.staff(role="collector")
    make_known(known, house)
    return known, stranger


def test_a_collector_of_other_areas_sees_and_changes_nothing(
    app: Flask, house: dict[str, Any], markers: list[str]
) -> None:
    known, stranger = two_collectors(house)
    mine = somebody(app, known)
    routes_of = list(own_routes(app, house, "staff", "collector"))
    pages = [one.url for one in routes_of if one.method == "GET"]
    asked = offered(app, mine, pages) | set(routes_of)
    assert len(asked) > 20
    before = belongings(house["customer_id"])
    visitor = somebody(app, stranger)
    assert not replayed(app, visitor, asked, markers, "staff")
    tried = tried_everywhere(app, house, "staff", "collector")
    assert not replayed(app, visitor, tried, markers, "staff")
    assert belongings(house["customer_id"]) == before


def test_a_collector_finds_nobody_of_another_area(
    app: Flask, house: dict[str, Any], markers: list[str]
) -> None:
    """By any word of theirs, in any list a collector may open."""
    known, stranger = two_collectors(house)
    for person, finds in ((known, True), (stranger, False)):
        visitor, found = somebody(app, person), set()
        for rule, method, permission in routes(app, "staff"):
            if method != "GET" or rule.arguments or permission not in PERMISSIONS["collector"]:
                continue
            for word in ("Zulkarnain", "Teratai", "zulkarnain-88", "08129876501"):
                for name in ("q", "search", "number"):
                    text = visitor.client.get(rule.rule, query_string={name: word}).get_data(True)
                    found |= {one for one in told(text, markers) if word not in one}
        assert bool(found) == finds, (person.id, found)


def test_things_of_one_customer_are_not_under_another(
    app: Flask, house: dict[str, Any], markers: list[str], other: Customer
) -> None:
    """A nested address whose parts do not belong together: not there, for the owner either."""
    visitor = somebody(app, factories.staff())
    values = {**house, "customer_id": other.id}
    before = belongings(house["customer_id"])
    seen, wrong = 0, []
    for rule, method, _permission in routes(app, "staff"):
        if "customer_id" not in rule.arguments or len(rule.arguments) < 2:
            continue
        seen += 1
        answer = ask(visitor, Asked(method, address(app, rule, values)))
        # A form that lacks something is asked again before anything is looked up.
        missing = {404} if method == "GET" else {404, 422}
        if answer.status_code not in missing or told(answer.get_data(True), markers):
            wrong.append((method, rule.rule, answer.status_code))
    assert not wrong
    assert seen >= 5
    assert belongings(house["customer_id"]) == before


def test_the_public_learns_nothing(app: Flask, house: dict[str, Any], markers: list[str]) -> None:
    """Without a login and without a link somebody was sent."""
    visitor = somebody(app)
    before = belongings(house["customer_id"])
    asked = set(own_routes(app, house, "public"))
    asked |= set(tried_everywhere(app, house, "public"))
    assert not replayed(app, visitor, asked, markers, "public")
    after = belongings(house["customer_id"])
    for table in before.keys() - {"customer"}:
        changed = {key for key in before[table] if before[table][key] != after[table].get(key)}
        assert not changed, (table, changed)
