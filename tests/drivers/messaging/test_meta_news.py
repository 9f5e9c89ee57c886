"""Meta's callbacks about templates, the account and the number."""

from typing import Any

import pytest

from portal.messaging.drivers.events import AccountEvent, TemplateEvent
from tests.drivers.messaging.meta import recorded, told

ID = "1689556908129832"
ACCOUNT = "987654321098765"


def template(about: str, value: str, **more: str) -> TemplateEvent:
    more = {"provider_id": ID, "account": ACCOUNT} | more
    return TemplateEvent(about, "payment_reminder", "en_US", value, **more)


def test_word_about_templates() -> None:
    approved, rejected, paused, *rest = recorded("templates.json")
    assert approved == template("status", "APPROVED", reason="NONE")
    assert isinstance(rejected, TemplateEvent)
    assert (rejected.value, rejected.reason) == (
        "REJECTED",
        "INVALID_FORMAT Parameters are adjacent. Add words between them.",
    )
    assert isinstance(paused, TemplateEvent)
    assert (paused.value, paused.provider_id) == ("PAUSED", ID)
    assert "Paused for 3 hours." in paused.reason
    assert rest == [
        template("quality", "YELLOW", before="GREEN"),
        template("category", "MARKETING", before="UTILITY"),
        template("category", "MARKETING", before="UTILITY", reason="announced"),
        template("components", "UPDATED"),
    ]


def test_the_bare_change_of_metas_test_button() -> None:
    (event,) = recorded("test_button.json")
    assert event == TemplateEvent(
        "status", "my_message_template", "pt_BR", "APPROVED", provider_id="12345678"
    )


def accounts() -> list[AccountEvent]:
    return [event for event in recorded("account.json") if isinstance(event, AccountEvent)]


@pytest.mark.parametrize(
    ("index", "name", "words", "blocked"),
    [
        (0, "account_update.ACCOUNT_VIOLATION", "(scam)", False),
        (
            1,
            "account_update.ACCOUNT_RESTRICTION",
            "mengirim template ke pelanggan sampai 22-11-2025",
            True,
        ),
        (2, "account_update.DISABLED_UPDATE", "diblokir Meta", True),
        (3, "account_update.DISABLED_UPDATE", "akan diblokir Meta pada November 28, 2026", False),
        (4, "account_update.DISABLED_UPDATE", "dicabut", False),
        (5, "account_update.PARTNER_REMOVED", "dilepas", True),
        (6, "account_update.SOMETHING_NEW", "SOMETHING_NEW", False),
        (7, "account_update.PARTNER_APP_UNINSTALLED", "dicabut", True),
        (
            8,
            "phone_number_quality_update.THROUGHPUT_UPGRADE",
            "Batas sekarang: tanpa batas.",
            False,
        ),
        (9, "phone_number_quality_update.ONBOARDING", "2.000 pelanggan", False),
        (10, "phone_number_name_update.REJECTED", "Mitra Net ditolak Meta", False),
        (11, "account_alerts.OBA_APPROVED", "Sample alert description", False),
        (12, "account_review_update.REJECTED", "ditolak Meta", True),
        (13, "business_capability_update", "tanpa batas, paling banyak 25 nomor", False),
        (14, "business_capability_update", "2.000 pelanggan per 24 jam, paling banyak 10", False),
        (15, "security.PIN_RESET_REQUEST", "PIN dua langkah", False),
    ],
)
def test_word_about_the_account(index: int, name: str, words: str, blocked: bool) -> None:
    assert len(accounts()) == 16
    event = accounts()[index]
    assert (event.name, event.blocked) == (name, blocked)
    assert words in event.sentence
    assert "6281280001111" not in event.sentence
    assert "{" not in event.sentence


EVENTS = """ACCOUNT_DELETED ACCOUNT_VIOLATION ACCOUNT_RESTRICTION DISABLED_UPDATE PARTNER_ADDED
    PARTNER_REMOVED PARTNER_APP_INSTALLED PARTNER_APP_UNINSTALLED AD_ACCOUNT_LINKED
    PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE MM_LITE_TERMS_SIGNED VERIFIED_ACCOUNT
    AUTH_INTL_PRICE_ELIGIBILITY_UPDATE BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE
    VOLUME_BASED_PRICING_TIER_UPDATE ACCOUNT_OFFBOARDED ACCOUNT_RECONNECTED"""


@pytest.mark.parametrize(
    "event",
    EVENTS.split(),
)
def test_every_account_event_has_its_sentence(event: str) -> None:
    (found,) = told("account_update", {"event": event})
    assert isinstance(found, AccountEvent)
    assert event not in found.sentence
    assert found.sentence.endswith(".")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_update", {}),
        ("phone_number_quality_update", {"event": "FLAGGED", "current_limit": "TIER_250"}),
        ("phone_number_quality_update", {}),
        ("phone_number_name_update", {"decision": "APPROVED", "requested_verified_name": "A"}),
        ("account_alerts", {"alert_type": "X", "alert_severity": "INFORMATIONAL"}),
        ("account_review_update", {"decision": "odd"}),
        ("business_capability_update", {"max_daily_conversations_per_business": "TIER_10K"}),
        ("security", {"event": "PIN_CHANGED"}),
    ],
)
def test_other_words_of_the_same_fields(field: str, value: Any) -> None:
    (event,) = told(field, value)
    assert isinstance(event, AccountEvent)
    assert event.name.startswith(field)
