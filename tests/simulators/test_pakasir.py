"""The driver against the simulated Pakasir, over real HTTP, in both versions; then the whole way:
a customer chooses, somebody pays, the callback is proven and the books are right."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from portal.infra.http import Http
from portal.infra.inbox import InboundHook
from portal.payments import notices, opening, qris
from portal.payments.gateways.base import ChargeRequest
from portal.payments.gateways.pakasir import Pakasir
from portal.payments.models import PaymentOrder
from portal.payments.registry import gateway
from portal.simulators import create_app
from tests import factories
from tests.payments import books
from tests.simulators.serving import served, until

REQUEST = ChargeRequest("LKTWIRETEST", 99_000, "https://portal.example/back", "qris")
SECRET = "rahasia-webhook"


@pytest.fixture
def sims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("SIM_DB", str(tmp_path / "sim.db"))
    monkeypatch.setenv("APP_ENV", "development")
    monkeypatch.setenv("SIM_V2_STATUS_INTERVAL", "0")
    monkeypatch.setenv("PORTAL_URL", "http://127.0.0.1:1")
    with served(create_app()) as url:
        yield f"{url}/pakasir"


@pytest.fixture(params=["v1", "v2"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pakasir(sims: str, version: str) -> Pakasir:
    return Pakasir({"slug": "toko", "api_key": "k", "api": version, "base_url": sims}, Http())


def pay(sims: str, order_id: str, **how: Any) -> None:
    requests.post(f"{sims}/orders/{order_id}/pay", json=how, timeout=5).raise_for_status()


def test_every_method_opens_and_is_told(sims: str, pakasir: Pakasir) -> None:
    fees = pakasir.fees(99_000)
    for number, way in enumerate(pakasir.methods(99_000)):
        order_id = f"LKTWIRE{number}"
        request = replace(REQUEST, order_id=order_id, method=way.key)
        charge = pakasir.create_charge(request)
        assert pakasir.create_charge(request) == charge, "the same again"
        if way.form == "page":
            assert requests.get(charge.pay_url, timeout=5).status_code == 200, way.key
            continue
        assert charge.total and charge.total > 99_000
        assert charge.total - 99_000 == fees.get(way.key, charge.total - 99_000)
        if way.form == "qris":
            qris.check(charge.code, charge.total)
        else:
            assert charge.code.isdigit()
        assert charge.expires_at and charge.expires_at > datetime.now(UTC)
        assert pakasir.fetch(order_id, 99_000, charge.reference).state == "pending"
        pay(sims, order_id, webhook=False)
        status = pakasir.fetch(order_id, 99_000, charge.reference)
        assert (status.state, status.order_id, status.amount) == ("completed", order_id, 99_000)
        assert status.completed_at is not None and not status.sandbox and not status.objection


def test_cancelling_ends_a_charge_but_no_payment(sims: str, pakasir: Pakasir) -> None:
    charge = pakasir.create_charge(REQUEST)
    assert pakasir.cancel(REQUEST.order_id, 99_000, charge.reference)
    assert pakasir.fetch(REQUEST.order_id, 99_000, charge.reference).state == "canceled"
    paid = pakasir.create_charge(replace(REQUEST, order_id="LKTPAID"))
    pay(sims, "LKTPAID", webhook=False)
    pakasir.cancel("LKTPAID", 99_000, paid.reference)
    assert pakasir.fetch("LKTPAID", 99_000, paid.reference).state == "completed"
    assert not pakasir.cancel("LKTNOBODY", 99_000, "txnnobody")


def test_a_charge_expires(sims: str, pakasir: Pakasir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_PAKASIR_LIFETIME", "-1")
    charge = pakasir.create_charge(REQUEST)
    assert pakasir.fetch(REQUEST.order_id, 99_000, charge.reference).state == "canceled"


def test_the_sandbox_says_so(sims: str, pakasir: Pakasir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_PAKASIR_SANDBOX", "1")
    charge = pakasir.create_charge(REQUEST)
    if pakasir.simulates:
        pakasir.simulate(REQUEST.order_id, 99_000, charge.reference)
    else:
        pay(sims, REQUEST.order_id, webhook=False)
    status = pakasir.fetch(REQUEST.order_id, 99_000, charge.reference)
    assert status.state == "completed" and status.sandbox


def test_v1_answers_exactly_in_the_documents_shape(sims: str) -> None:
    body = {"project": "toko", "order_id": "INV123123", "amount": 99_000, "api_key": "k"}
    made = requests.post(f"{sims}/api/transactioncreate/qris", json=body, timeout=5).json()
    assert list(made) == ["payment"]
    assert set(made["payment"]) == {
        "project", "order_id", "amount", "fee", "total_payment", "payment_method",
        "payment_number", "expired_at",
    }  # fmt: skip
    assert made["payment"]["fee"] == 1003 and made["payment"]["total_payment"] == 100_003
    query = {**body, "amount": "99000"}
    told = requests.get(f"{sims}/api/transactiondetail", params=query, timeout=5).json()
    assert list(told) == ["transaction"]
    assert set(told["transaction"]) == {
        "amount", "order_id", "project", "status", "payment_method", "completed_at",
    }  # fmt: skip
    for path in ("transactioncancel", "paymentsimulation"):
        other = {**body, "order_id": f"INV-{path}"}
        requests.post(f"{sims}/api/transactioncreate/qris", json=other, timeout=5)
        done = requests.post(f"{sims}/api/{path}", json=other, timeout=5)
        assert (done.status_code, done.json()) == (200, {"success": True})
    gone = requests.post(
        f"{sims}/api/transactioncancel", json={**body, "order_id": "NOBODY"}, timeout=5
    )
    assert gone.status_code == 404 and gone.json()["message"]
    bad = requests.post(f"{sims}/api/transactioncreate/cash", json=body, timeout=5)
    assert bad.status_code == 400 and bad.json()["message"]


def test_a_tester_pays_from_the_list(sims: str, pakasir: Pakasir) -> None:
    charge = pakasir.create_charge(REQUEST)
    assert REQUEST.order_id in requests.get(f"{sims}/orders", timeout=5).text
    done = requests.post(f"{sims}/orders/{REQUEST.order_id}/press", timeout=5)
    assert done.status_code == 200 and "Lunas" in done.text
    assert pakasir.fetch(REQUEST.order_id, 99_000, charge.reference).state == "completed"
    assert requests.post(f"{sims}/orders/NOBODY/press", timeout=5).status_code == 404


class TestWholeWay:
    @pytest.fixture
    def extra_env(self, sims: str, version: str) -> dict[str, str]:
        return {
            "PAKASIR_SLUG": "toko",
            "PAKASIR_API_KEY": "k",
            "PAKASIR_API": version,
            "PAKASIR_BASE_URL": sims,
            "PAKASIR_WEBHOOK_SECRET": SECRET,
        }

    def test_from_choosing_to_paid(
        self, app: Flask, sims: str, version: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bill = factories.invoice(total=99_000)
        made = opening.start_order(bill.customer_id, [bill.id], books.PATH, "qris")
        order = factories.fresh(PaymentOrder, made.id)
        assert order.total == 100_003 and order.pay_code.startswith("000201")
        qris.check(order.pay_code, 100_003)
        monkeypatch.setenv("PAKASIR_WEBHOOK_SECRET", SECRET)
        with served(app) as url:
            monkeypatch.setenv("PORTAL_URL", url)
            pay(sims, order.order_id)
            sent = until(
                lambda: requests.get(f"{sims}/webhooks.json", timeout=5).json(), "the callback"
            )
        assert sent[0]["status"] == 200, "its proof was accepted"
        (hook,) = factories.every(InboundHook)
        assert "dicatat" in notices.process_hook(hook)
        assert books.order(order).state == "settled" and books.bill(bill).state == "paid"
        books.balanced()

    def test_the_proof_of_each_version(self, app: Flask, version: str) -> None:
        driver = gateway()
        body = json.dumps({"order_id": "x", "amount": 1}).encode()
        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert driver.verify_hook({"X-Pakasir-Signature": signed}, body)
        assert driver.verify_hook({"X-Secret": SECRET}, body)
        assert not driver.verify_hook({"X-Pakasir-Signature": signed}, body + b" ")
        assert not driver.verify_hook({"X-Secret": "x", "X-Pakasir-Signature": signed}, body)
        assert not driver.verify_hook({}, body)


def test_a_script_may_call_one_order_a_test(sims: str, pakasir: Pakasir) -> None:
    charges = {}
    for order_id, how in (("LKTREAL", {}), ("LKTTEST", {"sandbox": True})):
        charges[order_id] = pakasir.create_charge(replace(REQUEST, order_id=order_id))
        pay(sims, order_id, webhook=False, **how)
    said = {name: pakasir.fetch(name, 99_000, one.reference) for name, one in charges.items()}
    assert {name: one.state for name, one in said.items()} == dict.fromkeys(charges, "completed")
    assert {name: one.sandbox for name, one in said.items()} == {"LKTREAL": False, "LKTTEST": True}


def test_orders_are_found_by_their_whole_id(sims: str, pakasir: Pakasir) -> None:
    charge = pakasir.create_charge(replace(REQUEST, order_id="LKTONE"))
    pakasir.create_charge(replace(REQUEST, order_id="X-LKTONE"))
    pay(sims, "X-LKTONE", webhook=False)
    assert pakasir.fetch("LKTONE", 99_000, charge.reference).state == "pending"
    assert requests.post(f"{sims}/orders/ONE/pay", json={}, timeout=5).status_code == 404


def test_v1_as_public_clients_use_it(sims: str) -> None:
    """What their own suites do: a link nobody opened is simulated, surplus words in a body are
    passed over, and whatever is refused says why."""
    body = {"project": "toko", "order_id": "LINK-1", "amount": 25_000, "api_key": "k"}
    page = requests.get(
        f"{sims}/pay/toko/25000?order_id=LINK-1&redirect=null&payment_method=bni_va", timeout=5
    )
    assert page.status_code == 200
    paid = requests.post(f"{sims}/api/paymentsimulation", json=body, timeout=5)
    assert paid.json() == {"success": True}
    for method in ("atm_bersama_va", "paypal", "cimb_niaga_va"):
        more = {**body, "order_id": f"SDK-{method}", "redirect_url": None, "redirect": "x"}
        made = requests.post(f"{sims}/api/transactioncreate/{method}", json=more, timeout=5)
        assert made.json()["payment"]["payment_method"] == method
        assert made.json()["payment"]["payment_number"]
    nobody = {**body, "order_id": "NOBODY"}
    for path in ("transactioncancel", "paymentsimulation"):
        wrong = {**(nobody if path == "transactioncancel" else body), "amount": 24_999}
        refused = requests.post(f"{sims}/api/{path}", json=wrong, timeout=5)
        assert refused.status_code == 404 and refused.json()["message"]
