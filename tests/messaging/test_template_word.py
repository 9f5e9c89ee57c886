"""What Meta says by itself about a template: kept, told once, not believed about others."""

from portal.extensions import db
from portal.infra import queue
from portal.messaging import template_status, template_word
from portal.messaging.drivers.events import TemplateEvent
from portal.messaging.models_inbound import MessageTemplate
from portal.messaging.receipts import Scope
from tests import factories
from tests.messaging.test_templates import (
    approved,
    channel,
    follower,
    graph,
    row,
    rung,
    told,
)

__all__ = ["channel", "follower", "graph"]

META = Scope("meta")


def test_a_callback_changes_the_row_and_tells_once(channel: int, follower: None) -> None:
    approved(channel)
    paused = TemplateEvent("status", "overdue_notice", "id", "PAUSED", reason="NONE")
    for _again in range(2):
        template_word.take("whatsapp.meta", META, paused)
        db.session.commit()
    assert row("overdue_notice").status == "PAUSED"
    assert len(told()) == 1
    back = TemplateEvent("status", "overdue_notice", "id", "REINSTATED")
    template_word.take("whatsapp.meta", META, back)
    db.session.commit()
    assert row("overdue_notice").status == "APPROVED"
    assert len(told()) == 1


def test_another_category_now_or_tomorrow(channel: int, follower: None) -> None:
    approved(channel)
    tomorrow = TemplateEvent(
        "category", "payment_reminder", "id", "MARKETING", "UTILITY", reason="announced"
    )
    template_word.take("whatsapp.meta", META, tomorrow)
    db.session.commit()
    announced = row("payment_reminder")
    assert announced.category == "UTILITY"
    assert "akan memasukkannya" in announced.problem
    assert "akan masuk kategori pemasaran. Ajukan keberatan" in told()[0]
    done = TemplateEvent("category", "payment_reminder", "id", "MARKETING", "UTILITY")
    template_word.take("whatsapp.meta", META, done)
    db.session.commit()
    moved = row("payment_reminder")
    assert (moved.category, moved.problem) == ("MARKETING", "")
    assert "lebih mahal" in " ".join(template_status.problems("payment_reminder", moved))
    assert len(told()) == 2


def test_a_callback_about_another_account_or_an_unknown_text_is_left_alone(
    channel: int, follower: None
) -> None:
    approved(channel)
    for name, provider_id in (("overdue_notice", "4711"), ("nobody", "")):
        event = TemplateEvent("status", name, "id", "DISABLED", provider_id=provider_id)
        template_word.take("whatsapp.meta", META, event)
    elsewhere = TemplateEvent("status", "overdue_notice", "id", "DISABLED")
    template_word.take("whatsapp.other.9", Scope("other", 9), elsewhere)
    db.session.commit()
    assert {one.status for one in factories.every(MessageTemplate)} == {"APPROVED"}
    assert told() == []


def test_other_words_are_asked_for_again(channel: int) -> None:
    approved(channel)
    template_word.take(
        "whatsapp.meta", META, TemplateEvent("components", "overdue_notice", "id", "UPDATED")
    )
    assert rung() == [(queue.SYNC_TEMPLATES, channel)]
    db.session.rollback()
