"""The bank transfer keeps what it can of the gateways' contract; the rest is a cashier's."""

from dataclasses import replace
from typing import ClassVar

import pytest

from portal.core.driverkit import Permanent
from portal.infra.http import Http
from portal.payments.gateways.base import PaymentGateway
from portal.payments.gateways.transfer import Transfer
from tests.contracts.payments import AMOUNT, ORDER_ID, REQUEST, PaymentGatewayContract

ACCOUNTS = "BCA|123 456 7890|PT Contoh Net; BRI|0001-01-000123-30-1|PT Contoh Net"


class TestTransfer:
    config: ClassVar[dict[str, str]] = {"accounts": ACCOUNTS}

    @pytest.fixture
    def gateway(self) -> PaymentGateway:
        return Transfer(self.config, Http())

    test_declarations = PaymentGatewayContract.test_declarations
    test_methods_are_told = PaymentGatewayContract.test_methods_are_told

    def test_a_charge_is_an_account(self, gateway: PaymentGateway) -> None:
        for way in gateway.methods(AMOUNT):
            request = replace(REQUEST, method=way.key)
            charge = gateway.create_charge(request)
            assert charge == gateway.create_charge(request)
            bank, number, holder = charge.code.split("|")
            assert bank in way.label and number.isdigit() and holder
        with pytest.raises(Permanent):
            gateway.create_charge(replace(REQUEST, method="gone"))

    def test_nobody_can_be_asked_and_nobody_calls(self, gateway: PaymentGateway) -> None:
        assert gateway.by_hand and gateway.unique_codes
        assert gateway.fetch(ORDER_ID, AMOUNT, "").state == "pending"
        assert gateway.cancel(ORDER_ID, AMOUNT, "") is False and not gateway.simulates
        assert not gateway.verify_hook({"X-Secret": "x"}, b"{}")
        assert gateway.parse_hook(b'{"order_id": "x", "status": "completed"}') is None
