"""Callbacks of channels with an address of their own: who is believed, and what is kept."""

from urllib.parse import parse_qsl

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db
from portal.infra.inbox import InboundHook
from portal.messaging import channel_config, word
from portal.messaging.drivers import _twilio_signature
from portal.messaging.models import Message
from portal.messaging.models_channels import Channel
from tests import factories
from tests.drivers.messaging.hookkit import DATA, hex_hmac, sample
from tests.messaging.rows import queued

PUBLIC = "https://loket.example"


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"PUBLIC_URL": PUBLIC}


def saved(kind: str, **values: str) -> tuple[int, str]:
    """A configured channel: its id and the path of its callbacks."""
    row = channel_config.create(kind, kind)
    errors = channel_config.save(kind, values, row.id)
    assert errors == {}
    db.session.commit()
    token = factories.fresh(Channel, row.id).hook_token
    return row.id, f"/hooks/messaging/{token}"


def sent(channel_id: int, kind: str, provider_id: str) -> int:
    """A message this channel handed over."""
    message_id = queued(key=f"{kind}.{provider_id}.{channel_id}")
    row = db.session.get_one(Message, message_id)
    row.state, row.driver, row.channel_id = "accepted", kind, channel_id
    row.provider_id = provider_id
    db.session.commit()
    return message_id


def worked_off() -> None:
    word.process_many(factories.every(InboundHook))
    db.session.commit()


def test_evolutions_key_is_not_kept(app: Flask, client: FlaskClient) -> None:
    channel_id, path = saved(
        "evolution",
        base_url="https://evo.example",
        api_key="INSTANCE-TOKEN-IN-CLEAR",
        instance="nusalink",
        hook_auth="header",
        hook_header="X-Loket",
        hook_secret="proof",
    )
    message_id = sent(channel_id, "evolution", "3EB0B430B6F8F1D0E053AC")
    body = sample("evolution", "update_delivered")

    assert client.post(path, data=body).status_code == 401
    assert client.post(path, data=body, headers={"X-Loket": "proof"}).status_code == 200
    (hook,) = factories.every(InboundHook)
    assert hook.source == f"whatsapp.evolution.{channel_id}"
    assert b"INSTANCE-TOKEN" not in hook.body
    worked_off()
    assert factories.fresh(Message, message_id).state == "delivered"


def test_a_signed_receipt_of_gowa_arrives(app: Flask, client: FlaskClient) -> None:
    channel_id, path = saved("gowa", base_url="https://gowa.example", webhook_secret="ours")
    first = sent(channel_id, "gowa", "3EB00106E8BE0F407E88EC")
    second = sent(channel_id, "gowa", "3EB0B430B6F8F1D0E053AC")
    body = sample("gowa", "ack_delivered")

    bad = {"X-Hub-Signature-256": "sha256=" + hex_hmac("secret", body)}
    good = {"X-Hub-Signature-256": "sha256=" + hex_hmac("ours", body)}
    assert client.post(path, data=body, headers=bad).status_code == 401
    assert client.post(path, data=body, headers=good).status_code == 200
    worked_off()
    assert factories.fresh(Message, first).state == "delivered"
    assert factories.fresh(Message, second).state == "delivered"


def test_twilio_signs_the_public_address(app: Flask, client: FlaskClient) -> None:
    """The portal itself is called over another host and without TLS, as behind a proxy."""
    channel_id, path = saved(
        "twilio",
        account_sid="AC" + "0" * 32,
        auth_token="the-token",
        from_number="+6281280001111",
    )
    message_id = sent(channel_id, "twilio", "SM5f1a2b3c4d5e6f708192a3b4c5d6e7f8")
    body = (DATA / "twilio" / "delivered.txt").read_bytes()
    pairs = sorted(parse_qsl(body.decode(), keep_blank_values=True))
    text = PUBLIC + path + "".join(name + value for name, value in pairs)
    signature = _twilio_signature.signature("the-token", text)
    form = "application/x-www-form-urlencoded"

    def posted(given: str) -> int:
        headers = {"X-Twilio-Signature": given}
        return client.post(path, data=body, headers=headers, content_type=form).status_code

    other = "y" if signature.startswith("x") else "x"
    assert posted(other + signature[1:]) == 401
    assert posted(signature) == 200
    worked_off()
    assert factories.fresh(Message, message_id).state == "delivered"


def test_a_receipt_of_waha_is_about_its_own_channel_only(app: Flask, client: FlaskClient) -> None:
    mine, path = saved("waha", base_url="https://waha.example", api_key="k", hmac_key="h")
    other, _ = saved("waha", base_url="https://waha2.example", api_key="k", hmac_key="h")
    foreign = sent(other, "waha", "3EB0B430B6F8F1D0E053AC")
    body = sample("waha", "ack")
    headers = {"X-Webhook-Hmac": hex_hmac("h", body, "sha512")}

    assert client.post(path, data=body, headers=headers).status_code == 200
    worked_off()
    assert factories.fresh(Message, foreign).state == "accepted"
    own = sent(mine, "waha", "3EB0B430B6F8F1D0E053AC")
    worked_off()
    assert factories.fresh(Message, own).state == "read"
