"""The isolation page says nothing of anybody without a login, unless a router tells whose line it
is; and then still no name, number or amount."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import update

from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.messaging.models import Message
from portal.network.models import NetworkAccess
from portal.subscriptions.models import Subscription
from tests import factories
from tests.network import routers
from tests.visitor import Visitor

PHONE = "+6281211117890"
GENERIC = "Halaman ini tampil ketika sebuah sambungan"


@pytest.fixture
def budi(app: Flask) -> Customer:
    return factories.customer(name="Budi Santoso", phone=PHONE)


@pytest.fixture
def line(budi: Customer) -> Subscription:
    made = factories.subscription(budi, login="budi.1")
    factories.invoice(made, due_on=today() - timedelta(days=30), total=183_150)
    return made


@pytest.fixture
def router(
    app: Flask, line: Subscription, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A router that says who has our address."""
    with routers.simulator(tmp_path, monkeypatch) as url:
        routers.behind(line, "simulator", {"base_url": url, "token": "dev-router"})

        def says(login: str) -> None:
            told = {"login": login}
            headers = {"X-Router-Token": "dev-router"}
            requests.put(f"{url}/sessions/127.0.0.1", json=told, headers=headers, timeout=10)
            app.extensions.pop("loket.whose", None)

        yield says


def stand(line: Subscription, state: str, actual: str = "isolated", decision: str = "") -> None:
    db.session.execute(update(Subscription).where(Subscription.id == line.id).values(state=state))
    db.session.merge(NetworkAccess(subscription_id=line.id, actual=actual, decision=decision))
    db.session.commit()


def nothing_of(html: str) -> None:
    for secret in ("Budi", "Santoso", "7890", "1211", "183.150", "PLG", "budi.1", "Rumah"):
        assert secret not in html, secret


def test_nobody_is_known_without_a_router(app: Flask, line: Subscription) -> None:
    """Whatever the address claims: login, number and phone in it change nothing."""
    stand(line, "isolated")
    visitor = Visitor(app)
    plain = visitor.get("/isolir")
    assert plain.status_code == 200 and GENERIC in plain.text
    nothing_of(plain.text)
    for claim in ("?login=budi.1", "?ip=10.0.0.9&username=budi.1", "?customer=1"):
        # The links that switch the language keep the address; that is the visitor's own word.
        nothing_of(re.sub(r'href="/isolir[^"]*"', "", visitor.get("/isolir" + claim).text))
        assert visitor.get("/isolir/sambungan" + claim).status_code == 204
    forged = {"X-Forwarded-For": "10.0.0.9", "HX-Request": "true"}
    assert visitor.client.get("/isolir/sambungan", headers=forged).status_code == 204
    assert visitor.post("/isolir/tautan").status_code == 303
    assert factories.every(Message) == []


@pytest.mark.parametrize(
    ("state", "actual", "decision", "says"),
    [
        ("isolated", "isolated", "isolate", "Kirim tautan bayar"),
        ("isolated", "isolated", "by_hand", "dibatasi oleh petugas"),
        ("active", "isolated", "", "sedang dibuka kembali"),
        ("active", "open", "", "tidak sedang dibatasi"),
        ("ended", "open", "", "tidak aktif"),
    ],
)
def test_a_line_the_router_names_is_told_how_it_stands(  # noqa: PLR0913 - a table
    app: Flask, line: Subscription, router: Any, state: str, actual: str, decision: str, says: str
) -> None:
    stand(line, state, actual, decision)
    router("budi.1")
    html = Visitor(app, hx=True).get("/isolir/sambungan").text
    assert says in html
    nothing_of(html)
    assert GENERIC in Visitor(app).get("/isolir").text, "the page itself asks no router"


def test_the_pay_link_goes_to_the_owner_once_an_hour(
    app: Flask, budi: Customer, line: Subscription, router: Any, clock: Any
) -> None:
    stand(line, "isolated", decision="isolate")
    router("budi.1")
    visitor = Visitor(app)
    visitor.page("/isolir")
    for _ in range(3):
        answer = visitor.post("/isolir/tautan")
        assert answer.status_code == 303 and answer.location == "/isolir"
    (sent,) = factories.every(Message)
    assert (sent.kind, sent.recipient, sent.customer_id) == ("isolation_notice", PHONE, budi.id)
    assert sent.params["amount"] == 183_150
    said = visitor.page("/isolir").text
    assert "kami kirim ke WhatsApp pemiliknya" in said
    nothing_of(said)
    clock.move(hours=1)
    visitor.post("/isolir/tautan")
    assert len(factories.every(Message)) == 2


@pytest.mark.parametrize("how", [("active", "open", ""), ("isolated", "isolated", "by_hand")])
def test_no_link_where_paying_changes_nothing(
    app: Flask, line: Subscription, router: Any, how: tuple[str, str, str]
) -> None:
    stand(line, *how)
    router("budi.1")
    visitor = Visitor(app)
    visitor.page("/isolir")
    visitor.post("/isolir/tautan")
    assert factories.every(Message) == []


def test_a_router_is_not_asked_without_end(app: Flask, line: Subscription, router: Any) -> None:
    stand(line, "isolated", decision="isolate")
    router("")
    visitor = Visitor(app, hx=True)
    assert visitor.get("/isolir/sambungan").status_code == 204
    asked = app.extensions["loket.whose"]
    for _ in range(20):
        visitor.get("/isolir/sambungan")
    assert list(asked.logins) == ["127.0.0.1"], "remembered, not asked again"


def test_an_amount_only_to_whom_it_belongs(app: Flask, budi: Customer, line: Subscription) -> None:
    stand(line, "isolated")
    visitor = Visitor(app)
    factories.log_in(visitor.client, budi)
    html = visitor.page("/isolir").text
    assert "Rp183.150" in html and "Bayar sekarang" in html and 'href="/me/pay"' in html
