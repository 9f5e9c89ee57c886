"""What the provider says about an approved text by itself: status, quality, category, components.

Kept on the rows that are known; the staff is told by `template_news.py`. All of it may come
twice, late, or for a text we never listed.
"""

from collections.abc import Sequence

from sqlalchemy import select

from portal.extensions import db
from portal.infra import queue as bell
from portal.messaging import numbers, template_news, template_status
from portal.messaging.drivers.events import TemplateEvent
from portal.messaging.models_channels import Channel
from portal.messaging.models_inbound import MessageTemplate
from portal.messaging.receipts import Scope

# What an event calls a status, and what a list calls the same.
_SAME = {"REINSTATED": "APPROVED", "UNPAUSED": "APPROVED", "UNARCHIVED": "APPROVED"}


def take(source: str, scope: Scope, event: TemplateEvent) -> None:
    """Keep the new word; in the caller's transaction. A text we never listed is left alone."""
    for row in _known(scope, event):
        if event.about == "category":
            _category(row, event)
        elif event.about == "components":
            # Only the list has the whole text with its examples.
            bell.ring(bell.SYNC_TEMPLATES, row.channel_id)
        elif event.about in {"status", "quality"}:
            _word(row, event)


def _known(scope: Scope, event: TemplateEvent) -> Sequence[MessageTemplate]:
    """The rows it is about. An account's own id wins over a name two accounts may share."""
    language = event.language.replace("-", "_")
    rows = db.session.scalars(
        select(MessageTemplate)
        .join(Channel, Channel.id == MessageTemplate.channel_id)
        .where(
            Channel.driver == scope.driver,
            MessageTemplate.name == event.name,
            MessageTemplate.language == language,
        )
    ).all()
    if scope.channel_id is not None:
        rows = [row for row in rows if row.channel_id == scope.channel_id]
    if event.account:
        own = numbers.perhaps_of(event.account)
        rows = [row for row in rows if row.channel_id in own]
    if event.provider_id:
        rows = [row for row in rows if row.provider_id in {"", event.provider_id}]
    return rows


def _word(row: MessageTemplate, event: TemplateEvent) -> None:
    """A status or a quality."""
    value = _SAME.get(event.value, event.value)[:40]
    template_news.changed(row.channel_id, row, event.about, value)
    setattr(row, event.about, value[:20] if event.about == "quality" else value)
    if event.about == "status":
        row.reason = "" if event.reason == "NONE" else event.reason


def _category(row: MessageTemplate, event: TemplateEvent) -> None:
    """Changed already; or, when `before` is what it still is, announced for tomorrow: then
    `reason` says "announced"."""
    value = event.value[:40]
    if event.reason == "announced":
        if row.kind:
            more = "Ajukan keberatan di WhatsApp Manager bila tidak setuju."
            template_news.tell(row.channel_id, row.name, row.language, "announced", value, more)
        label = template_status.category_label(value)
        row.problem = f"Meta akan memasukkannya ke kategori {label}."
        return
    template_news.changed(row.channel_id, row, "category", value)
    row.category, row.problem = value, ""
