"""Buttons, lists and header files of a message, made with a form beside its text.

A page's text field posts its words here and gets the form in a dialog; when the form is done
its text goes back into the field. Nothing is stored but uploaded files. Without scripts the
form is a page of its own, and its text is copied by hand.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user

from portal.extensions import db
from portal.media import service as media
from portal.messaging import (
    block_preview,
    builder,
    builder_form,
    queries,
    refill,
    text_checks,
    text_preview,
    texts,
)
from portal.messaging.block_preview import Preview
from portal.messaging.builder import Draft
from portal.messaging.kinds import KINDS, SAMPLES
from portal.web.access import may, staff
from portal.web.htmx import is_fragment, page

bp = Blueprint("builder", __name__, url_prefix="/admin/messages/builder")
PAGE, DIALOG, FIELDS = (f"messaging/builder{part}.html" for part in ("", "_dialog", "_fields"))
PREVIEW, RESULT, LOOK = (f"messaging/builder_{part}.html" for part in ("preview", "result", "look"))
_ID = re.compile(r"[a-z-]{1,20}")
# The file, and what a browser puts around it.
MOST_POSTED = media.MOST_BYTES + 1024 * 1024
MOST_TYPED = 100_000
# What a broadcast's text may hold.
BROADCAST = ("name", "customer_number")
# What is longer than any text is not looked at.
SHOWN = 2 * text_checks.LONGEST


@bp.before_request
def refuse_floods() -> None:
    """A page's text and a few fields are far from this; reading more would only cost time."""
    if sum(map(len, request.form.values())) > MOST_TYPED:
        abort(413)


@bp.url_value_preprocessor
def take_large_files(_endpoint: str | None, _values: Any) -> None:
    """Before anything reads the form: only this address takes more than the others."""
    if request.endpoint == "builder.upload":
        request.max_content_length = MOST_POSTED


@bp.get("")
@staff("messages")
def index() -> Any:
    """An empty form on a page of its own."""
    return _form(Draft())


@bp.post("")
@staff("messages")
def build() -> Any:
    """Open the form with a page's text, or do what the pressed key says (`op`)."""
    if "mode" not in request.form:
        return _open()
    draft, wanted = builder_form.read(request.form), request.form.get("op", "")
    if wanted == "apply":
        return _apply(draft)
    draft, focus = builder_form.changed(draft, wanted)
    return _form(draft, focus=focus)


@bp.post("/preview")
@staff("messages")
def preview() -> Any:
    """How the message looks so far."""
    draft = builder_form.read(request.form)
    if not is_fragment():
        return _form(draft)
    return render_template(PREVIEW, **_looks(draft), **_about())


@bp.post("/upload")
@staff("broadcast")
def upload() -> Any:
    """Take in the header file; its address stands in the form then."""
    draft, file = builder_form.read(request.form), request.files.get("file")
    if file is None or not file.filename:
        return _form(draft, errors={"file": _("Pilih berkas dahulu.")}, status=422)
    try:
        row = media.store(file.stream, file.filename, current_user.email)
        db.session.commit()
    except media.Refused as error:
        db.session.rollback()
        return _form(draft, errors={"file": error.sentence}, status=422)
    return _form(replace(draft, header=row.kind, header_media=media.url(row)))


@bp.post("/look")
@staff("messages")
def look() -> Any:
    """How the text of a page's field looks, typed by hand or made with the form."""
    text = _typed()
    if not is_fragment():
        return _form(builder.opened(text))
    shown = _preview(text) if text.strip() else None
    return render_template(LOOK, look=shown, again="message" in request.args)


def _typed() -> str:
    return request.form.get("body", "").replace("\r\n", "\n")


def _open() -> Any:
    text = _typed()
    message_id = request.args.get("message", type=int)
    found = queries.one(message_id) if message_id and not text.strip() else None
    if found is not None:
        text = refill.text_of(found[0])
    draft = builder.opened(text)
    if not is_fragment():
        return _form(draft)
    return render_template(DIALOG, **_context(draft))


def _apply(draft: Draft) -> Any:
    """The finished text for the page's field."""
    errors = builder_form.problems(draft)
    text = "" if errors else builder.written(builder.numbered(draft))
    if len(text) > text_checks.LONGEST:
        errors["text"] = _("Teks terlalu panjang: paling banyak %(limit)s huruf.", limit=4000)
    if errors:
        return _form(draft, errors=errors, status=422)
    into = _into()
    if not is_fragment():
        return page(PAGE, done=text, **_about())
    answer = make_response(render_template(RESULT, text=text, into=into))
    answer.headers["HX-Retarget"] = "#builder" if into else "#wa-form"
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def _form(
    draft: Draft, *, errors: Mapping[str, str] | None = None, focus: str = "", status: int = 200
) -> Any:
    context = _context(draft, errors or {}, focus)
    return make_response(render_template(FIELDS if is_fragment() else PAGE, **context), status)


def _context(
    draft: Draft, errors: Mapping[str, str] | None = None, focus: str = ""
) -> dict[str, Any]:
    return {
        "draft": draft,
        "errors": errors or {},
        "focus": focus,
        "lost": builder.lost(draft.source),
        "most": builder_form.MOST,
        "may_upload": may("broadcast"),
        "places": _places(),
        "meaning": text_checks.MEANING,
        **_looks(draft),
        **_about(),
    }


def _about() -> dict[str, Any]:
    """What of the page the form was opened from stays in its address."""
    wanted = {"into": _into(), "kind": _kind(), "message": request.args.get("message", type=int)}
    return {"about": {name: value for name, value in wanted.items() if value}}


def _looks(draft: Draft) -> dict[str, Any]:
    return {"preview": _preview(builder.written(builder.filled(draft)))}


def _preview(text: str) -> Preview:
    """With sample values in the places of a kind's text or of a broadcast."""
    kind, text = _kind(), text[:SHOWN]
    if request.args.get("message"):
        made = texts.compose(kind or "broadcast", "id", {}, body=text)
    elif kind:
        made = text_preview.composed(kind, "id", text, None)
    else:
        values = {name: str(SAMPLES[name]) for name in BROADCAST}
        said = text if texts.may_hold_block(text) else texts.substitute(text, values)
        made = texts.compose("broadcast", "id", {**values, "text": said})
    return block_preview.of(kind or "broadcast", made)


def _into() -> str:
    """The id of the page's field."""
    typed = request.args.get("into", "")
    return typed if _ID.fullmatch(typed) else ""


def _kind() -> str:
    typed = request.args.get("kind", "")
    return typed if typed in KINDS else ""


def _places() -> list[str]:
    """What may stand between double brackets there; in a message's own text nothing is filled
    but a pay link."""
    kind = _kind()
    if request.args.get("message"):
        return list(KINDS[kind].extras) if kind else []
    return text_checks.places(kind) if kind else list(BROADCAST)
