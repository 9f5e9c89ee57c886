"""The template edges against the shapes Meta documents."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from portal.core.driverkit import Capability, Misconfigured, Permanent, RateLimited, Retryable
from portal.infra.http import Http
from portal.messaging import template_texts
from portal.messaging.drivers.approved import TemplateDraft
from portal.messaging.drivers.meta_cloud import MetaCloud

CONFIG = {
    "access_token": "EAAx-very-secret-token",
    "phone_number_id": "123456789012345",
    "waba_id": "987654321098765",
}
BASE = "https://graph.facebook.com/v25.0"
EDGE = f"{BASE}/987654321098765/message_templates"


@pytest.fixture
def meta() -> MetaCloud:
    return MetaCloud(CONFIG, Http())


def row(name: str, language: str = "id", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "language": language,
        "status": "APPROVED",
        "category": "UTILITY",
        "id": f"9{len(name)}",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Halo {{1}} di sana"}],
        **more,
    }


def page(rows: list[Any], after: str = "", more: bool = False) -> dict[str, Any]:
    paging: dict[str, Any] = {"cursors": {"before": "B", "after": after}} if after else {}
    if more:
        paging["next"] = f"{EDGE}?after={after}"
    return {"data": rows, "paging": paging}


def refusal(code: int, subcode: int | None = None, status: int = 400) -> dict[str, Any]:
    error: dict[str, Any] = {
        "message": "Invalid parameter",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "Az8",
    }
    if subcode:
        error |= {"error_subcode": subcode, "error_user_title": "T", "error_user_msg": "because"}
    return {"json": {"error": error}, "status": status}


def asked(number: int) -> dict[str, list[str]]:
    return parse_qs(urlsplit(responses.calls[number].request.url or "").query)


def test_it_says_it_can() -> None:
    assert Capability.TEMPLATE_ADMIN in MetaCloud.capabilities


@responses.activate
def test_the_list_goes_through_all_pages(meta: MetaCloud) -> None:
    responses.get(EDGE, json=page([row("a"), row("b")], "C1", more=True))
    responses.get(EDGE, json=page([row("c"), {"odd": 1}, "odd"], "C2"))
    assert [one.name for one in meta.templates()] == ["a", "b", "c"]
    assert "after" not in asked(0) and asked(1)["after"] == ["C1"]
    assert {"quality_score", "rejected_reason", "parameter_format"} <= set(
        asked(0)["fields"][0].split(",")
    )
    assert responses.calls[0].request.headers["Authorization"] == "Bearer EAAx-very-secret-token"


@responses.activate
def test_what_a_template_says_about_itself(meta: MetaCloud) -> None:
    quality = {"score": "RED", "date": 1}
    first = row("a", "en-US", status="rejected", quality_score=quality, rejected_reason="SCAM")
    bare = {"name": "b", "language": "id", "rejected_reason": "NONE", "components": None}
    responses.get(EDGE, json=page([first, bare]))
    a, b = meta.templates()
    assert (a.language, a.status, a.quality, a.reason) == ("en_US", "REJECTED", "RED", "SCAM")
    assert (a.provider_id, a.category) == ("91", "UTILITY")
    assert (b.status, b.reason, b.quality, list(b.components)) == ("UNKNOWN", "", "", [])


@responses.activate
def test_a_stale_cursor_begins_the_list_again(meta: MetaCloud) -> None:
    responses.get(EDGE, json=page([row("a")], "OLD", more=True))
    responses.get(EDGE, **refusal(131059))
    responses.get(EDGE, json=page([row("a")], "NEW", more=True))
    responses.get(EDGE, json=page([row("b")]))
    assert [one.name for one in meta.templates()] == ["a", "b"]
    assert "after" not in asked(2) and asked(3)["after"] == ["NEW"]


@responses.activate
def test_a_cursor_that_stays_stale_or_goes_round_ends(meta: MetaCloud) -> None:
    for _again in range(2):
        responses.get(EDGE, json=page([row("a")], "OLD", more=True))
        responses.get(EDGE, **refusal(131059))
    with pytest.raises(Retryable) as caught:
        meta.templates()
    assert len(responses.calls) == 4 and "Coba lagi" in caught.value.sentence
    responses.reset()
    responses.get(EDGE, json=page([row("a")], "SAME", more=True))
    with pytest.raises(Retryable):
        meta.templates()
    assert len(responses.calls) < 8


@responses.activate
@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"data": {}}'])
def test_an_answer_that_is_no_list(meta: MetaCloud, body: str) -> None:
    responses.get(EDGE, body=body)
    with pytest.raises(Retryable):
        meta.templates()


@responses.activate
def test_creating_a_utility_template(meta: MetaCloud) -> None:
    responses.post(EDGE, json={"id": "77", "status": "PENDING", "category": "MARKETING"})
    made = meta.create_template(template_texts.draft("access_opened", "access_opened", "id"))
    assert (made.provider_id, made.status, made.category) == ("77", "PENDING", "MARKETING")
    sent = json.loads(responses.calls[0].request.body or "")
    assert sent == {
        "name": "access_opened",
        "language": "id",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            {
                "type": "BODY",
                "text": template_texts.BODIES["access_opened"]["id"],
                "example": {"body_text": [["Budi Santoso", "0812-8000-1111"]]},
            }
        ],
    }


@responses.activate
def test_creating_the_login_code(meta: MetaCloud) -> None:
    responses.post(EDGE, json={"id": "78", "status": "APPROVED", "category": "AUTHENTICATION"})
    made = meta.create_template(template_texts.draft("otp_code", "masuk", "id"))
    assert made.status == "APPROVED"
    assert json.loads(responses.calls[0].request.body or "") == {
        "name": "masuk",
        "language": "id",
        "category": "AUTHENTICATION",
        "message_send_ttl_seconds": 300,
        "components": [
            {"type": "BODY", "add_security_recommendation": True},
            {"type": "FOOTER", "code_expiration_minutes": 5},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
        ],
    }


@responses.activate
@pytest.mark.parametrize(
    ("answer", "error", "part"),
    [
        (refusal(100, 2388299), Permanent, "awal atau di akhir"),
        (refusal(100, 2388293), Permanent, "Terlalu banyak isian"),
        (refusal(100, 2388024), Permanent, "sudah ada"),
        (refusal(100, 2388023), Permanent, "terkunci"),
        (refusal(100, 999), Permanent, "tidak diterima"),
        (refusal(190, None, 401), Misconfigured, "Token"),
        (refusal(80008), RateLimited, "Batas panggilan"),
        (refusal(2, None, 503), Retryable, "tidak tersedia"),
    ],
)
def test_refusals(meta: MetaCloud, answer: Any, error: type[Exception], part: str) -> None:
    responses.post(EDGE, **answer)
    with pytest.raises(error) as caught:
        meta.create_template(TemplateDraft("x", "id", "UTILITY"))
    assert part in caught.value.sentence  # type: ignore[attr-defined]
    assert "EAAx" not in caught.value.detail  # type: ignore[attr-defined]


@responses.activate
def test_metas_own_explanation_is_kept(meta: MetaCloud) -> None:
    responses.post(EDGE, **refusal(100, 2388299))
    with pytest.raises(Permanent) as caught:
        meta.create_template(TemplateDraft("x", "id", "UTILITY"))
    assert caught.value.code == "2388299" and "because" in caught.value.detail


@responses.activate
def test_an_unreadable_answer_leaves_it_open(meta: MetaCloud) -> None:
    responses.post(EDGE, body="<html>")
    with pytest.raises(Retryable) as caught:
        meta.create_template(TemplateDraft("x", "id", "UTILITY"))
    assert caught.value.outcome_unknown


@responses.activate
def test_editing_and_deleting(meta: MetaCloud) -> None:
    responses.post(f"{BASE}/77", json={"success": True})
    responses.delete(EDGE, json={"success": True})
    draft = template_texts.draft("access_opened", "access_opened", "id")
    meta.edit_template("77", draft)
    assert list(json.loads(responses.calls[0].request.body or "")) == ["components"]
    meta.delete_template("buka & tutup", "77")
    meta.delete_template("lama")
    assert asked(1) == {"name": ["buka & tutup"], "hsm_id": ["77"]}
    assert asked(2) == {"name": ["lama"]}
    responses.replace(responses.POST, f"{BASE}/77", json={"success": False})
    with pytest.raises(Permanent):
        meta.edit_template("77", draft)


@responses.activate
def test_without_an_account_id_nothing_is_asked() -> None:
    meta = MetaCloud({**CONFIG, "waba_id": ""}, Http())
    with pytest.raises(Misconfigured, match="Business Account ID"):
        meta.templates()
    assert len(responses.calls) == 0
