"""Fonnte: the form on the wire, and HTTP 200 that means no."""

from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs

import pytest
import responses

from portal.core.driverkit import (
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Http
from portal.messaging.drivers.base import Group, Media
from portal.messaging.drivers.fonnte import Fonnte
from tests.contracts.messaging import MessageDriverContract, Sample, outgoing

DATA = Path(__file__).parents[2] / "data" / "fonnte"
SEND = "https://api.fonnte.com/send"
PDF = Media("document", "https://portal.test/f/abc", "application/pdf", "tagihan.pdf")
IMAGE = Media("image", "https://portal.test/f/def", "image/jpeg", "promo.jpg")


def recorded(name: str) -> str:
    return (DATA / name).read_text()


def fonnte(**config: str) -> Fonnte:
    return Fonnte({"token": "dEv1ceT0k@n", **config}, Http())


def form() -> dict[str, str]:
    body = responses.calls[-1].request.body
    assert isinstance(body, str)
    return {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}


class TestContract(MessageDriverContract):
    kind = "fonnte"
    config: ClassVar = {"token": "dEv1ceT0k@n"}
    url = SEND
    accepted = Sample(200, recorded("send_ok.json"))
    refused: ClassVar = {
        Permanent: Sample(200, '{"reason":"target invalid 6281234567890","status":false}'),
        Misconfigured: Sample(200, recorded("send_token_invalid.json")),
        RateLimited: Sample(429, "", {"Retry-After": "9"}),
    }
    garbage = Sample(200, "<html>maintenance</html>")
    open_hook = True


@responses.activate
def test_a_text_is_a_form_of_texts_with_the_bare_token() -> None:
    responses.add("POST", SEND, body=recorded("send_ok.json"))
    receipt = fonnte().send(outgoing())

    request = responses.calls[0].request
    assert request.headers["Authorization"] == "dEv1ceT0k@n"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form() == {
        "target": "6281234567890",
        "message": "Halo Budi, pembayaran Rp165.000 kami terima.",
        "countryCode": "0",
        "connectOnly": "true",
    }
    assert receipt.provider_id == "80367170"


@responses.activate
def test_a_group_is_a_target_like_any_other() -> None:
    responses.add("POST", SEND, body=recorded("send_ok.json"))
    fonnte().send(outgoing(to="120363046375778543@g.us"))
    assert form()["target"] == "120363046375778543@g.us"


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        (PDF, {"url": "https://portal.test/f/abc", "filename": "tagihan.pdf"}),
        (IMAGE, {"url": "https://portal.test/f/def"}),
    ],
)
@responses.activate
def test_a_file_goes_as_url_with_the_text_as_its_caption(
    media: Media, expected: dict[str, str]
) -> None:
    responses.add("POST", SEND, body=recorded("send_ok.json"))
    fonnte().send(outgoing(media=media))
    sent = form()
    assert {name: sent[name] for name in ("url", "filename") if name in sent} == expected
    assert "file" not in sent
    assert sent["message"].startswith("Halo Budi")


@responses.activate
def test_the_address_can_be_another() -> None:
    responses.add("POST", "http://127.0.0.1:8100/fonnte/send", body=recorded("send_ok.json"))
    fonnte(base_url="http://127.0.0.1:8100/fonnte/").send(outgoing())
    assert "base_url" in Fonnte.check_config({"token": "t", "base_url": "ftp://x"})
    assert "token" in Fonnte.check_config({"token": "a\r\nX-Evil: 1"})


@pytest.mark.parametrize(
    ("status", "body", "error", "part", "elsewhere"),
    [
        (200, recorded("send_disconnected.json"), Misconfigured, "terputus", None),
        (200, '{"status":false,"reason":"insufficient quota"}', Misconfigured, "Kuota", None),
        (200, '{"status":false,"reason":"unknown user"}', Misconfigured, "token", None),
        (
            200,
            '{"STATUS":false,"Detail":"devices must belong to an account"}',
            Misconfigured,
            "token",
            None,
        ),
        (200, '{"status":false,"reason":"target invalid"}', Permanent, "Nomor tujuan", False),
        (200, '{"status":false,"reason":"url unreachable"}', Permanent, "internet", True),
        (200, '{"status":false,"reason":"url invalid"}', Permanent, "internet", True),
        (200, '{"status":false,"reason":"file format not supported"}', Permanent, "Jenis", True),
        (200, '{"status":false,"reason":"file size must under 4MB"}', Permanent, "4 MB", True),
        (200, '{"status":false,"reason":"input invalid"}', Permanent, "isi pesan", True),
        (200, '{"status":false,"reason":"JSON format invalid"}', Permanent, "isi pesan", True),
        (200, '{"status":false,"reason":"something new"}', Permanent, "rinciannya", True),
        (200, '{"status":false,"reason":"too many request"}', RateLimited, "menunggu", None),
        (401, "", Misconfigured, "kunci", None),
        (404, "<html>not found</html>", Misconfigured, "Alamat", None),
        (302, "", Misconfigured, "dialihkan", None),
        (422, "{}", Permanent, "menolak", True),
        (500, '{"status":false,"reason":"token invalid"}', Misconfigured, "token", None),
    ],
)
@responses.activate
def test_a_refusal_is_told_by_its_reason(
    status: int, body: str, error: type[DriverError], part: str, elsewhere: bool | None
) -> None:
    responses.add("POST", SEND, body=body, status=status)
    with pytest.raises(DriverError) as caught:
        fonnte().send(outgoing())
    assert type(caught.value) is error
    assert part in caught.value.sentence
    assert not caught.value.outcome_unknown
    if isinstance(caught.value, Permanent):
        assert caught.value.elsewhere is elsewhere


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "{}"),
        (200, '{"status":"true","id":["1"]}'),
        (200, '{"status":1}'),
        (200, "[true]"),
        (200, '{"status":false,"reason":"request timed out"}'),
        (500, '{"status":false,"reason":"internal error"}'),
        (408, '{"status":false,"reason":"token invalid"}'),
        (502, ""),
    ],
)
@responses.activate
def test_what_is_neither_yes_nor_no_is_unknown(status: int, body: str) -> None:
    responses.add("POST", SEND, body=body, status=status)
    with pytest.raises(Retryable) as caught:
        fonnte().send(outgoing())
    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    "body", ['{"Status":true,"ID":[80367171]}', '{"status":true,"id":"80367171"}']
)
@responses.activate
def test_keys_of_any_case_and_ids_of_any_shape(body: str) -> None:
    responses.add("POST", SEND, body=body)
    assert fonnte().send(outgoing()).provider_id == "80367171"


@responses.activate
def test_the_device_is_asked_by_post() -> None:
    url = "https://api.fonnte.com/device"
    responses.add("POST", url, body=recorded("device.json"))
    health = fonnte().check()
    assert health.ok and health.details["Kuota"] == "78"
    assert not any("6282227097005" in value for value in health.details.values())

    for changed, part in (("disconnect", "QR"), ("connect", "Kuota")):
        responses.reset()
        body = recorded("device.json").replace('"connect"', f'"{changed}"').replace('"78"', '"0"')
        responses.add("POST", url, body=body)
        health = fonnte().check()
        assert not health.ok and part in health.sentence

    responses.reset()
    responses.add("POST", url, body='{"status":false,"reason":"token invalid"}')
    with pytest.raises(Misconfigured):
        fonnte().check()


@responses.activate
def test_groups_are_fetched_from_the_phone_first() -> None:
    responses.add("POST", "https://api.fonnte.com/fetch-group", body=recorded("fetch_group.json"))
    responses.add("POST", "https://api.fonnte.com/get-whatsapp-group", body=recorded("groups.json"))
    assert fonnte().groups() == [
        Group("120363046375778543@g.us", "Teknisi"),
        Group("6281200001111-1589000000@g.us", "Gudang"),
    ]
    assert [call.request.url for call in responses.calls] == [
        "https://api.fonnte.com/fetch-group",
        "https://api.fonnte.com/get-whatsapp-group",
    ]
