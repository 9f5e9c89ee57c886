"""What every message driver must keep. A driver's test subclasses this with its samples.

Subclasses say how to reach each error class with a recorded answer; everything else is
checked here, over real HTTP shapes (`responses`).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
import requests
import responses

from portal.core import recipients
from portal.core.driverkit import (
    Capability,
    DriverError,
    Health,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Http
from portal.messaging.drivers.base import MessageDriver, OutgoingMessage, Receipt
from portal.messaging.drivers.events import HookRequest
from portal.messaging.registry import REGISTRY

CODE = "493817"


@dataclass(frozen=True)
class Sample:
    """A recorded answer of the provider."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


def outgoing(kind: str = "payment_confirmation", **changes: object) -> OutgoingMessage:
    values: dict[str, object] = {
        "to": "+6281234567890",
        "kind": kind,
        "language": "id",
        "key": f"{kind}:42",
        "text": "Halo Budi, pembayaran Rp165.000 kami terima.",
        "params": ["Budi", "165.000", "PAY-1", "21 Nov 2026 10.00", "Lunas"],
    }
    if kind == "otp_code":
        values |= {"text": f"{CODE} adalah kode masuk Anda.", "params": [CODE]}
    return OutgoingMessage(**{**values, **changes})  # type: ignore[arg-type]


class MessageDriverContract:
    """Subclass as `Test…` and fill in the class variables."""

    kind: ClassVar[str]
    config: ClassVar[dict[str, str]]
    url: ClassVar[str]
    method: ClassVar[str] = "POST"
    accepted: ClassVar[Sample]
    refused: ClassVar[Mapping[type[DriverError], Sample]]
    garbage: ClassVar[Sample]
    to: ClassVar[str] = "+6281234567890"
    """Whom it is asked to write to: a driver of another reach has its own."""
    open_hook: ClassVar[bool] = False
    """Whether the service signs nothing: then the token in the address is all there is."""

    @pytest.fixture
    def driver(self) -> MessageDriver:
        return REGISTRY.get(self.kind)(self.config, Http())

    def secrets(self) -> list[str]:
        driver = REGISTRY.get(self.kind)
        return [self.config[f.name] for f in driver.fields if f.secret and self.config.get(f.name)]

    def outgoing(self, kind: str = "payment_confirmation") -> OutgoingMessage:
        return outgoing(kind, to=self.to)

    def answer(self, sample: Sample) -> None:
        responses.add(
            self.method,
            self.url,
            body=sample.body,
            status=sample.status,
            headers=dict(sample.headers),
        )

    def means(
        self, driver: MessageDriver, answer: Sample, error: type[DriverError], unknown: bool
    ) -> None:
        """The service answers so; the driver raises exactly this error and repeats no code."""
        self.answer(answer)
        with pytest.raises(error) as caught:
            driver.send(self.outgoing())
        assert type(caught.value) is error
        assert caught.value.outcome_unknown is unknown
        assert CODE not in caught.value.detail

    def test_its_configuration_is_complete(self) -> None:
        assert REGISTRY.get(self.kind).check_config(self.config) == {}

    def test_declarations(self) -> None:
        driver = REGISTRY.get(self.kind)
        names = [field.name for field in driver.fields]
        assert driver.label
        assert driver.reach == recipients.reach_of(self.to)
        assert len(names) == len(set(names))
        for declared in driver.fields:
            assert declared.label
            if declared.choices and declared.default:
                assert declared.default in dict(declared.choices)
            if declared.shown_when:
                assert declared.shown_when[0] in names

    def test_required_fields_are_required(self) -> None:
        driver = REGISTRY.get(self.kind)
        for declared in driver.fields:
            if declared.required and driver.is_shown(declared, self.config):
                assert declared.name in driver.check_config({**self.config, declared.name: ""})

    def test_declared_capabilities_are_implemented(self, driver: MessageDriver) -> None:
        def own(name: str) -> bool:
            return getattr(type(driver), name) is not getattr(MessageDriver, name)

        assert own("send")
        assert own("check")
        assert own("payload")
        if Capability.DELIVERY_HOOK in driver.capabilities:
            assert own("verify_hook")
            assert own("parse_hook")

    @responses.activate
    def test_an_accepted_message_has_a_receipt(self, driver: MessageDriver) -> None:
        self.answer(self.accepted)
        receipt = driver.send(self.outgoing())
        assert isinstance(receipt, Receipt)
        assert receipt.http_status == self.accepted.status

    @pytest.mark.parametrize("error", [Permanent, Misconfigured, RateLimited, Retryable])
    @responses.activate
    def test_each_error_class_is_reachable(
        self, driver: MessageDriver, error: type[DriverError]
    ) -> None:
        if error not in self.refused:
            pytest.skip(f"{self.kind} has no answer for {error.__name__}")
        self.answer(self.refused[error])
        with pytest.raises(error) as caught:
            driver.send(self.outgoing())
        assert type(caught.value) is error
        assert caught.value.sentence
        assert not caught.value.outcome_unknown
        assert caught.value.http_status == self.refused[error].status

    @responses.activate
    def test_garbage_is_unknown_not_sent(self, driver: MessageDriver) -> None:
        self.answer(self.garbage)
        with pytest.raises(Retryable) as caught:
            driver.send(self.outgoing())
        assert caught.value.outcome_unknown

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    @responses.activate
    def test_a_bare_server_error_is_unknown(self, driver: MessageDriver, status: int) -> None:
        self.answer(Sample(status, "<html>oops</html>"))
        with pytest.raises(Retryable) as caught:
            driver.send(self.outgoing())
        assert caught.value.outcome_unknown

    @pytest.mark.parametrize(
        "failure", [requests.exceptions.ReadTimeout(), requests.exceptions.ChunkedEncodingError()]
    )
    @responses.activate
    def test_a_timeout_after_sending_is_unknown(
        self, driver: MessageDriver, failure: Exception
    ) -> None:
        responses.add(self.method, self.url, body=failure)
        with pytest.raises(Retryable) as caught:
            driver.send(self.outgoing())
        assert caught.value.outcome_unknown

    @responses.activate
    def test_a_connection_never_made_is_certain(self, driver: MessageDriver) -> None:
        responses.add(self.method, self.url, body=requests.exceptions.ConnectTimeout())
        with pytest.raises(Retryable) as caught:
            driver.send(self.outgoing())
        assert not caught.value.outcome_unknown

    @responses.activate
    def test_secrets_and_codes_stay_out_of_repr_log_and_error(
        self, driver: MessageDriver, caplog: pytest.LogCaptureFixture
    ) -> None:
        message = self.outgoing("otp_code")
        hidden = [*self.secrets(), CODE, "81234567890"]
        said: list[str] = [repr(driver)]
        with caplog.at_level(logging.DEBUG):
            for sample in self.refused.values():
                responses.reset()
                self.answer(sample)
                with pytest.raises(DriverError) as caught:
                    driver.send(message)
                said += [repr(caught.value), caught.value.sentence, caught.value.detail]
        said.append(caplog.text)
        for secret in hidden:
            assert not any(secret in text for text in said)

    def test_the_logged_payload_holds_no_secret(self, driver: MessageDriver) -> None:
        payload = repr(driver.payload(self.outgoing()))
        assert not any(secret in payload for secret in self.secrets())

    def test_a_failing_health_check_raises_our_errors(self, driver: MessageDriver) -> None:
        with responses.RequestsMock(assert_all_requests_are_fired=False):
            try:
                assert isinstance(driver.check(), Health)
            except DriverError as error:
                assert error.sentence

    def test_hooks_do_not_trust_strangers(self, driver: MessageDriver) -> None:
        stranger = HookRequest("https://portal.example/hooks/whatsapp/token", {}, b"{}")
        assert driver.verify_hook(stranger) is self.open_hook
        assert driver.parse_hook(b"not json") == []
        assert driver.answer_challenge({}) is None
