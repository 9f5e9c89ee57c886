"""Meta's callbacks about messages: statuses, what customers send, any nonsense."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.messaging.drivers.events import (
    AccountEvent,
    DeliveryEvent,
    InboundMessage,
    UnknownEvent,
)
from portal.messaging.drivers.meta_cloud import MetaCloud
from tests.drivers.messaging.anything import BODIES, JSON, keepable
from tests.drivers.messaging.meta import DATA, recorded, told

AT = datetime.fromtimestamp(1763694000, UTC)


def test_every_status_of_every_entry_and_change() -> None:
    found = [event for event in recorded("statuses.json") if isinstance(event, DeliveryEvent)]
    assert [(event.provider_id, event.state) for event in found] == [
        ("wamid.A", "sent"),
        ("wamid.A", "delivered"),
        ("wamid.B", "read"),
        ("wamid.C", "read"),
        ("wamid.D", "failed"),
        ("wamid.E", "sent"),
    ]
    assert found[0].key == "payment_reminder:1"
    assert found[0].at == AT
    assert recorded("statuses.json")[-1] == UnknownEvent("status warning")


def test_what_a_message_costs() -> None:
    found = [event for event in recorded("statuses.json") if isinstance(event, DeliveryEvent)]
    assert [(event.category, event.billable) for event in found] == [
        ("utility", True),
        ("utility", True),
        ("utility", False),
        ("", None),
        ("", None),
        ("authentication_international", True),
    ]


@pytest.mark.parametrize(
    ("more", "category", "billable"),
    [
        ({"pricing": {"billable": True, "type": "free_entry_point"}}, "", False),
        ({"pricing": {"type": "regular", "category": "MARKETING"}}, "marketing", True),
        ({"pricing": {"billable": False, "category": "service"}}, "service", False),
        ({"conversation": {"origin": {"type": "utility"}}}, "utility", None),
        ({"pricing": None, "conversation": []}, "", None),
    ],
)
def test_old_and_new_ways_of_pricing(more: Any, category: str, billable: bool | None) -> None:
    status = {"id": "wamid.A", "status": "delivered", "timestamp": "1763694000", **more}
    (event,) = told("messages", {"statuses": [status]})
    assert isinstance(event, DeliveryEvent)
    assert (event.category, event.billable) == (category, billable)


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        (
            [{"code": 131049}],
            "Meta memilih tidak menyampaikan pesan ini. Coba lagi besok. (kode 131049)",
        ),
        (
            [{"code": "131026"}],
            "Nomor ini tidak terdaftar di WhatsApp. Perbaiki nomor pelanggan. (kode 131026)",
        ),
        (
            [{"code": 777, "title": "Odd", "error_data": {"details": "to 6281234567890"}}],
            "Odd to 6281••••890 (kode 777)",
        ),
        ([{"code": 777, "message": "Odd", "error_data": "why"}], "Odd why (kode 777)"),
        ([{}], "Meta tidak menyampaikan pesan ini."),
        ([], "Meta tidak menyampaikan pesan ini, tanpa menyebut sebabnya."),
        (None, "Meta tidak menyampaikan pesan ini, tanpa menyebut sebabnya."),
    ],
)
def test_why_a_message_failed(errors: Any, reason: str) -> None:
    (event,) = told("messages", {"statuses": [{"id": "a", "status": "failed", "errors": errors}]})
    assert isinstance(event, DeliveryEvent)
    assert event.reason == reason


def test_a_thousand_at_once() -> None:
    statuses = [{"id": f"wamid.{n}", "status": "delivered"} for n in range(1000)]
    assert len(told("messages", {"statuses": statuses})) == 1000


@pytest.mark.parametrize(
    ("number", "form", "text", "payload", "reply_to"),
    [
        (1, "text", "Sudah saya bayar 🙏", "", "wamid.OURS"),
        (2, "image", "Bukti transfer", "", ""),
        (3, "document", "bukti.pdf", "", ""),
        (4, "audio", "", "", ""),
        (5, "sticker", "", "", ""),
        (6, "button", "I didn't request a code", "DID_NOT_REQUEST_CODE", "wamid.OURS"),
        (7, "interactive", "Bayar", "bayar", "wamid.OURS"),
        (8, "interactive", "20 Mbps: Rp165.000", "pkt-20", "wamid.OURS"),
        (9, "interactive", "Sent", '{"a":1}', "wamid.OURS"),
        (10, "location", "Rumah\nJl. Melati 2\n-6.2, 106.8", "", ""),
        (11, "contacts", "Sari: +62 812-9999-0000", "", ""),
        (12, "reaction", "👍", "", "wamid.OURS"),
        (13, "reaction", "", "", "wamid.OURS"),
        (14, "order", "Pasang baru\n1 x PKT-20", "", ""),
        (
            15,
            "system",
            "User Budi changed from 6281234567890 to 6281234567891",
            "user_changed_number",
            "",
        ),
        (16, "unsupported", "Message type unknown: poll", "", ""),
        (17, "edit", "Besok saya bayar", "", "wamid.OURS"),
        (18, "revoke", "", "", "wamid.1"),
    ],
)
def test_what_customers_send(
    number: int, form: str, text: str, payload: str, reply_to: str
) -> None:
    events = recorded("inbound.json")
    assert len(events) == 18
    assert events[number - 1] == InboundMessage(
        provider_id=f"wamid.{number}",
        sender="+6281234567890",
        at=AT,
        text=text,
        form=form,
        name="Budi",
        user_id="ID.13491208655302741918",
        reply_to=reply_to,
        payload=payload,
        number="123456789012345",
    )


def test_who_hides_the_number_is_still_somebody() -> None:
    (event,) = recorded("hidden_number.json")
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.user_id, event.name) == ("", "ID.77", "Sari")
    assert event.text == "BERHENTI"


def test_contacts_that_are_missing_or_of_others() -> None:
    said = {"from": "6281111111111", "id": "a", "type": "text", "text": {"body": "x"}}
    others = [{"wa_id": "6282222222222", "profile": {"name": "A"}}, {"wa_id": "6281111111111"}]
    strangers = [others[0], {"wa_id": "6283333333333"}]
    for contacts in (None, [], others, strangers, "x"):
        (event,) = told("messages", {"messages": [said], "contacts": contacts})
        assert isinstance(event, InboundMessage)
        assert (event.sender, event.name) == ("+6281111111111", "")


def test_a_number_only_among_the_contacts() -> None:
    said = {"from_user_id": "ID.7", "id": "a", "type": "text", "text": {"body": "x"}}
    contacts = [
        {"wa_id": "62811111111", "user_id": "ID.8"},
        {"wa_id": "62822222222", "user_id": "ID.7"},
    ]
    (event,) = told("messages", {"messages": [said], "contacts": contacts})
    assert isinstance(event, InboundMessage)
    assert (event.sender, event.user_id) == ("+62822222222", "ID.7")


def test_an_edit_of_an_edit_is_not_followed() -> None:
    inner = {"type": "edit", "edit": {"message": {"type": "text", "text": {"body": "deep"}}}}
    said = {"id": "a", "type": "edit", "edit": {"original_message_id": "o", "message": inner}}
    (event,) = told("messages", {"messages": [said]})
    assert isinstance(event, InboundMessage)
    assert (event.text, event.reply_to) == ("", "o")


def test_a_message_without_an_id_has_the_same_one_each_time() -> None:
    bodies = [{"messages": [{"from": "6281", "type": "text", "text": {"body": t}}]} for t in "aba"]
    ids = [told("messages", body)[0].provider_id for body in bodies]  # type: ignore[union-attr]
    assert ids[0] == ids[2] != ids[1]


def test_an_error_about_no_message() -> None:
    (event,) = recorded("value_errors.json")
    assert isinstance(event, AccountEvent)
    assert event.blocked
    assert event.sentence == "Akun WhatsApp terkunci. Periksa WhatsApp Manager. (kode 131031)"


def test_promotions_refused_in_whatsapps_own_menu() -> None:
    stop, resume = recorded("preferences.json")
    assert isinstance(stop, InboundMessage)
    assert isinstance(resume, InboundMessage)
    assert (stop.form, stop.payload) == ("user_preferences", "MARKETING_STOP")
    assert resume.payload == "MARKETING_RESUME"
    assert stop.sender == resume.sender == "+6281234567890"
    assert stop.provider_id != resume.provider_id


def test_what_nobody_knows_is_named() -> None:
    assert told("", "nonsense") == []
    assert recorded("unknown.json") == [
        UnknownEvent("flows"),
        UnknownEvent("smb_message_echoes"),
        UnknownEvent("calls"),
        UnknownEvent("messages"),
    ]


@given(BODIES)
def test_any_bytes_are_read_without_a_sound(body: bytes) -> None:
    assert isinstance(MetaCloud({}, None).parse_hook(body), list)  # type: ignore[arg-type]


_NAMES = """
    statuses messages errors user_preferences contacts id status type text from context event
    message_template_name message_template_id new_category ban_info restriction_info wa_id
    pricing conversation timestamp interactive button edit message biz_opaque_callback_data
    new_quality_score correct_category alert_info decision reason value"""
NAMES = st.sampled_from(_NAMES.split())
_FIELDS = """
    messages account_update message_template_status_update template_category_update security
    account_alerts business_capability_update phone_number_quality_update user_preferences
    phone_number_name_update account_review_update"""
FIELDS = st.sampled_from(_FIELDS.split())
WORDS = st.sampled_from(["failed", "edit", "DISABLED_UPDATE", "ACCOUNT_RESTRICTION", "text"])
VALUES = st.recursive(
    JSON | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=15,
)


@given(FIELDS | st.text(), st.dictionaries(NAMES | st.text(), VALUES, max_size=6))
def test_any_change_is_read_into_what_a_database_keeps(field: str, value: Any) -> None:
    for event in told(field, value):
        assert keepable(event)
        assert not isinstance(event, DeliveryEvent) or event.provider_id


@given(st.data())
def test_a_recorded_callback_with_a_part_of_it_spoilt(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["statuses", "inbound", "account", "templates"]))
    whole = json.loads((DATA / f"{name}.json").read_bytes())
    place: Any = whole
    for _depth in range(data.draw(st.integers(1, 9))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list):
            break
        parent, place = place, place[key]
    else:
        parent[key] = data.draw(VALUES)
    if isinstance(place, dict) and place:
        place[data.draw(st.sampled_from(list(place)))] = data.draw(VALUES)
    body = json.dumps(whole).encode()
    assert all(keepable(e) for e in MetaCloud({}, None).parse_hook(body))  # type: ignore[arg-type]
