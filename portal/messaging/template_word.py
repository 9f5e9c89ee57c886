"""What the provider says about an approved text by itself: status, quality, category."""

from typing import Any

from sqlalchemy import select, update

from portal.extensions import db
from portal.infra.database import updated
from portal.messaging.drivers.events import TemplateEvent
from portal.messaging.models_inbound import MessageTemplate
from portal.messaging.receipts import Scope

_COLUMN = {"status": "status", "quality": "quality", "category": "category"}


def take(source: str, scope: Scope, event: TemplateEvent) -> None:
    """Keep the new word; in the caller's transaction. A text we never listed is left alone."""
    column = _COLUMN.get(event.about)
    if column is None:
        return
    values: dict[str, Any] = {column: event.value[:40]}
    if event.about == "status":
        values["reason"] = event.reason
    named = select(MessageTemplate.id).where(
        MessageTemplate.name == event.name, MessageTemplate.language == event.language
    )
    ids = list(db.session.scalars(named))
    if ids:
        updated(update(MessageTemplate).where(MessageTemplate.id.in_(ids)).values(**values))
