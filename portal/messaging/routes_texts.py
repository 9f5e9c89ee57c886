"""The words of every message: see them, change them, look at them as a phone would."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _

from portal.accounts.names import names_of
from portal.core.driverkit import Capability
from portal.extensions import db
from portal.messaging import (
    block_preview,
    channels,
    text_checks,
    text_preview,
    text_store,
    text_values,
)
from portal.messaging.kinds import KINDS
from portal.messaging.models import MessageText
from portal.messaging.text_checks import Limit
from portal.web.access import staff
from portal.web.htmx import go, page

bp = Blueprint("texts", __name__, url_prefix="/admin/messages/texts")
EDIT = "messaging/texts_edit.html"
# More than any text that may be saved; what is longer is refused unseen.
SHOWN = 2 * text_checks.LONGEST


@bp.get("")
@staff("messages")
def index() -> Any:
    """Every kind in both languages."""
    newest = text_store.newest()
    found = []
    for name, kind in KINDS.items():
        rows = []
        for language in text_store.LANGUAGES:
            row = newest.get((name, language))
            rows.append((language, row, text_store.text_of(row, name, language)))
        shown = block_preview.bubble(text_preview.composed(name, "id", rows[0][2], None))
        found.append((kind, rows, shown))
    return page("messaging/texts.html", found=found, approved=_approving("otp_code"))


@bp.get("/<kind>/<language>")
@staff("messages")
def edit(kind: str, language: str) -> Any:
    """One text with its preview; `?version=` shows an older one without bringing it back."""
    _known(kind, language)
    number = request.args.get("version", type=int)
    if number is None:
        return _editor(kind, language, text_preview.in_force(kind, language))
    row = _version(kind, language, number)
    return _editor(kind, language, text_store.text_of(row, kind, language), viewed=row)


@bp.post("/<kind>/<language>/preview")
@staff("messages")
def preview(kind: str, language: str) -> Any:
    """The bubble of what is being typed; the whole page without JavaScript. Stores nothing."""
    _known(kind, language)
    return _editor(kind, language, request.form.get("body", ""), block="preview")


@bp.post("/<kind>/<language>")
@staff("settings")
def save(kind: str, language: str) -> Any:
    """Store a new version: what was typed, an older one (`restore`) or the shipped (`reset`)."""
    _known(kind, language)
    typed, cleaned = _wanted(kind, language)
    errors, doubts = [], []
    if not request.form.get("reset"):
        length = text_preview.longest(kind, language, cleaned)
        errors = text_checks.problems(kind, cleaned, length, _limits())
        # What was in force once was meant then.
        meant = request.form.get("sure") or request.form.get("restore")
        doubts = [] if meant else text_checks.doubts(cleaned)
    if errors or doubts:
        return _editor(kind, language, typed, errors=errors, doubts=doubts, status=422)
    try:
        seen = request.form.get("seen", type=int)
        changed = text_store.save(kind, language, cleaned, seen)
    except text_store.Outdated:
        errors = [_("Sementara itu ada yang menyimpan versi lain. Simpan lagi untuk menggantinya.")]
        return _editor(kind, language, typed, errors=errors, status=422)
    db.session.commit()
    return go(
        url_for(".edit", kind=kind, language=language),
        _("Teks baru berlaku mulai pesan berikutnya.")
        if changed
        else _("Teks ini sudah berlaku; tidak ada yang berubah."),
    )


def _known(kind: str, language: str) -> None:
    if kind not in KINDS or language not in text_store.LANGUAGES:
        abort(404)


def _version(kind: str, language: str, number: int) -> MessageText:
    row = text_store.version(kind, language, number)
    return row or abort(404)


def _wanted(kind: str, language: str) -> tuple[str, str]:
    """What shall be in force: as it was typed, and as it would be stored."""
    default = text_store.default_text(kind, language)
    if request.form.get("reset"):
        return default, default
    number = request.form.get("restore", type=int)
    if number is not None:
        body = text_store.text_of(_version(kind, language, number), kind, language)
        return body, body
    typed = request.form.get("body", "")
    return typed, text_values.paragraphs(typed)


def _editor(
    kind: str,
    language: str,
    body: str,
    *,
    errors: Sequence[str] = (),
    doubts: Sequence[str] = (),
    viewed: MessageText | None = None,
    status: int = 200,
    block: str | None = None,
) -> Any:
    history = text_store.history(kind, language)
    return page(
        EDIT,
        block=block,
        status=status,
        kind=KINDS[kind],
        lang=language,
        languages=text_store.LANGUAGES,
        body=body,
        errors=errors,
        doubts=doubts,
        viewed=viewed,
        places=text_checks.places(kind),
        meaning=text_checks.MEANING,
        needed=text_checks.NEEDED.get(kind, ()),
        history=history,
        names=names_of(row.created_by for row in history),
        approved=_approving(kind),
        expects=KINDS[kind].expects,
        **_bubble(kind, language, body[:SHOWN]),
    )


def _bubble(kind: str, language: str, body: str) -> dict[str, Any]:
    """What the preview shows, and what is wrong with the text so far."""
    who = (request.form.get("pick") or request.values.get("who", "")).strip()[:80]
    people = text_preview.matching(who)
    customer = people[0] if people else None
    made = text_preview.composed(kind, language, text_values.paragraphs(body), customer)
    length = text_preview.longest(kind, language, body)
    limits = _limits()
    return {
        "who": who,
        "customer": customer,
        "others": people[1:],
        "look": block_preview.of(kind, made),
        "length": len(made.text),
        "longest": length,
        "limit": min([text_checks.LONGEST, *(limit.text_limit for limit in limits)]),
        "notes": [*text_checks.problems(kind, body, length, limits), *text_checks.doubts(body)],
    }


def _limits() -> list[Limit]:
    found = []
    for channel in channels.in_order():
        if not channel.problem:
            driver = channel.driver()
            templates = Capability.TEMPLATE in driver.capabilities and channel.kind != "console"
            found.append(Limit(channel.label, driver.text_limit, templates))
    return found


def _approving(kind: str) -> list[str]:
    """The channels that send their approved template instead of this text."""
    return [limit.label for limit in _limits() if text_checks.approved(kind, limit)]
