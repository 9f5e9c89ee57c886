"""The rows of approved texts: which there are, and making them say what the provider said.

Nothing here commits or calls anybody.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.infra.database import is_postgres
from portal.infra.timekeeping import wall
from portal.messaging import template_news, template_texts
from portal.messaging.channels import ActiveChannel
from portal.messaging.drivers.approved import RemoteTemplate
from portal.messaging.models_inbound import MessageTemplate
from portal.messaging.template_texts import FREE_KINDS, TEMPLATE_KINDS


def language(channel: ActiveChannel) -> str:
    """The language its templates are sent in, as the provider writes it."""
    return channel.driver().config["language"].replace("-", "_")


def names(channel: ActiveChannel) -> dict[str, str]:
    """kind -> the name of the template that carries it, empty for a kind that goes as text."""
    config = channel.driver().config
    return {kind: config.get(f"template_{kind}", "") for kind in (*TEMPLATE_KINDS, *FREE_KINDS)}


def rows_of(channel_id: int) -> Sequence[MessageTemplate]:
    """What is known of a channel's templates."""
    return db.session.scalars(
        select(MessageTemplate)
        .where(MessageTemplate.channel_id == channel_id)
        .order_by(MessageTemplate.name, MessageTemplate.language)
    ).all()


def kind_of(channel: ActiveChannel, name: str, code: str) -> str:
    """The kind a template carries there, the first one if several; empty when none."""
    if code != language(channel):
        return ""
    return next((kind for kind, used in names(channel).items() if used == name), "")


def wanted(kind: str) -> str:
    """The category we ask for; empty for a text that carries nothing."""
    return template_texts.category(kind) if kind else ""


def store(channel: ActiveChannel, found: Iterable[RemoteTemplate]) -> int:
    """Make the rows say what the provider said; returns how many it has no longer."""
    assert channel.id is not None
    before = {(row.name, row.language): row for row in rows_of(channel.id)}
    now_there = set()
    for remote in found:
        now_there.add((remote.name, remote.language))
        old = before.get((remote.name, remote.language))
        if old is not None:
            template_news.compare(channel.id, old, remote)
        # What was announced is over once the category is another one.
        same = old is not None and old.category == remote.category
        _upsert(channel, remote, old.problem if old is not None and same else "")
    gone = [row for key, row in before.items() if key not in now_there]
    for row in gone:
        if row.kind:
            template_news.tell(channel.id, row.name, row.language, "status", "DELETED")
    ids = [row.id for row in gone]
    db.session.execute(delete(MessageTemplate).where(MessageTemplate.id.in_(ids)))
    db.session.expire_all()
    return len(ids)


def _upsert(channel: ActiveChannel, remote: RemoteTemplate, problem: str) -> None:
    kind = kind_of(channel, remote.name, remote.language)
    values: dict[str, Any] = {
        "provider_id": remote.provider_id[:60],
        "kind": kind,
        "category": remote.category,
        "wanted_category": wanted(kind),
        "status": remote.status,
        "quality": remote.quality[:20],
        "parameter_format": remote.parameter_format[:20],
        "components": [dict(one) for one in remote.components],
        "reason": remote.reason,
        "problem": problem,
        "synced_at": wall(),
    }
    insert = (postgresql if is_postgres() else sqlite).insert(MessageTemplate)
    key = {"channel_id": channel.id, "name": remote.name[:512], "language": remote.language[:15]}
    db.session.execute(
        insert.values(**key, **values).on_conflict_do_update(index_elements=list(key), set_=values)
    )
