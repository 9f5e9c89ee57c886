"""The pages of connecting a number: what is missing, who may, what is told, and when it stops."""

import json
import re
from typing import Any

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.messaging import meta_app
from portal.messaging.models_meta import MetaApp
from portal.signup import work
from portal.signup.models import Signup
from tests import factories
from tests.signup.conftest import drive, finish
from tests.signup.world import World
from tests.visitor import Visitor, target

URL = "/admin/settings/whatsapp/connect"
FACEBOOK = "https://connect.facebook.net"


@pytest.fixture
def bare(app: Flask) -> None:
    """Without the app's values."""
    env = app.extensions["loket.settings"].env
    for name in ("META_APP_ID", "META_ES_CONFIG_ID"):
        env.pop(name, None)


def started(desk: Visitor, **values: Any) -> str:
    """A new attempt by the button; its address."""
    return target(desk.post(URL, **values)).partition("?")[0]


def state_of(desk: Visitor, url: str) -> str:
    found = re.search(r'data-state="([0-9a-f]{64})"', desk.client.get(url).text)
    assert found
    return found[1]


def test_without_the_apps_values_the_page_says_what_is_missing(
    desk: Visitor, bare: None, world: World
) -> None:
    settings = desk.client.get("/admin/settings/whatsapp").text
    assert "App ID, Configuration ID" in settings and "Langkah menyiapkannya" in settings
    page = desk.client.get(URL).text
    assert "Yang belum diisi: App ID, Configuration ID" in page
    assert target(desk.post(URL)).endswith(URL) and factories.every(Signup) == []


def test_values_typed_here_win_and_are_kept_secret(desk: Visitor, bare: None, app: Flask) -> None:
    wrong = desk.post(f"{URL}/app", **{"cfg-app_id": "abc", "cfg-hosted_url": "https://evil.test"})
    assert wrong.status_code == 422 and wrong.text.count('class="err"') == 2
    typed = {"cfg-app_id": "123", "cfg-config_id": "456", "cfg-app_secret": "a-secret-of-mine"}
    assert target(desk.post(f"{URL}/app", **typed))
    assert meta_app.current().ready and meta_app.current().secret == "a-secret-of-mine"
    db.session.rollback()
    again = desk.client.get(f"{URL}/app").text
    assert "a-secret-of-mine" not in again and "mine" in again
    desk.post(f"{URL}/app", **{"cfg-app_id": "124", "cfg-config_id": "456"})
    assert meta_app.current().secret == "a-secret-of-mine" and meta_app.current()["app_id"] == "124"
    said = str([(one.before, one.after) for one in factories.every(AuditEntry)])
    assert "a-secret-of-mine" not in said and "diubah" in said
    raw = db.session.connection().exec_driver_sql("SELECT config FROM meta_app").scalar()
    assert b"a-secret-of-mine" not in bytes(raw)
    db.session.rollback()
    assert len(factories.every(MetaApp)) == 1


def test_only_the_page_of_an_open_attempt_lets_facebook_in(
    desk: Visitor, world: World, clock: FixedClock
) -> None:
    url = started(desk)
    opened = desk.client.get(url)
    policy = opened.headers["Content-Security-Policy"]
    assert f"script-src 'self' {FACEBOOK};" in policy and "unsafe" not in policy
    assert 'id="launch"' in opened.text and "signup.js" in opened.text
    for elsewhere in (URL, f"{URL}/app", "/admin/settings/whatsapp", "/admin"):
        page = desk.client.get(elsewhere)
        assert "facebook" not in page.headers["Content-Security-Policy"], elsewhere
    state = state_of(desk, url)
    desk.post(f"{url}/event", event=finish(), state=state)
    desk.post(f"{url}/code", code="code-1", state=state)
    over = desk.client.get(url)
    assert "facebook" not in over.headers["Content-Security-Policy"]
    assert "signup.js" not in over.text


def test_a_code_is_exchanged_in_the_request_that_brings_it(
    desk: Visitor, world: World, clock: FixedClock
) -> None:
    url = started(desk, brand="Merek Utara")
    state = state_of(desk, url)
    answer = desk.post(f"{url}/code", code="code-1", state=state)
    assert answer.status_code == 200 and world.done == {"exchange": 1}
    assert 'hx-trigger="every 2s' in answer.text
    again = desk.post(f"{url}/code", code="code-1", state=state)
    assert again.status_code == 200 and world.done == {"exchange": 1}
    signup_id = int(url.rsplit("/", 1)[1])
    row = drive(signup_id, clock)
    assert row.state == "done"
    page = desk.get(url).text
    assert "Nomor terhubung." in page and "hx-trigger" not in page
    assert "Merek Utara" in page
    assert "EAA" not in page


@pytest.mark.parametrize("verb", ["code", "event", "closed"])
def test_a_post_without_its_own_state_value_is_refused(
    desk: Visitor, world: World, verb: str
) -> None:
    first, second = started(desk), started(desk)
    for state in ("", "x" * 64, state_of(desk, second)):
        answer = desk.post(f"{first}/{verb}", code="code-1", event=finish(), state=state)
        assert answer.status_code == 400
    row = factories.fresh(Signup, int(first.rsplit("/", 1)[1]))
    assert (row.state, row.event, row.problem) == ("open", "", "")


def test_a_code_that_was_too_late_offers_to_begin_again(desk: Visitor, world: World) -> None:
    url = started(desk)
    answer = desk.post(f"{url}/code", code="yesterday", state=state_of(desk, url))
    assert "30 detik" in answer.text and "Mulai lagi" in answer.text
    assert desk.post(f"{started(desk)}/code", code="", state="").status_code == 400


def test_without_javascript_the_page_says_what_to_do(
    desk: Visitor, world: World, app: Flask
) -> None:
    url = started(desk)
    assert "Atau isi token sendiri" in desk.client.get(url).text
    hosted = "https://business.facebook.com/messaging/whatsapp/onboard/?app_id=77"
    app.extensions["loket.settings"].env["META_ES_HOSTED_URL"] = hosted
    page = desk.client.get(url).text
    assert "<noscript>" in page and hosted in page.replace("&amp;", "&")


def test_choosing_typing_a_pin_going_on_and_stopping(
    desk: Visitor, world: World, clock: FixedClock
) -> None:
    world.pins["200"] = "424242"
    url = started(desk)
    signup_id = int(url.rsplit("/", 1)[1])
    state = state_of(desk, url)
    desk.post(f"{url}/event", event=finish("100", "999"), state=state)
    desk.post(f"{url}/code", code="code-1", state=state)
    drive(signup_id, clock)
    assert "tidak ada di akun ini" in desk.get(url).text
    assert desk.post(f"{url}/number", number="999").status_code == 422
    desk.post(f"{url}/number", number="200")
    drive(signup_id, clock)
    assert 'name="pin"' in desk.get(url).text
    assert desk.post(f"{url}/pin", pin="12").status_code == 422
    assert desk.post(f"{url}/continue").status_code == 422
    desk.post(f"{url}/pin", pin="424242")
    row = drive(signup_id, clock)
    assert row.state == "done"
    assert desk.post(f"{url}/stop").status_code == 422
    assert target(desk.post(f"{url}/main"))
    shown = desk.client.get(URL).text
    assert "424242" not in shown
    looked = desk.post(f"{URL}/pin/{row.channel_id}")
    assert "424242" in looked.text
    assert "whatsapp.pin" in {one.action for one in factories.every(AuditEntry)}
    other = started(desk)
    desk.post(f"{other}/stop")
    assert "Tidak selesai" in desk.get(other).text


def test_the_callback_is_believed_before_the_first_channel(
    desk: Visitor, world: World, app: Flask
) -> None:
    """The app's own secret and verify token count while no channel is saved."""
    import hashlib
    import hmac

    url = started(desk)
    desk.post(f"{url}/code", code="code-1", state=state_of(desk, url))
    token = meta_app.current()["verify_token"]
    db.session.rollback()
    asked = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "42"}
    assert desk.client.get("/webhook/whatsapp/meta", query_string=asked).text == "42"
    body = json.dumps({"entry": []}).encode()
    mark = hmac.new(b"app-secret-word", body, hashlib.sha256).hexdigest()
    signed = {"X-Hub-Signature-256": f"sha256={mark}"}
    assert desk.client.post("/webhook/whatsapp/meta", data=body, headers=signed).status_code == 200
    assert desk.client.post("/webhook/whatsapp/meta", data=body).status_code == 401


def test_a_job_takes_what_waits(desk: Visitor, world: World, app: Flask) -> None:
    from jobs.signup import advance

    url = started(desk)
    signup_id = int(url.rsplit("/", 1)[1])
    state = state_of(desk, url)
    desk.post(f"{url}/event", event=finish(), state=state)
    desk.post(f"{url}/code", code="code-1", state=state)
    while work.due():
        db.session.rollback()
        advance(signup_id)
    assert factories.fresh(Signup, signup_id).state == "done"
