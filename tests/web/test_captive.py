"""Requests a router sent here: they end on the isolation page, and nothing else is turned away."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.config import Settings
from portal.web.captive import PROBES, foreign

URL = "https://portal.example.net"


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"PUBLIC_URL": URL, "PORTAL_HOSTS": "www.example.net, lama.example.net"}


@pytest.mark.parametrize("host", ["detik.com", "www.google.com:80", "PORTAL.example.com"])
def test_whatever_was_asked_for_leads_to_the_page(client: FlaskClient, host: str) -> None:
    for path in ("/", "/anything?x=1", "/me/invoices", "/login"):
        answer = client.get(path, headers={"Host": host})
        assert (answer.status_code, answer.headers["Location"]) == (302, URL + "/isolir"), path
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", sorted(PROBES))
def test_a_phone_learns_that_it_is_behind_a_wall(client: FlaskClient, path: str) -> None:
    """Neither 204 nor "Success", under our own name as under theirs."""
    for host in ("connectivitycheck.gstatic.com", "captive.apple.com", "portal.example.net"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 302 and answer.headers["Location"] == URL + "/isolir"
        assert "Success" not in answer.text


def test_the_page_itself_is_shown_under_any_name(client: FlaskClient) -> None:
    answer = client.get("/isolir", headers={"Host": "detik.com"})
    assert answer.status_code == 200 and "Akses internet dibatasi" in answer.text


@pytest.mark.parametrize(
    "host",
    ["portal.example.net", "portal.example.net:8443", "www.example.net", "lama.example.net",
     "127.0.0.1:8000", "10.5.0.2", "[::1]:8000", "localhost", "web", "loket.lan"],
)  # fmt: skip
def test_our_own_names_are_left_alone(client: FlaskClient, host: str) -> None:
    assert client.get("/login", headers={"Host": host}).status_code == 200


def test_callbacks_and_probes_of_our_own_are_left_alone(client: FlaskClient) -> None:
    for path in ("/healthz", "/static/portal.css", "/webhook/whatsapp/meta", "/icon-96.png"):
        answer = client.get(path, headers={"Host": "relay.provider.com"})
        assert answer.status_code != 302, path
    posted = client.post("/webhooks/pakasir", headers={"Host": "relay.provider.com"}, json={})
    assert posted.status_code != 302


class TestSwitchedOff:
    @pytest.fixture
    def extra_env(self) -> dict[str, str]:
        return {"PUBLIC_URL": URL, "CAPTIVE": "off"}

    def test_no_name_is_turned_away(self, client: FlaskClient) -> None:
        assert client.get("/login", headers={"Host": "detik.com"}).status_code == 200


@pytest.mark.parametrize("host", ["", "a b", "[::", "..", "x" * 300 + ".com", "detik.com:port"])
def test_odd_hosts_break_nothing(app: Flask, host: str) -> None:
    settings: Settings = app.extensions["loket.settings"]
    try:
        answer: Any = foreign(host, settings)
    except ValueError as error:
        raise AssertionError(host) from error
    assert answer in {True, False}
