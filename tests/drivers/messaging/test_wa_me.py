"""wa.me: links that open with the whole text, and nothing that claims to have been sent."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.driverkit import Capability, Permanent
from portal.infra.http import Http
from portal.messaging.drivers.wa_me import WaMe
from portal.messaging.registry import REGISTRY
from tests.contracts.messaging import outgoing


def link(text: str, to: str = "+6281234567890") -> str:
    return WaMe({}, Http()).link(outgoing(to=to, text=text))


def test_nothing_is_called_sent() -> None:
    receipt = WaMe({}, Http()).send(outgoing())
    assert (receipt.state, receipt.provider_id, receipt.http_status) == ("manual", None, None)


def test_it_needs_nothing_and_promises_nothing() -> None:
    assert REGISTRY.get("wa_me") is WaMe
    assert WaMe.by_hand
    assert WaMe.check_config({}) == {}
    assert WaMe.capabilities == {Capability.TEXT}
    assert WaMe({}, Http()).check().ok


def test_spaces_and_line_breaks_are_percent_encoded() -> None:
    assert link("Halo Budi,\nRp165.000 & lain+lain #1?") == (
        "https://wa.me/6281234567890?text=Halo%20Budi%2C%0ARp165.000%20%26%20lain%2Blain%20%231%3F"
    )
    assert link("a\r\nb\rc").endswith("?text=a%0Ab%0Ac")
    assert link("é 😀").endswith("%C3%A9%20%F0%9F%98%80")


@pytest.mark.parametrize("to", ["120363012345678901@g.us", "+62812?text=x", ""])
def test_only_numbers_have_a_link(to: str) -> None:
    with pytest.raises(Permanent) as caught:
        WaMe({}, Http()).send(outgoing(to=to))
    assert caught.value.elsewhere


@given(text=st.text(max_size=200))
def test_no_text_leads_elsewhere_or_is_changed(text: str) -> None:
    parts = urlsplit(link(text))
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "wa.me", "/6281234567890")
    assert not parts.fragment
    plain = text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    assert parse_qs(parts.query, keep_blank_values=True)["text"] == [plain]
