"""WatZap: keys in the body, codes in HTTP 200, and two modes."""

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
import responses

from portal.core.driverkit import (
    Capability,
    DriverError,
    Misconfigured,
    Permanent,
    RateLimited,
    Retryable,
)
from portal.infra.http import Http
from portal.messaging.drivers.base import Group, Media
from portal.messaging.drivers.watzap import Watzap
from tests.contracts.messaging import MessageDriverContract, Sample, outgoing

DATA = Path(__file__).parents[2] / "data" / "watzap"
BASE = "https://api.watzap.id/v1/"
KEYS = {"api_key": "ap1K3y-secret", "number_key": "numK3y-one"}
WABA = {"mode": "waba", "api_key": "ap1K3y-secret"}
PDF = Media("document", "https://portal.test/f/abc", "application/pdf", "tagihan.pdf")
IMAGE = Media("image", "https://portal.test/f/def", "image/jpeg")
VIDEO = Media("video", "https://portal.test/f/ghi", "video/mp4")
GROUP = "120363046375778543@g.us"
TEXT = "Halo Budi, pembayaran Rp165.000 kami terima."


def recorded(name: str) -> str:
    return (DATA / name).read_text()


def watzap(**config: str) -> Watzap:
    return Watzap({**KEYS, **config}, Http())


def posted(driver: Watzap, *paths: str, **changes: object) -> list[dict[str, Any]]:
    """The bodies posted to these paths, in this order, by one send."""
    with responses.RequestsMock() as mock:
        for path in paths:
            mock.add("POST", BASE + path, body=recorded("send_ok.json"))
        driver.send(outgoing(**changes))  # type: ignore[arg-type]
        assert [call.request.url for call in mock.calls] == [BASE + path for path in paths]
        return [json.loads(call.request.body) for call in mock.calls]  # type: ignore[arg-type]


class TestClassic(MessageDriverContract):
    kind = "watzap"
    config: ClassVar = KEYS
    url = BASE + "send_message"
    accepted = Sample(200, recorded("send_ok.json"))
    refused: ClassVar = {
        Permanent: Sample(200, '{"status":"1005","message":"Dynamic message error"}'),
        Misconfigured: Sample(200, recorded("bad_key.json")),
        RateLimited: Sample(429, "{}", {"Retry-After": "9"}),
        Retryable: Sample(200, '{"status":"1006","message":"Other error","ack":"fatal_error"}'),
    }
    garbage = Sample(200, "<html>maintenance</html>")
    open_hook = True


class TestWaba(TestClassic):
    config: ClassVar = {**WABA, "access_token": "acc3ss-t0ken"}
    url = BASE + "waba_send_message"
    accepted = Sample(200, recorded("waba_ok.json"))
    refused: ClassVar = {
        **TestClassic.refused,
        Permanent: Sample(200, '{"status":"400","message":"Re-engagement message"}'),
    }


def test_a_text_carries_both_keys_in_the_body() -> None:
    assert posted(watzap(), "send_message") == [
        {**KEYS, "phone_no": "6281234567890", "message": TEXT}
    ]


def test_groups_have_their_own_paths() -> None:
    (text,) = posted(watzap(), "send_message_group", to=GROUP)
    assert text == {**KEYS, "group_id": GROUP, "message": TEXT}
    (image,) = posted(watzap(), "send_image_group", to=GROUP, media=IMAGE)
    assert (image["group_id"], image["message"]) == (GROUP, TEXT)
    _text, file = posted(watzap(), "send_message_group", "send_file_group", to=GROUP, media=PDF)
    assert file == {**KEYS, "group_id": GROUP, "url": PDF.url}


def test_an_image_carries_the_words_with_it() -> None:
    (body,) = posted(watzap(), "send_image_url", media=IMAGE)
    assert body == {
        **KEYS,
        "phone_no": "6281234567890",
        "url": IMAGE.url,
        "message": TEXT,
        "separate_caption": "0",
    }


@pytest.mark.parametrize("media", [PDF, VIDEO])
def test_a_file_has_no_room_for_words_so_they_go_first(media: Media) -> None:
    text, file = posted(watzap(), "send_message", "send_file_url", media=media)
    assert text["message"] == TEXT
    assert file == {**KEYS, "phone_no": "6281234567890", "url": media.url}
    logged = watzap().payload(outgoing(media=media))
    assert [part["path"] for part in logged] == ["send_message", "send_file_url"]


@responses.activate
def test_words_sent_and_a_file_refused_is_for_a_person() -> None:
    responses.add("POST", BASE + "send_message", body=recorded("send_ok.json"))
    responses.add("POST", BASE + "send_file_url", body=recorded("bad_key.json"))
    with pytest.raises(Retryable) as caught:
        watzap().send(outgoing(media=PDF))
    assert caught.value.outcome_unknown, "a repetition would bring the words twice"
    assert "Teks sudah diserahkan" in caught.value.sentence


@responses.activate
def test_words_refused_means_no_file_either() -> None:
    responses.add("POST", BASE + "send_message", body=recorded("bad_key.json"))
    with pytest.raises(Misconfigured):
        watzap().send(outgoing(media=PDF))
    assert len(responses.calls) == 1


def test_waba_free_text_takes_only_the_keys_it_has() -> None:
    driver = Watzap(WABA, Http())
    (body,) = posted(driver, "waba_send_message")
    assert body == {"api_key": "ap1K3y-secret", "phone_no": "6281234567890", "message": TEXT}
    (body,) = posted(watzap(mode="waba", access_token="acc"), "waba_send_message")
    assert (body["number_key"], body["access_token"]) == ("numK3y-one", "acc")


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"template_payment_confirmation": "bayar"},
            {
                "template_name": "bayar",
                "template_language": "id",
                "parameter": [{"1": "Budi", "2": "165.000", "3": "-"}],
            },
        ),
        (
            {"template_payment_confirmation": "bayar: nama, jumlah", "language": "en"},
            {
                "template_name": "bayar",
                "template_language": "en",
                "parameter": [{"nama": "Budi", "jumlah": "165.000", "3": "-"}],
            },
        ),
        (
            {"template_payment_confirmation": "bayar", "template_shape": "list"},
            {"template_name": "bayar", "language": "id", "parameters": ["Budi", "165.000", "-"]},
        ),
    ],
)
def test_waba_templates_are_called_as_the_account_calls_them(
    config: dict[str, str], expected: dict[str, Any]
) -> None:
    driver = Watzap({**WABA, **config}, Http())
    assert driver.check_config({**WABA, **config}) == {}
    params = ["Budi\n", "165.000", " "]
    (body,) = posted(driver, "waba_send_message_template", params=params)
    assert body == {"api_key": "ap1K3y-secret", "phone_no": "6281234567890", **expected}


@pytest.mark.parametrize(
    ("shape", "media", "path", "name"),
    [
        ("url", IMAGE, "waba_send_image_url", "url"),
        ("url", PDF, "waba_send_file_url", "url"),
        ("typed", IMAGE, "waba_send_image_url", "image_url"),
        ("typed", PDF, "waba_send_file_url", "file_url"),
        ("typed", VIDEO, "waba_send_file_url", "file_url"),
    ],
)
def test_waba_files(shape: str, media: Media, path: str, name: str) -> None:
    (body,) = posted(Watzap({**WABA, "media_shape": shape}, Http()), path, media=media)
    assert (body[name], body["caption"]) == (media.url, TEXT)


@responses.activate
def test_waba_gives_an_id_and_knows_no_groups() -> None:
    responses.add("POST", BASE + "waba_send_message", body=recorded("waba_ok.json"))
    driver = Watzap(WABA, Http())
    assert (driver.send(outgoing()).provider_id or "").startswith("wamid.")
    assert Capability.GROUP not in driver.capabilities
    assert Capability.TEMPLATE in driver.capabilities
    assert {Capability.GROUP} == watzap().capabilities - driver.capabilities
    with pytest.raises(Permanent) as caught:
        driver.send(outgoing(to=GROUP))
    assert caught.value.elsewhere and len(responses.calls) == 1
    assert driver.groups() == []


def test_what_each_mode_needs() -> None:
    assert "number_key" in Watzap.check_config({"api_key": "a"})
    assert Watzap.check_config(WABA) == {}
    assert "api_key" in Watzap.check_config({"mode": "waba"})
    bad = {**WABA, "template_otp_code": "Kode Masuk"}
    assert "template_otp_code" in Watzap.check_config(bad)


@pytest.mark.parametrize(
    ("status", "body", "error", "part"),
    [
        (200, '{"status":1002,"message":"x"}', Misconfigured, "API Key"),
        (200, '{"status":"1003","message":"x"}', Misconfigured, "Number Key"),
        (200, '{"status":"1004","message":"Pairing failed"}', Misconfigured, "QR"),
        (200, '{"status":"3001","message":"x"}', Misconfigured, "Paket"),
        (200, '{"status":"1005","message":"x"}', Permanent, "{ | }"),
        (200, '{"status":"1006","message":"x"}', Retryable, "tanpa menyebut"),
        (200, '{"status":"1009","message":"x"}', Permanent, "rinciannya"),
        (200, '{"status":"1006","message":"Number not registered"}', Permanent, "terdaftar"),
        (200, '{"status":"200","message":"Re-engagement message"}', Permanent, "24 jam"),
        (200, '{"status":"200","data":{"error":"Re-engagement"}}', Permanent, "24 jam"),
        (200, '{"status":"400","message":"template name not found"}', Permanent, "template"),
        (401, "", Misconfigured, "kunci"),
        (404, "", Misconfigured, "Alamat"),
        (500, '{"status":"1002","message":"x"}', Misconfigured, "API Key"),
    ],
)
@responses.activate
def test_codes(status: int, body: str, error: type[DriverError], part: str) -> None:
    responses.add("POST", BASE + "send_message", body=body, status=status)
    with pytest.raises(DriverError) as caught:
        watzap().send(outgoing())
    assert type(caught.value) is error and part in caught.value.sentence
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("body", ['{"status":200}', '{"ack":"successfully"}', '{"Status":"200"}'])
@responses.activate
def test_a_yes_in_any_of_its_forms(body: str) -> None:
    responses.add("POST", BASE + "send_message", body=body)
    assert watzap().send(outgoing()).provider_id is None


@pytest.mark.parametrize(
    "body",
    ["{}", '{"status":true}', '{"status":"200","ack":"fatal_error"}', "[]", '{"status":null}'],
)
@responses.activate
def test_neither_yes_nor_no_is_unknown(body: str) -> None:
    responses.add("POST", BASE + "send_message", body=body)
    with pytest.raises(Retryable) as caught:
        watzap().send(outgoing())
    assert caught.value.outcome_unknown


@responses.activate
def test_the_key_is_checked_with_the_api_key_alone() -> None:
    url = BASE + "checking_key"
    responses.add("POST", url, body=recorded("checking_key.json"))
    health = watzap().check()
    assert health.ok and "2027" in health.details["Berlaku sampai"]
    assert json.loads(responses.calls[0].request.body) == {"api_key": KEYS["api_key"]}  # type: ignore[arg-type]
    assert "6281280001111" not in str(health.details)
    assert not watzap(number_key="numK3y-two").check().ok
    assert watzap(number_key="ALL").check().ok, "one of them is connected"
    with pytest.raises(Misconfigured):
        watzap(number_key="nobodys").check()


@responses.activate
def test_groups_are_an_object_named_by_their_ids() -> None:
    responses.add("POST", BASE + "groups", body=recorded("groups.json"))
    expected = [Group(GROUP, "Teknisi"), Group("6281200001111-1589000000@g.us", "Gudang")]
    assert watzap().groups() == expected
