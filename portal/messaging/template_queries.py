"""Approved texts for the screens: what carries each kind, what is wrong, what else there is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.messaging import (
    bubble,
    template_rows,
    template_rules,
    template_status,
    template_texts,
    templates,
    text_checks,
)
from portal.messaging.bubble import Line
from portal.messaging.drivers.approved import Brings
from portal.messaging.kinds import KINDS, Kind
from portal.messaging.models_inbound import MessageTemplate
from portal.messaging.template_status import Word


@dataclass(frozen=True)
class Shown:
    """One template: badges, what is wrong with it, how a phone shows it."""

    row: MessageTemplate
    status: Word
    quality: Word | None
    category: str
    reason: str
    problems: Sequence[str]
    bubble: Sequence[Line]

    @property
    def expensive(self) -> bool:
        """Filed under another category than the one asked for."""
        return bool(self.row.wanted_category) and self.row.wanted_category != self.row.category


@dataclass(frozen=True)
class Carried:
    """One kind and the template that carries it, if the provider has it."""

    kind: Kind
    name: str
    options: Sequence[str]
    shown: Shown | None
    problems: Sequence[str]

    @property
    def free(self) -> bool:
        """Staff's own words, which may go as plain text."""
        return self.kind.name in template_texts.FREE_KINDS

    @property
    def ready(self) -> bool:
        """Whether messages of the kind can leave now."""
        return self.shown is not None and template_status.sendable(self.shown.row.status)


@dataclass(frozen=True)
class Overview:
    """A channel's templates. `synced_at` None: nobody ever looked."""

    carried: Sequence[Carried] = ()
    others: Sequence[Shown] = ()
    language: str = ""
    synced_at: datetime | None = None
    trouble: str = ""
    count: int = field(default=0)

    @property
    def ready(self) -> int:
        return sum(one.ready and not one.free for one in self.carried)

    @property
    def faulty(self) -> Sequence[Carried]:
        """The kinds somebody should look at."""
        return [one for one in self.carried if one.problems]


def overview(channel_id: int) -> Overview:
    """Everything about a channel's templates; `trouble` when the channel itself will not do."""
    try:
        channel = templates.channel_of(channel_id)
    except Misconfigured as error:
        return Overview(trouble=error.sentence)
    rows = template_rows.rows_of(channel_id)
    names, code = template_rows.names(channel), template_rows.language(channel)
    carried = [
        _carried(kind, name, code, rows, templates.brings(channel, kind))
        for kind, name in names.items()
    ]
    used = {one.shown.row.id for one in carried if one.shown}
    return Overview(
        carried=carried,
        others=[shown(row) for row in rows if row.id not in used],
        language=code,
        synced_at=max((row.synced_at for row in rows), default=None),
        count=len(rows),
    )


def _carried(
    kind: str, name: str, code: str, rows: Sequence[MessageTemplate], brings: Brings
) -> Carried:
    options = sorted({row.name for row in rows if row.language == code} | ({name} - {""}))
    if not name:
        return Carried(KINDS[kind], name, options, None, [])
    named = [row for row in rows if row.name == name]
    row = next((one for one in named if one.language == code), None)
    if row is not None:
        made = shown(row, kind, brings)
        return Carried(KINDS[kind], name, options, made, made.problems)
    if named:
        there = ", ".join(one.language for one in named)
        why = _(
            "Ada di Meta, tetapi tidak dalam bahasa %(code)s (%(there)s).", code=code, there=there
        )
    elif rows:
        why = _("Belum ada di Meta.")
    else:
        why = _("Belum diketahui: sinkronkan dahulu.")
    return Carried(KINDS[kind], name, options, None, [why])


def shown(row: MessageTemplate, kind: str | None = None, brings: Brings | None = None) -> Shown:
    """One template; `kind` is what it carries, by default what it carried when last looked at,
    and `brings` what messages of that kind fill it with."""
    carries = row.kind if kind is None else kind
    wrong = template_status.problems(carries, row, brings) if carries in KINDS else []
    text = template_texts.shown(row.components, carries, row.language)
    return Shown(
        row=row,
        status=template_status.status_word(row.status),
        quality=template_status.QUALITIES.get(row.quality),
        category=template_status.category_label(row.category),
        reason=template_status.reason_words(row.reason),
        problems=[*wrong, *([row.problem] if row.problem else []), *_low(row)],
        bubble=bubble.lines(text),
    )


def _low(row: MessageTemplate) -> list[str]:
    word = template_status.QUALITIES.get(row.quality)
    return [f"{word.label}: {word.todo}"] if word and word.todo else []


def in_use(row: MessageTemplate) -> Shown:
    """One template with what its channel fills it with; as usual when that cannot be asked."""
    try:
        brings = templates.brings(templates.channel_of(row.channel_id), row.kind)
    except Misconfigured:
        brings = None
    return shown(row, brings=brings if row.kind else None)


def by_id(template_id: int) -> MessageTemplate | None:
    return db.session.get(MessageTemplate, template_id)


def state_of(channel_id: int, kind: str) -> str:
    """What is wrong with the template of a kind now; empty when it is well or unknown."""
    row = db.session.scalars(
        select(MessageTemplate).where(
            MessageTemplate.channel_id == channel_id, MessageTemplate.kind == kind
        )
    ).first()
    if row is None or not (wrong := in_use(row).problems):
        return ""
    return _("Template %(name)s: %(why)s", name=row.name, why=" ".join(wrong))


def body_of(row: MessageTemplate) -> str:
    """Its words, with the numbers of its parameters."""
    return template_rules.text_of(row.components)


def kind_label(row: MessageTemplate) -> str:
    """What it carries, as people call it; empty for none."""
    return str(KINDS[row.kind].label) if row.kind in KINDS else ""


def meanings(kind: str) -> list[str]:
    """What stands in {{1}}, {{2}} …, in order."""
    known = KINDS[kind].expects if kind in KINDS else ()
    return [str(text_checks.MEANING[name]) for name in known]
