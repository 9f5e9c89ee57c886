"""The stand-in keeps the contract of the real gateways."""

import json
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import DriverError
from portal.payments.gateways.base import PaymentGateway
from tests.contracts.payments import AMOUNT, ORDER_ID, REQUEST, PaymentGatewayContract
from tests.payments.fakes import Bank, FakeGateway


class TestFakeGateway(PaymentGatewayContract):
    @pytest.fixture
    def gateway(self, app: Flask) -> FakeGateway:
        return FakeGateway(Bank())

    @pytest.fixture(autouse=True)
    def _clock(self, clock: FixedClock) -> None:
        self.now = clock.now()

    def opens(self, gateway: PaymentGateway) -> None:
        pass

    def says(self, gateway: PaymentGateway, state: str, **about: Any) -> None:
        assert isinstance(gateway, FakeGateway)
        charge = gateway.bank.open(REQUEST)
        known = {"pending", "completed", "canceled", "expired"}
        charge.state = state if state in known else "unknown"
        amount = about.get("amount", AMOUNT)
        charge.paid = amount if type(amount) is int and 0 < amount < 10**12 else None  # type: ignore[assignment]
        charge.completed_at = self.now
        charge.sandbox = about.get("sandbox", False)
        charge.objection = "proyek lain" if about.get("foreign") else ""

    def refuses(self, gateway: PaymentGateway, error: type[DriverError]) -> None:
        assert isinstance(gateway, FakeGateway)
        gateway.bank.trouble = [error("Tidak bisa.")]

    def hook(self, **about: Any) -> bytes:
        data = {"order_id": ORDER_ID, "amount": AMOUNT, "status": "completed", **about}
        return json.dumps(data).encode()
