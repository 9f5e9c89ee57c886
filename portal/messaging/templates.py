"""Approved texts of a channel: asked for, read back, chosen per kind. The verbs; reads for the
screens are in `template_queries.py`.

The provider is called with no transaction open; what it said is written afterwards. Nothing
here commits.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from flask_babel import gettext as _
from sqlalchemy import delete, select

from portal.core.driverkit import Capability, DriverError, Misconfigured, Permanent
from portal.extensions import db
from portal.infra import audit
from portal.infra import queue as bell
from portal.infra.database import end_read
from portal.infra.timekeeping import wall
from portal.messaging import (
    channel_config,
    channels,
    template_rows,
    template_rules,
    template_texts,
)
from portal.messaging.channels import ActiveChannel
from portal.messaging.drivers.approved import (
    Brings,
    RemoteTemplate,
    TemplateAdmin,
    TemplateDraft,
    TemplateExists,
)
from portal.messaging.kinds import KINDS
from portal.messaging.models_channels import Channel
from portal.messaging.models_inbound import MessageTemplate
from portal.messaging.registry import REGISTRY
from portal.messaging.template_texts import TEMPLATE_KINDS

log = logging.getLogger(__name__)

REWRITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})
"""Meta takes another text only for these."""


@dataclass(frozen=True)
class Made:
    """What became of asking for one kind's template. `outcome`: there, made, refused, open (an
    answer was lost), skipped."""

    kind: str
    name: str
    outcome: str
    sentence: str = ""
    status: str = ""


@dataclass(frozen=True)
class Synced:
    """How many templates the provider has, and how many stored ones are gone there."""

    count: int
    gone: int


def able(kind: str) -> bool:
    """Whether a driver has approved texts to manage."""
    return kind in REGISTRY and Capability.TEMPLATE_ADMIN in REGISTRY.get(kind).capabilities


def channel_ids() -> list[int]:
    """The stored channels whose templates can be managed, those in force first."""
    rows = db.session.execute(
        select(Channel.id, Channel.driver).order_by(
            Channel.enabled.desc(), Channel.priority, Channel.id
        )
    )
    return [row.id for row in rows if able(row.driver)]


def channel_of(channel_id: int) -> ActiveChannel:
    """A stored channel that can be asked. Raises Misconfigured with what is missing."""
    channel = channels.by_key(str(channel_id))
    if channel is None:
        raise Misconfigured(_("Saluran tidak ditemukan."))
    if channel.problem:
        raise Misconfigured(channel.problem)
    if not able(channel.kind):
        raise Misconfigured(_("Saluran ini tidak memakai template."))
    errors = REGISTRY.get(channel.kind).check_config(channel.config)
    if errors:
        raise Misconfigured(next(iter(errors.values())))
    return channel


def brings(channel: ActiveChannel, kind: str) -> Brings:
    """What its messages of that kind fill a template with; nothing for an unknown kind."""
    return _admin(channel).brings(kind) if kind in KINDS else Brings(())


def sync(channel_id: int) -> Synced:
    """Read all templates of a channel back. Raises DriverError."""
    channel = channel_of(channel_id)
    end_read()
    found = _admin(channel).templates()
    return Synced(len(found), template_rows.store(channel, found))


def look_again(channel_id: int) -> None:
    """The same without a person waiting: a provider that does not answer is asked tomorrow."""
    try:
        sync(channel_id)
    except DriverError as error:
        log.warning("templates of channel %s not read: %s", channel_id, error.sentence)


def create_all(channel_id: int, texts: Mapping[str, str] | None = None) -> list[Made]:
    """Ask for every template a kind needs and the channel does not have yet, under the names it
    sends them by; `texts` replace ours by kind. Audited.

    Raises DriverError when even the list cannot be read; what goes wrong later is told kind by
    kind, and the first answer that concerns them all ends the asking.
    """
    channel = channel_of(channel_id)
    wanted, code = template_rows.names(channel), template_rows.language(channel)
    end_read()
    admin = _admin(channel)
    known = {(one.name, one.language): one for one in admin.templates()}
    made: list[Made] = []
    for kind in TEMPLATE_KINDS:
        name = wanted[kind]
        if any(one.outcome in {"open", "stopped"} for one in made):
            made.append(Made(kind, name, "skipped", _("Tidak dicoba lagi; ulangi nanti.")))
        elif there := known.get((name, code)):
            made.append(Made(kind, name, "there", status=there.status))
        else:
            made.append(_create(admin, known, kind, name, code, (texts or {}).get(kind, "")))
    template_rows.store(channel, known.values())
    said = {one.name: one.outcome for one in made}
    audit.record("whatsapp.templates", f"channel:{channel_id}", after=said)
    return made


def _create(
    admin: TemplateAdmin,
    known: dict[tuple[str, str], RemoteTemplate],
    kind: str,
    name: str,
    code: str,
    text: str,
) -> Made:
    """Ask for one; what was made is added to `known`."""
    try:
        named = admin.brings(kind).named
        draft = template_texts.draft(kind, name, code, text, named=named)
    except KeyError:
        why = _("Belum ada teks Loket dalam bahasa %(code)s.", code=code)
        return Made(kind, name, "refused", why)
    wrong = text_problems(kind, text) if text and kind in template_texts.BODIES else []
    wrong = wrong or template_rules.problems(name, draft.category, draft.components)
    if wrong:
        return Made(kind, name, "refused", " ".join(wrong))
    try:
        created = admin.create_template(draft)
    except TemplateExists:
        return Made(kind, name, "there", _("Sinkronkan untuk melihat statusnya."))
    except Permanent as error:
        return Made(kind, name, "refused", _told(error))
    except DriverError as error:
        return Made(kind, name, "open" if error.outcome_unknown else "stopped", error.sentence)
    known[name, code] = created
    return Made(kind, name, "made", status=created.status)


def _told(error: DriverError) -> str:
    """Our sentence, and Meta's words where ours says little."""
    return f"{error.sentence} {error.detail}" if error.code == "100" else error.sentence


def choose(channel_id: int, wanted: Mapping[str, str]) -> dict[str, str]:
    """Let these templates carry these kinds (kind -> name); returns errors by kind and stores
    nothing then. Raises Misconfigured for a channel that will not do."""
    channel = channel_of(channel_id)
    stored = channel_config.stored_values(channel.kind, channel_id)
    known = template_rows.names(channel)
    fields = {f"template_{kind}": name for kind, name in wanted.items() if kind in known}
    usual = {field.name: field.default for field in REGISTRY.get(channel.kind).fields}
    for field, name in fields.items():
        stored[field] = "" if name == usual[field] else name
    errors = channel_config.save(channel.kind, stored, channel_id)
    if errors:
        return {field.removeprefix("template_"): error for field, error in errors.items()}
    db.session.expire_all()
    changed = channel_of(channel_id)
    for row in template_rows.rows_of(channel_id):
        row.kind = template_rows.kind_of(changed, row.name, row.language)
        row.wanted_category = template_rows.wanted(row.kind)
    return {}


def rewrite(row: MessageTemplate, text: str) -> list[str]:
    """Send another text for review; returns what is wrong with it and asks nothing then.
    Raises DriverError. Audited."""
    kind = row.kind
    if not rewritable(row):
        return [_("Template ini tidak dapat diubah dari sini.")]
    text = text.replace("\r\n", "\n").strip()
    wrong = text_problems(kind, text)
    if not wrong:
        _send_again(row, template_texts.draft(kind, row.name, row.language, text))
    return wrong


def remove(row: MessageTemplate) -> None:
    """Delete a template that carries nothing, at the provider too. Audited.

    Raises DriverError; Misconfigured while it is used.
    """
    channel, code = channel_of(row.channel_id), row.language
    if template_rows.kind_of(channel, row.name, code):
        raise Misconfigured(_("Template ini sedang dipakai. Pilih yang lain dahulu."))
    row_id, name, provider_id = row.id, row.name, row.provider_id
    end_read()
    _admin(channel).delete_template(name, provider_id)
    db.session.execute(delete(MessageTemplate).where(MessageTemplate.id == row_id))
    before = {"name": name, "language": code}
    audit.record("whatsapp.template", f"channel:{channel.id}", before=before)


def rewritable(row: MessageTemplate) -> bool:
    """Whether another text may be asked for from here."""
    ours = row.kind in template_texts.BODIES and row.parameter_format == "POSITIONAL"
    return ours and row.status in REWRITABLE


def text_problems(kind: str, text: str) -> list[str]:
    """What speaks against a text somebody wrote for a kind."""
    wrong = template_rules.body_problems(text)
    count = len(template_texts.examples(kind))
    if len(template_rules.parameters(text)) != count:
        wrong.append(_("Pesan ini mengirim %(count)s isian; pakai semuanya.", count=count))
    return wrong


def _send_again(row: MessageTemplate, draft: TemplateDraft) -> None:
    channel, row_id, provider_id = channel_of(row.channel_id), row.id, row.provider_id
    end_read()
    _admin(channel).edit_template(provider_id, draft)
    again = db.session.get(MessageTemplate, row_id)
    if again is not None:
        again.components = [dict(one) for one in draft.components]
        again.status, again.reason, again.synced_at = "PENDING", "", wall()
    audit.record("whatsapp.template", f"channel:{channel.id}", after={"name": draft.name})


def request_syncs() -> None:
    """Once a day: ask for every channel's list. Rings after the commit."""
    for channel_id in channel_ids():
        bell.ring(bell.SYNC_TEMPLATES, channel_id)


def _admin(channel: ActiveChannel) -> TemplateAdmin:
    return cast(TemplateAdmin, channel.driver())
