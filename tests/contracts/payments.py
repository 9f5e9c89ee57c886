"""What every payment gateway must keep. A gateway's test subclasses this with its samples.

Subclasses make the provider say something (`says`, `refuses`, `opens`); what a gateway must
make of it is checked here, the same for all.
"""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.payments.gateways.base import (
    PAGE,
    Charge,
    ChargeRequest,
    ChargeStatus,
    PaymentGateway,
)

ORDER_ID = "LKTABCDEFGHIJKLMNOPQRSTUVWXYZ"
AMOUNT = 165_000
REQUEST = ChargeRequest(ORDER_ID, AMOUNT, f"https://portal.example/me/orders/{ORDER_ID}?a=1&b=2")
STATES = {"pending", "completed", "expired", "canceled", "unknown"}


class PaymentGatewayContract:
    """Subclass as `Test…`, give a `gateway` fixture and the ways to make the provider speak."""

    config: ClassVar[dict[str, str]] = {}
    reference: ClassVar[str] = ""
    creates_by_call: ClassVar[bool] = True
    errors: ClassVar[tuple[type[DriverError], ...]] = (
        Misconfigured,
        Permanent,
        RateLimited,
        Retryable,
    )

    def opens(self, gateway: PaymentGateway) -> None:
        """Arrange that charges can be created."""
        raise NotImplementedError

    def says(self, gateway: PaymentGateway, state: str, **about: Any) -> None:
        """Arrange the next answer about ORDER_ID; `about`: amount, order_id, sandbox,
        foreign (another project), completed_at."""
        raise NotImplementedError

    def refuses(self, gateway: PaymentGateway, error: type[DriverError]) -> None:
        """Arrange that the next call ends in this class."""
        raise NotImplementedError

    def hook(self, **about: Any) -> bytes:
        """The body of a callback about ORDER_ID; `about`: amount, status, order_id."""
        raise NotImplementedError

    def fetch(self, gateway: PaymentGateway) -> ChargeStatus:
        return gateway.fetch(ORDER_ID, AMOUNT, self.reference)

    def secrets(self, gateway: PaymentGateway) -> list[str]:
        return [self.config[f.name] for f in gateway.fields if f.secret and f.name in self.config]

    def test_declarations(self, gateway: PaymentGateway) -> None:
        names = [field.name for field in gateway.fields]
        assert gateway.kind and gateway.label
        assert len(names) == len(set(names))
        assert 0 < gateway.smallest <= gateway.largest
        assert type(gateway).check_config(self.config) == {}
        for declared in gateway.fields:
            assert declared.label and declared.env
            if declared.required:
                assert declared.name in type(gateway).check_config(
                    {**self.config, declared.name: " "}
                )

    def test_methods_are_told(self, gateway: PaymentGateway) -> None:
        """Each once, with a name and a form; the same one when asked for by its key."""
        for amount in (gateway.smallest, AMOUNT, gateway.largest):
            ways = gateway.methods(amount)
            assert ways and len({way.key for way in ways}) == len(ways)
            for way in ways:
                assert way.label and way.form in {"page", "qris", "va", "code", "account"}
                assert gateway.describe(way.key).form == way.form
                assert (way.key == PAGE) <= (way.form == "page")

    def opens_method(self, gateway: PaymentGateway, method: str) -> None:
        """Arrange that a charge of this method can be created for REQUEST."""
        self.opens(gateway)

    def test_a_charge_of_each_method_can_be_paid(self, gateway: PaymentGateway) -> None:
        for way in gateway.methods(AMOUNT):
            self.opens_method(gateway, way.key) if way.key else self.opens(gateway)
            charge = gateway.create_charge(replace(REQUEST, method=way.key))
            assert bool(charge.code) != (way.form == "page") == bool(charge.pay_url), way.key
            assert charge.total is None or charge.total >= AMOUNT

    def test_a_charge_has_a_page(self, gateway: PaymentGateway) -> None:
        self.opens(gateway)
        charge = gateway.create_charge(REQUEST)
        assert isinstance(charge, Charge)
        assert charge.pay_url.startswith(("http://", "https://"))
        assert charge.total is None or type(charge.total) is int
        assert charge.expires_at is None or charge.expires_at.utcoffset() == timedelta(0)

    def test_creating_again_finds_the_same_charge(self, gateway: PaymentGateway) -> None:
        self.opens(gateway)
        assert gateway.create_charge(REQUEST) == gateway.create_charge(REQUEST)

    @pytest.mark.parametrize("state", sorted(STATES - {"unknown", "expired"}))
    def test_each_state_is_told(self, gateway: PaymentGateway, state: str) -> None:
        self.says(gateway, state)
        status = self.fetch(gateway)
        assert (status.state, status.order_id, status.amount) == (state, ORDER_ID, AMOUNT)
        assert status.objection == ""
        assert status.sandbox is False
        if state == "completed":
            assert status.completed_at is not None
            assert status.completed_at.utcoffset() == timedelta(0)

    @pytest.mark.parametrize(
        "word", ["COMPLETED?", "paid", "success", "settled", "", None, 1, True]
    )
    def test_a_state_nobody_knows_is_not_paid(self, gateway: PaymentGateway, word: Any) -> None:
        self.says(gateway, word)
        assert self.fetch(gateway).state not in {"completed"}

    @pytest.mark.parametrize(
        "amount",
        [165_000.0, "165000", "165000.0", "22000.0", True, None, -165_000, 0, 2**63, 1e400, [], {}],
    )
    def test_only_a_whole_number_is_an_amount(self, gateway: PaymentGateway, amount: Any) -> None:
        self.says(gateway, "completed", amount=amount)
        assert self.fetch(gateway).amount is None

    @pytest.mark.parametrize("amount", [1, 164_999, 165_001, 1_000_000_000])
    def test_another_amount_is_told_as_it_is(self, gateway: PaymentGateway, amount: int) -> None:
        self.says(gateway, "completed", amount=amount)
        assert self.fetch(gateway).amount == amount

    def test_sandbox_money_is_marked(self, gateway: PaymentGateway) -> None:
        self.says(gateway, "completed", sandbox=True)
        assert self.fetch(gateway).sandbox is True

    def test_another_project_is_objected_to(self, gateway: PaymentGateway) -> None:
        self.says(gateway, "completed", foreign=True)
        assert self.fetch(gateway).objection

    @pytest.mark.parametrize("error", [Misconfigured, Permanent, RateLimited, Retryable])
    @pytest.mark.parametrize("call", ["create", "fetch"])
    def test_each_error_class_is_reachable(
        self, gateway: PaymentGateway, error: type[DriverError], call: str
    ) -> None:
        if error not in self.errors:
            pytest.skip(f"no answer of this provider means {error.__name__}")
        if call == "create" and not self.creates_by_call:
            pytest.skip("creating a charge calls nobody")
        self.refuses(gateway, error)
        with pytest.raises(error) as caught:
            if call == "create":
                gateway.create_charge(REQUEST)
            else:
                self.fetch(gateway)
        assert type(caught.value) is error
        assert caught.value.sentence

    def test_secrets_stay_out_of_repr_log_and_error(
        self, gateway: PaymentGateway, caplog: pytest.LogCaptureFixture
    ) -> None:
        said = [repr(gateway)]
        with caplog.at_level(logging.INFO):
            for error in self.errors:
                self.refuses(gateway, error)
                with pytest.raises(DriverError) as caught:
                    self.fetch(gateway)
                said += [repr(caught.value), str(caught.value.__cause__), caught.value.detail]
                said += [caught.value.sentence]
        said.append(caplog.text)
        for secret in self.secrets(gateway):
            assert not any(secret in text for text in said)

    def test_a_callback_is_parsed(self, gateway: PaymentGateway) -> None:
        notice = gateway.parse_hook(self.hook())
        assert notice is not None
        assert (notice.order_id, notice.amount, notice.completed) == (ORDER_ID, AMOUNT, True)
        late = gateway.parse_hook(self.hook(status="pending"))
        assert late is not None and not late.completed

    @pytest.mark.parametrize("amount", ["165000", 165_000.0, True, None, "22000.0", 2**70])
    def test_an_odd_amount_in_a_callback_is_none(
        self, gateway: PaymentGateway, amount: Any
    ) -> None:
        notice = gateway.parse_hook(self.hook(amount=amount))
        assert notice is None or notice.amount is None

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"not json",
            b"\xff\xfe\x00",
            b"[]",
            b"null",
            b"42",
            b'"text"',
            b"{}",
            b'{"order_id": 5}',
            b'{"order_id": null}',
            b'{"order_id": ["x"]}',
            b"[" * 100_000,
            b'{"order_id": "x", "amount": ' + b"9" * 5000 + b"}",
        ],
    )
    def test_nonsense_is_no_notice(self, gateway: PaymentGateway, body: bytes) -> None:
        assert gateway.parse_hook(body) is None
