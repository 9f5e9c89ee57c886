"""Approved templates on the wire: positional and named, headers, buttons, the login code."""

import json
from typing import Any

import pytest
import responses

from portal.messaging.drivers.base import Media
from portal.messaging.kinds import KINDS
from tests.contracts.messaging import CODE, outgoing
from tests.drivers.messaging.meta import MESSAGES, SENT, meta, nothing_null

VALUES = ("Budi", "165.000", "PAY-1", "21 Nov 2026 10.00", "Lunas")
PDF = Media("document", "https://portal.example/b.pdf", "application/pdf", "tagihan.pdf")


def template(**config: str) -> Any:
    return meta(**config).payload(outgoing())["template"]


@responses.activate
def test_positional_form_to_the_letter() -> None:
    responses.add("POST", MESSAGES, json=SENT)
    receipt = meta().send(outgoing())

    request = responses.calls[0].request
    assert request.headers["Authorization"] == "Bearer EAAx-very-secret-token"
    assert json.loads(request.body) == {  # type: ignore[arg-type]
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+6281234567890",
        "biz_opaque_callback_data": "payment_confirmation:42",
        "type": "template",
        "template": {
            "name": "payment_confirmation",
            "language": {"policy": "deterministic", "code": "id"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": v} for v in VALUES]}
            ],
        },
    }
    assert receipt.provider_id == "wamid.HBgM"


def test_named_form_names_every_value() -> None:
    (body,) = template(parameter_format="named")["components"]
    assert body["parameters"] == [
        {"type": "text", "text": value, "parameter_name": name}
        for name, value in zip(KINDS["payment_confirmation"].expects, VALUES, strict=True)
    ]


@pytest.mark.parametrize("form", ["positional", "named"])
def test_a_login_code_is_in_the_body_and_in_the_button(form: str) -> None:
    payload: Any = meta(parameter_format=form).payload(outgoing("otp_code"))
    code = [{"type": "text", "text": CODE}]
    assert payload["template"]["components"] == [
        {"type": "body", "parameters": code},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": code},
    ]


def test_parameters_meta_would_refuse_are_repaired() -> None:
    payload: Any = meta().payload(outgoing(params=["a\nb\tc", "d      e", "", "  ", "f"]))
    values = [p["text"] for p in payload["template"]["components"][0]["parameters"]]
    assert values == ["a b c", "d e", "-", "-", "f"]


def test_a_template_without_values_has_no_components() -> None:
    payload: Any = meta().payload(outgoing(params=[]))
    assert "components" not in payload["template"]


def test_header_and_buttons_that_hold_something() -> None:
    parts = "payment_confirmation: header=name, url1=payment_number, quick0=BAYAR"
    header, body, quick, link = template(template_parts=parts)["components"]
    assert header == {"type": "header", "parameters": [{"type": "text", "text": "Budi"}]}
    assert body["type"] == "body"
    assert quick == {
        "type": "button",
        "sub_type": "quick_reply",
        "index": "0",
        "parameters": [{"type": "payload", "payload": "BAYAR"}],
    }
    assert link == {
        "type": "button",
        "sub_type": "url",
        "index": "1",
        "parameters": [{"type": "text", "text": "PAY-1"}],
    }


def test_a_named_header_has_its_name() -> None:
    config = {"template_parts": "payment_confirmation: header=name", "parameter_format": "named"}
    header = template(**config)["components"][0]
    assert header["parameters"] == [{"type": "text", "text": "Budi", "parameter_name": "name"}]


def test_a_file_in_the_header() -> None:
    driver = meta(template_parts="payment_confirmation: header=media")
    payload: Any = driver.payload(outgoing(media=PDF))
    document = {"link": "https://portal.example/b.pdf", "filename": "tagihan.pdf"}
    assert payload["template"]["components"][0] == {
        "type": "header",
        "parameters": [{"type": "document", "document": document}],
    }
    assert len(template(template_parts="payment_confirmation: header=media")["components"]) == 1


def test_own_template_names_version_and_address() -> None:
    driver = meta(
        template_payment_confirmation="bayar_v2",
        language="en_US",
        graph_version="v26.0",
        base_url="http://127.0.0.1:8100/graph/",
    )
    payload: Any = driver.payload(outgoing())
    assert payload["template"]["name"] == "bayar_v2"
    assert payload["template"]["language"]["code"] == "en_US"
    with responses.RequestsMock() as mock:
        url = "http://127.0.0.1:8100/graph/v26.0/123456789012345/messages"
        mock.add("POST", url, json=SENT)
        driver.send(outgoing())


@pytest.mark.parametrize("kind", ["broadcast", "staff_notice"])
def test_staffs_own_words_may_have_a_template(kind: str) -> None:
    said = outgoing(kind, text="Ada gangguan.\n\nMaaf.", params=["-"])
    assert meta().payload(said)["type"] == "text"
    driver = meta(**{f"template_{kind}": "kabar"})
    payload: Any = driver.payload(said)
    assert payload["template"]["name"] == "kabar"
    (body,) = payload["template"]["components"]
    assert body["parameters"] == [{"type": "text", "text": "Ada gangguan. Maaf."}]


def test_words_too_long_for_a_template_and_files_it_has_no_room_for_are_not_lost() -> None:
    driver = meta(template_broadcast="kabar")
    assert driver.payload(outgoing("broadcast", text="x" * 901))["type"] == "text"
    payload: Any = driver.payload(outgoing("broadcast", text="Lihat", media=PDF))
    (body,) = payload["template"]["components"]
    assert body["parameters"][0]["text"] == "Lihat https://portal.example/b.pdf"


def test_nothing_in_a_request_is_null_or_empty() -> None:
    driver = meta(template_broadcast="kabar", template_parts="access_opened: url0=cs_phone")
    for kind in KINDS.values():
        message = outgoing(kind.name, params=["" for _name in kind.expects], key="k" * 600)
        payload = driver.payload(message)
        assert nothing_null(payload)
        assert len(payload["biz_opaque_callback_data"]) == 512
