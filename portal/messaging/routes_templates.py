"""Settings > WhatsApp > templates: what the provider approved, asking for more, which is used."""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _

from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.messaging import (
    bubble,
    channels,
    template_queries,
    template_status,
    template_texts,
    templates,
)
from portal.messaging.models_inbound import MessageTemplate
from portal.messaging.template_queries import Overview
from portal.messaging.templates import Made
from portal.web.access import staff
from portal.web.htmx import go, is_fragment, page, toast

bp = Blueprint("whatsapp_templates", __name__, url_prefix="/admin/settings/whatsapp/templates")
LIST, CREATE, SHOW = (
    "messaging/templates.html",
    "messaging/templates_create.html",
    "messaging/templates_show.html",
)
LONGEST = 2000


@bp.get("")
@staff("settings")
def index() -> Any:
    """What carries each kind, and what else the account has."""
    return page(LIST, block="list", **_context(_wanted()))


@bp.post("/sync")
@staff("settings")
def sync() -> Any:
    """Read everything back from the provider now."""
    channel_id = _wanted()
    if channel_id is None:
        return _nowhere()
    try:
        done = templates.sync(channel_id)
    except DriverError as error:
        db.session.rollback()
        return _answer(channel_id, error.sentence, "bad")
    db.session.commit()
    return _answer(channel_id, _("%(count)s template dibaca.", count=done.count))


@bp.get("/create")
@staff("settings")
def confirm() -> Any:
    """What would be asked for, text by text; every one may be changed first."""
    return page(CREATE, **_draft(_wanted(), []))


@bp.post("/create")
@staff("settings")
def create() -> Any:
    """Ask for what is missing, and say what became of each."""
    channel_id = _wanted()
    if channel_id is None:
        return _nowhere()
    texts = {kind: text for kind in template_texts.BODIES if (text := _typed(f"text-{kind}"))}
    try:
        made = templates.create_all(channel_id, texts)
    except DriverError as error:
        db.session.rollback()
        return page(CREATE, block="form", status=422, **_draft(channel_id, [], error.sentence))
    db.session.commit()
    return page(CREATE, block="form", **_draft(channel_id, made))


@bp.post("/map")
@staff("settings")
def choose() -> Any:
    """Which template carries which kind."""
    channel_id = _wanted()
    if channel_id is None:
        return _nowhere()
    # Only staff's own words may go without a template.
    wanted = {
        kind: name
        for kind in (*template_texts.TEMPLATE_KINDS, *template_texts.FREE_KINDS)
        if (name := request.form.get(f"use-{kind}", "").strip()) or kind in _emptied()
    }
    try:
        errors = templates.choose(channel_id, wanted)
    except DriverError as error:
        db.session.rollback()
        return _answer(channel_id, error.sentence, "bad")
    if errors:
        db.session.rollback()
        return page(LIST, block="list", status=422, **_context(channel_id, errors=errors))
    db.session.commit()
    return _answer(channel_id, _("Tersimpan."))


@bp.get("/<int:template_id>")
@staff("settings")
def show(template_id: int) -> Any:
    """One template: as a phone shows it, what is wrong, another text."""
    return page(SHOW, **_one(_row(template_id)))


@bp.post("/<int:template_id>")
@staff("settings")
def rewrite(template_id: int) -> Any:
    """Send another text for review."""
    row, text = _row(template_id), _typed("text")
    channel_id = row.channel_id
    try:
        wrong = templates.rewrite(row, text)
    except DriverError as error:
        db.session.rollback()
        wrong = [error.sentence]
    if wrong:
        about = _one(_row(template_id), text=text, errors=wrong)
        return page(SHOW, block="text", status=422, **about)
    db.session.commit()
    return go(url_for(".index", channel=channel_id), _("Teks baru dikirim untuk ditinjau Meta."))


@bp.post("/<int:template_id>/remove")
@staff("settings")
def remove(template_id: int) -> Any:
    """Delete one at the provider that carries nothing."""
    row = _row(template_id)
    channel_id = row.channel_id
    target = url_for(".index", channel=channel_id)
    try:
        templates.remove(row)
    except DriverError as error:
        db.session.rollback()
        return go(target, error.sentence, "bad")
    db.session.commit()
    return go(target, _("Template dihapus di Meta."))


def _emptied() -> set[str]:
    return {kind for kind in template_texts.FREE_KINDS if f"use-{kind}" in request.form}


def _typed(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n").strip()[:LONGEST]


def _wanted() -> int | None:
    """The channel of the address or form, else the first that has templates. 404 for another."""
    known = templates.channel_ids()
    given = request.values.get("channel", "")
    if not given:
        return known[0] if known else None
    if not (given.isascii() and given.isdigit()) or int(given) not in known:
        abort(404)
    return int(given)


def _row(template_id: int) -> MessageTemplate:
    return template_queries.by_id(template_id) or abort(404)


def _nowhere() -> Any:
    return go(url_for(".index"), _("Simpan dahulu saluran Meta Cloud API."), "bad")


def _answer(channel_id: int, words: str, level: str = "ok") -> Any:
    """The list again with a toast; without HTMX the page."""
    if is_fragment():
        return toast(page(LIST, block="list", **_context(channel_id)), words, level)
    return go(url_for(".index", channel=channel_id), words, level)


def _context(channel_id: int | None, **more: Any) -> dict[str, Any]:
    found = template_queries.overview(channel_id) if channel_id is not None else Overview()
    names = channels.labels()
    return {
        "channel_id": channel_id,
        "choices": [(one, names.get(one, "")) for one in templates.channel_ids()],
        "found": found,
        "total": len(template_texts.TEMPLATE_KINDS),
        "errors": {},
        **more,
    }


def _draft(channel_id: int | None, made: list[Made], problem: str = "") -> dict[str, Any]:
    """The page of what is asked for; the texts just typed stay."""
    about = _context(channel_id)
    found: Overview = about["found"]
    outcomes = {one.kind: one for one in made}
    drafts = []
    for one in found.carried:
        kind = one.kind.name
        if kind not in template_texts.TEMPLATE_KINDS:
            continue
        if one.shown or (kind in outcomes and outcomes[kind].outcome == "there"):
            continue
        known = bool(template_texts.language_of(found.language))
        usual = template_texts.body(kind, found.language) if known else ""
        text = _typed(f"text-{kind}") or usual
        drafts.append((one, text, bubble.lines(template_texts.with_examples(kind, text))))
    return about | {
        "made": made,
        "drafts": drafts,
        "problem": problem,
        "words": template_status.status_word,
        "labels": {one.kind.name: one.kind.label for one in found.carried},
        "written": set(template_texts.BODIES),
    }


def _one(row: MessageTemplate, **more: Any) -> dict[str, Any]:
    body = template_queries.body_of(row)
    return {
        "one": template_queries.in_use(row),
        "label": template_queries.kind_label(row),
        "text": body,
        "errors": [],
        "rewritable": templates.rewritable(row),
        "expects": template_queries.meanings(row.kind),
        **more,
    }
