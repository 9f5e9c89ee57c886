"""Settings > WhatsApp: choosing, saving and trying a driver, with and without HTMX."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import channel_config, channels, meters, sending
from portal.messaging.models import Message
from portal.messaging.models_channels import Channel
from tests import factories
from tests.messaging.fakes import Provider, registered
from tests.messaging.parts import raising
from tests.messaging.rows import queued
from tests.visitor import Visitor, target

SETTINGS = "/admin/settings/whatsapp"
META = {
    "cfg-access_token": "EAAx-very-secret-token-9876",
    "cfg-phone_number_id": "123456789012345",
    "cfg-app_secret": "the-app-secret-4321",
}


@pytest.fixture
def extra_env() -> dict[str, str]:
    return {"META_WA_BUSINESS_ACCOUNT_ID": "987654321098765"}


def person(app: Flask, role: str = "owner", hx: bool = False) -> Visitor:
    visitor = Visitor(app, hx)
    factories.log_in(visitor.client, factories.staff(role=role))
    visitor.page("/admin")
    return visitor


def test_without_a_choice_the_environment_is_in_force(app: Flask) -> None:
    page = person(app).get(SETTINGS).text
    assert "dari .env" in page
    assert "Console" in page


def test_choosing_a_driver_to_look_at_swaps_only_its_fields(app: Flask) -> None:
    part = person(app, hx=True).get(f"{SETTINGS}?driver=gateway").text
    assert "cfg-url" in part
    assert "cfg-access_token" not in part
    assert "<html" not in part
    page = person(app).get(f"{SETTINGS}?driver=meta").text
    assert "cfg-access_token" in page
    assert "987654321098765" in page
    assert "/webhook/whatsapp/meta" in page
    assert person(app).get(f"{SETTINGS}?driver=nonsense").status_code == 404


@pytest.mark.parametrize("hx", [False, True])
def test_saving_masks_secrets_everywhere(app: Flask, hx: bool) -> None:
    visitor = person(app, hx=hx)
    answer = visitor.post(SETTINGS, driver="meta", **META)
    assert answer.status_code == (204 if hx else 303)

    page = visitor.page(f"{SETTINGS}?driver=meta").text
    assert "••••9876" in page
    for secret in (META["cfg-access_token"], META["cfg-app_secret"]):
        assert secret not in page
        raw = db.session.execute(db.text("SELECT config FROM channel")).scalar_one()
        assert secret.encode() not in bytes(raw)
        entries = [json.dumps([row.before, row.after]) for row in factories.every(AuditEntry)]
        assert not any(secret in entry for entry in entries)
        assert any("diubah" in entry for entry in entries)
    assert channel_config.stored_values("meta")["access_token"] == META["cfg-access_token"]


def test_an_empty_secret_keeps_the_old_one_and_equal_values_follow_the_environment(
    app: Flask,
) -> None:
    visitor = person(app)
    visitor.post(SETTINGS, driver="meta", **{**META, "cfg-waba_id": "987654321098765"})
    visitor.post(SETTINGS, driver="meta", **{**META, "cfg-access_token": "", "cfg-language": "id"})

    stored = channel_config.stored_values("meta")
    assert stored["access_token"] == META["cfg-access_token"]
    assert "waba_id" not in stored


def box(visitor: Visitor, name: str) -> str:
    """The tag of the box that clears a stored secret; empty when there is none."""
    html = visitor.page(f"{SETTINGS}?driver=meta").text
    return (re.search(rf'<input[^>]+name="clear-{name}"[^>]*>', html) or [""])[0]


@pytest.mark.parametrize("hx", [False, True])
def test_a_secret_that_may_be_missing_can_be_cleared(app: Flask, hx: bool) -> None:
    visitor = person(app, hx=hx)
    assert box(visitor, "app_secret") == ""
    visitor.post(SETTINGS, driver="meta", **META)
    assert box(visitor, "app_secret") and box(visitor, "access_token") == ""

    kept = {**META, "cfg-access_token": "", "cfg-app_secret": ""}
    cleared = {"clear-access_token": "y", "clear-app_secret": "y"}
    visitor.post(SETTINGS, driver="meta", **{**kept, **cleared, "cfg-app_secret": "filled in"})
    stored = channel_config.stored_values("meta")
    assert stored["access_token"] == META["cfg-access_token"] and "app_secret" not in stored
    assert box(visitor, "app_secret") == ""
    newest = factories.every(AuditEntry)[-1]
    assert (newest.action, list(newest.after)) == ("whatsapp.save", ["app_secret"])


def test_the_box_stays_ticked_until_it_is_saved(app: Flask) -> None:
    visitor = person(app)
    visitor.post(SETTINGS, driver="meta", **META)
    assert "checked" not in box(visitor, "app_secret")
    typed = {"cfg-access_token": "", "cfg-app_secret": "", "clear-app_secret": "y"}
    again = visitor.post(f"{SETTINGS}/fields", driver="meta", **typed)
    refused = visitor.post(SETTINGS, driver="meta", **{**META, **typed, "cfg-phone_number_id": "x"})
    assert refused.status_code == 422
    for answer in (again, refused):
        assert re.search(r'name="clear-app_secret" value="y" checked>', answer.text)
    assert channel_config.stored_values("meta")["app_secret"] == META["cfg-app_secret"]


def test_saving_what_is_the_same_is_no_new_configuration(app: Flask, clock: FixedClock) -> None:
    visitor = person(app)

    def saved(**typed: str) -> Any:
        clock.move(minutes=1)
        visitor.post(SETTINGS, driver="meta", **{**META, **typed})
        (row,) = factories.every(Channel)
        return row.updated_at

    first = saved()
    assert saved() == first and saved(**{"cfg-access_token": ""}) == first
    assert saved(**{"cfg-access_token": "EAAanother-token"}) > first


@pytest.mark.parametrize("hx", [False, True])
def test_a_bad_value_is_shown_at_its_field_and_nothing_is_stored(app: Flask, hx: bool) -> None:
    visitor = person(app, hx=hx)
    answer = visitor.post(SETTINGS, driver="meta", **{**META, "cfg-phone_number_id": "+62 8"})

    assert answer.status_code == 422
    assert "Hanya angka." in answer.text
    assert META["cfg-access_token"] not in answer.text
    assert ("<html" in answer.text) is not hx
    assert factories.every(Channel) == []


def test_fields_follow_the_mode_without_being_stored(app: Flask) -> None:
    visitor = person(app, hx=True)
    posted = {"driver": "gateway", "cfg-mode": "get", "cfg-secret": "typed secret"}
    part = visitor.post(f"{SETTINGS}/fields", **posted).text

    assert "cfg-get_url" in part
    assert "cfg-url" not in part
    assert "typed secret" not in part
    assert factories.every(Channel) == []


@pytest.mark.parametrize("hx", [False, True])
def test_using_a_driver_changes_the_next_message(app: Flask, provider: Provider, hx: bool) -> None:
    with registered(Provider(), "other", idempotent=False) as other:
        visitor = person(app, hx=hx)
        sending.deliver(queued(key="1"))
        visitor.post(f"{SETTINGS}/use", driver="other")
        sending.deliver(queued(key="2"))

        assert (len(provider.arrived), len(other.arrived)) == (1, 1)
        actions = [row.action for row in factories.every(AuditEntry)]
        assert "whatsapp.choose" in actions


def test_an_incomplete_driver_cannot_be_used(app: Flask) -> None:
    visitor = person(app)
    answer = visitor.post(f"{SETTINGS}/use", driver="gateway")
    assert "wajib diisi" in visitor.page(target(answer)).text
    assert channels.active().kind == "console"  # type: ignore[union-attr]


def test_saving_and_using_in_one_step(app: Flask) -> None:
    person(app).post(SETTINGS, driver="meta", use="1", **META)
    found = channels.active()
    assert found is not None
    assert (found.kind, found.source) == ("meta", "db")
    assert found.config["waba_id"] == "987654321098765"


@pytest.mark.parametrize("hx", [False, True])
def test_a_test_send_is_a_real_message(app: Flask, provider: Provider, hx: bool) -> None:
    visitor = person(app, hx=hx)
    answer = visitor.post(f"{SETTINGS}/test", number="0812 3456 7890", kind="invoice_notification")

    assert "Diterima oleh penyedia" in answer.text
    (row,) = factories.every(Message)
    assert row.dedupe_key.startswith("invoice_notification:test:")
    assert row.provider_id in answer.text  # type: ignore[operator]
    assert "200" in answer.text
    assert provider.arrived[0].to == "+6281234567890"


def test_a_test_send_that_fails_says_why(app: Flask, provider: Provider) -> None:
    provider.always = raising(Permanent("Template belum disetujui.", http_status=404))
    answer = person(app).post(f"{SETTINGS}/test", number="081234567890", kind="otp_code")
    assert "Template belum disetujui." in answer.text
    assert "404" in answer.text


@pytest.mark.parametrize("number", ["", "12", "abc"])
def test_a_test_send_to_no_number_sends_nothing(app: Flask, number: str) -> None:
    assert person(app).post(f"{SETTINGS}/test", number=number).status_code == 422
    assert factories.every(Message) == []


def test_the_status_endpoint(app: Flask, provider: Provider) -> None:
    body = person(app).get(f"{SETTINGS}/status").get_json()
    assert body["ok"] is True
    assert body["driver"] == "recorder"
    assert set(body) == {"ok", "driver", "sentence", "details", "checked_at"}

    db.session.execute(select(Channel.id))
    with registered(Provider(), "gone", idempotent=False):
        channel_config.choose("gone")
        db.session.commit()
    body = person(app).get(f"{SETTINGS}/status").get_json()
    assert (body["ok"], body["driver"]) == (False, None)


def test_the_pause_is_explained(app: Flask, provider: Provider) -> None:
    meters.pause(channels.active(), "misconfigured", "Token dicabut.")  # type: ignore[arg-type]
    db.session.commit()
    assert "Token dicabut." in person(app).get(SETTINGS).text


def test_the_command_line_sends_a_test(app: Flask, provider: Provider) -> None:
    runner = app.test_cli_runner()
    good = runner.invoke(args=["notification", "test", "whatsapp", "08123456789"])
    assert good.exit_code == 0, good.output
    assert "id: " in good.output
    assert provider.arrived[0].to == "+628123456789"

    provider.always = raising(Permanent("Ditolak."))
    bad = runner.invoke(args=["notification", "test", "whatsapp", "08123456789"])
    assert (bad.exit_code, "Ditolak." in bad.output) == (1, True)
    assert runner.invoke(args=["notification", "test", "whatsapp", "xx"]).exit_code == 2
