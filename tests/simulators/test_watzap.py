"""The simulated WatZap: as the real one answers, and with Loket's driver over real HTTP."""

import pytest
import requests
from flask import Flask

from portal.core.driverkit import Misconfigured, Permanent
from portal.extensions import db
from portal.infra.http import Http
from portal.messaging import channel_config
from portal.messaging.drivers.base import Media
from portal.messaging.drivers.watzap import Watzap
from portal.messaging.models_channels import Channel
from portal.messaging.models_inbound import InboundMessage
from tests import factories
from tests.contracts.messaging import outgoing
from tests.simulators.serving import FAULTS, Trouble, arrived, heard, post, served, stumbles

NUMBER = "6281234567890"
KEYS = {"api_key": "an-api-key", "number_key": "demo"}
TEMPLATE = {"mode": "waba", "template_payment_confirmation": "payment_confirmation"}


def driver(sims: str, **config: str) -> Watzap:
    return Watzap({**KEYS, "base_url": f"{sims}/watzap/v1", **config}, Http())


def test_a_text_arrives_and_the_keys_stay_hidden(sims: str) -> None:
    assert driver(sims).send(outgoing()).provider_id is None
    (found,) = arrived(sims)
    assert found["text"] == outgoing().text
    raw = requests.get(f"{sims}/inbox/raw/{found['id']}.json", timeout=5).json()
    assert (raw["body"]["api_key"], raw["body"]["number_key"]) == ("***", "***")


def test_files_and_their_words(sims: str) -> None:
    driver(sims).send(outgoing(media=Media("image", "https://portal.test/a.jpg")))
    (image,) = arrived(sims)
    assert (image["text"], image["media"]) == (outgoing().text, ["https://portal.test/a.jpg"])
    driver(sims).send(outgoing(media=Media("document", "https://portal.test/a.pdf")))
    file, text, _image = arrived(sims)
    assert (file["text"], file["media"]) == ("", ["https://portal.test/a.pdf"])
    assert (text["text"], text["media"]) == (outgoing().text, [])


def test_groups(sims: str) -> None:
    groups = driver(sims).groups()
    assert [group.name for group in groups] == ["Teknisi", "Gudang"]
    driver(sims).send(outgoing(to=groups[0].id))
    assert len(arrived(sims, groups[0].id.removesuffix("@g.us"))) == 1


def test_bad_keys_are_a_no_in_http_200(sims: str) -> None:
    answer = requests.post(f"{sims}/watzap/v1/send_message", json={"api_key": "x"}, timeout=5)
    assert (answer.status_code, answer.json()["status"]) == (200, "1003")
    for config, part in (
        ({"api_key": "invalid"}, "API Key"),
        ({"number_key": "invalid"}, "Number"),
    ):
        with pytest.raises(Misconfigured, match=part):
            driver(sims, **config).send(outgoing())
    with pytest.raises(Misconfigured):
        driver(sims, api_key="invalid").check()
    assert arrived(sims) == []


def test_a_lost_number_and_words_it_does_not_take(sims: str) -> None:
    assert driver(sims).check().ok
    with pytest.raises(Misconfigured):
        driver(sims, number_key="another").check()
    with pytest.raises(Permanent) as caught:
        driver(sims).send(outgoing(text="Pilih {satu|dua"))
    assert caught.value.elsewhere
    with pytest.raises(Permanent, match="terdaftar"):
        driver(sims).send(outgoing(to="+6281230000000"))
    post(sims, "/watzap/dashboard", connected=False)
    assert not driver(sims).check().ok
    with pytest.raises(Misconfigured, match="QR"):
        driver(sims).send(outgoing())


def test_waba_free_text_only_within_a_day(sims: str) -> None:
    with pytest.raises(Permanent, match="24 jam") as caught:
        driver(sims, mode="waba").send(outgoing())
    assert caught.value.elsewhere
    post(sims, "/watzap/incoming", sender=NUMBER, message="halo")
    receipt = driver(sims, mode="waba", number_key="").send(outgoing())
    assert (receipt.provider_id or "").startswith("wamid.")
    pdf = Media("document", "https://portal.test/a.pdf")
    for shape in ("url", "typed"):
        driver(sims, mode="waba", media_shape=shape).send(outgoing(media=pdf))
        assert arrived(sims)[0]["media"] == [pdf.url]
        assert arrived(sims)[0]["text"] == outgoing().text


@pytest.mark.parametrize("shape", ["named", "list"])
def test_waba_templates_in_either_shape(sims: str, shape: str) -> None:
    driver(sims, template_shape=shape, **TEMPLATE).send(outgoing())
    assert "Rp 165.000" in arrived(sims)[0]["text"]
    with pytest.raises(Permanent, match="template"):
        driver(sims, template_shape=shape, **TEMPLATE).send(outgoing(params=["Budi"]))


@FAULTS
def test_faults(sims: str, fault: str, says: Trouble) -> None:
    stumbles(sims, "watzap", fault, driver(sims), says)


def test_what_customers_write_is_heard(
    app: Flask, sims: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {**KEYS, "base_url": f"{sims}/watzap/v1"}
    assert channel_config.save("watzap", values) == {}
    path = f"/hooks/messaging/{db.session.scalars(db.select(Channel)).one().hook_token}"
    db.session.commit()
    with served(app) as address:
        monkeypatch.setenv("PORTAL_URL", address)
        set_to = post(sims, "/watzap/v1/set_webhook", **KEYS, endpoint_url=address + path)
        assert set_to["data"]["endpoint_url"].endswith(path)
        post(sims, "/watzap/incoming", sender="081234567890", message="STOP", name="Budi")
        heard(1)
    (found,) = factories.every(InboundMessage)
    assert (found.sender, found.text, found.flag) == (f"+{NUMBER}", "STOP", "opt_out")
