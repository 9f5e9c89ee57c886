"""The console driver: says that there was a message, never what was in it."""

import logging

import pytest

from portal.infra.http import Http
from portal.messaging.drivers.console import Console
from tests.contracts.messaging import CODE, outgoing


def test_it_accepts_everything_and_shows_neither_code_nor_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    driver = Console({}, Http())
    with caplog.at_level(logging.INFO):
        receipt = driver.send(outgoing("otp_code"))

    assert receipt.provider_id
    assert "otp_code" in caplog.text
    assert CODE not in caplog.text
    assert "81234567890" not in caplog.text


def test_it_is_always_healthy() -> None:
    assert Console({}, Http()).check().ok
    assert Console.check_config({}) == {}
