"""Edit and send again: the form starts from what the message was, or from what was posted."""

import json
import re
from typing import Any

import pytest

from portal.extensions import db
from portal.messaging.models import Message, MessageAttempt
from tests.messaging.fakes import Provider
from tests.messaging.rows import message, queued
from tests.messaging.test_builder_screens import FIELDS, TEXT, URL, area, value
from tests.visitor import Visitor


def failed(**about: Any) -> int:
    """A message that may be sent again."""
    message_id = queued(**about)
    row = db.session.get(Message, message_id)
    assert row is not None
    row.state = "failed"
    db.session.commit()
    return message_id


def test_edit_and_resend_starts_from_the_block_of_a_broadcast(desk: Visitor) -> None:
    text = "Halo [[name]]\n[[wa]]\nPilih\n[button](y|Ya)\n[[/wa]]"
    message_id = failed(kind="broadcast", params={"text": text, "name": "Budi"})
    page = desk.page(f"/admin/messages/{message_id}/edit").text
    assert area(page, 'id="body"') == (
        "[[wa]]\n[type](buttons)\nPilih\n[button](y|Ya)\n[[/wa]]\nHalo Budi"
    )
    assert page.count('class="wa-presses"') == 2, "what was sent, and what will be"


def test_edit_and_resend_starts_from_the_message_s_own_text(desk: Visitor) -> None:
    message_id = failed(body=TEXT)
    assert area(desk.page(f"/admin/messages/{message_id}/edit").text, 'id="body"') == TEXT


def test_a_plain_broadcast_starts_empty(desk: Visitor) -> None:
    message_id = failed(kind="broadcast", params={"text": "Halo"})
    assert area(desk.page(f"/admin/messages/{message_id}/edit").text, 'id="body"') == ""


PAYLOAD: dict[str, Any] = {
    "action": "send",
    "to": "6281••••890",
    "idempotency_key": "k",
    "queue": False,
    "interactive": {"type": "buttons", "text": "Bayar?", "buttons": [{"id": "1", "text": "Ya"}]},
}


def tried(message_id: int, payload: Any, driver: str = "gateway") -> None:
    db.session.add(
        MessageAttempt(
            message_id=message_id,
            lease_token="t",
            driver=driver,
            started_at=message(message_id).created_at,
            outcome="permanent",
            payload=payload if isinstance(payload, str) else json.dumps(payload),
        )
    )
    db.session.commit()


def test_the_form_starts_from_what_was_posted_to_the_gateway(desk: Visitor) -> None:
    message_id = failed()
    tried(message_id, PAYLOAD)
    answer = desk.post(f"{URL}?into=body&message={message_id}", body="")
    assert area(answer.text, 'name="text"') == "Bayar?"
    assert value(answer.text, "button-0-text") == "Ya"
    assert "hilang bila formulir" not in answer.text, "what was added for the posting is not missed"
    made = desk.post(
        f"{URL}?message={message_id}",
        **{**FIELDS, "source": value(answer.text, "source")},
        op="apply",
    )
    assert "••••" not in made.text and "[to]" not in made.text
    typed = desk.post(f"{URL}?into=body&message={message_id}", body="Sendiri").text
    assert area(typed, 'name="text"') == "Sendiri", "what was typed meanwhile wins"


@pytest.mark.parametrize(
    "payload",
    [
        "not json",
        "[1]",
        {**PAYLOAD, "interactive": None},
        {**PAYLOAD, "interactive": {"text": "Nomor 6281••••890"}},
    ],
)
def test_a_payload_that_says_too_little_is_not_used(desk: Visitor, payload: Any) -> None:
    message_id = failed()
    tried(message_id, payload)
    answer = desk.post(f"{URL}?into=body&message={message_id}", body="")
    assert area(answer.text, 'name="text"') == ""


def test_another_driver_s_payload_is_not_read_as_the_gateway_s(desk: Visitor) -> None:
    message_id = failed()
    tried(message_id, PAYLOAD, driver="meta")
    answer = desk.post(f"{URL}?into=body&message={message_id}", body="")
    assert area(answer.text, 'name="text"') == ""


def test_a_login_code_never_stands_in_the_form(desk: Visitor) -> None:
    message_id = failed(kind="otp_code", params={})
    tried(message_id, PAYLOAD)
    answer = desk.post(f"{URL}?into=body&message={message_id}", body="")
    assert area(answer.text, 'name="text"') == ""


def test_the_three_pages_have_the_key(desk: Visitor, provider: Provider) -> None:
    message_id = failed(kind="broadcast", params={"text": TEXT, "name": "Budi"})
    for path, into in (
        ("/admin/messages/texts/payment_reminder/id", "body"),
        ("/admin/broadcasts/new", "f-body"),
        (f"/admin/messages/{message_id}/edit", "body"),
    ):
        page = desk.page(path).text
        key = re.search(r'<button[^>]*hx-post="([^"]*builder[^"]*)"', page)
        assert key and f"into={into}" in key[1], path
        assert f'<textarea class="form-control" id="{into}"' in page
        assert '<div id="builder"></div>' in page and "Susun dengan formulir" in page
