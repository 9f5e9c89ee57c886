"""The words of every message: see them, change them, look at them as a phone would."""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal.core.driverkit import Capability
from portal.customers.models import Customer
from portal.extensions import db
from portal.messaging import bubble, channels, text_checks, text_store, texts
from portal.messaging.kinds import KINDS, SAMPLES
from portal.messaging.models import MessageText
from portal.messaging.text_checks import Limit
from portal.web.access import staff
from portal.web.htmx import go, page

bp = Blueprint("texts", __name__, url_prefix="/admin/messages/texts")
EDIT = "messaging/texts_edit.html"


@bp.get("")
@staff("messages")
def index() -> Any:
    """Every kind in both languages."""
    found = [
        (
            kind,
            [(language, text_store.current(name, language)) for language in text_store.LANGUAGES],
        )
        for name, kind in KINDS.items()
    ]
    changed = {
        (row.kind, row.language)
        for row in db.session.execute(select(MessageText.kind, MessageText.language))
    }
    return page("messaging/texts.html", found=found, changed=changed, lines=bubble.lines)


@bp.get("/<kind>/<language>")
@staff("messages")
def edit(kind: str, language: str) -> Any:
    """One text with its preview; `?version=` shows an older one without bringing it back."""
    _known(kind, language)
    body = text_store.current(kind, language)
    version = request.args.get("version", type=int)
    if version is not None:
        older = [row for row in text_store.history(kind, language) if row.version == version]
        if not older:
            abort(404)
        body = older[0].body or text_store.default_text(kind, language)
    return _editor(kind, language, body)


@bp.post("/<kind>/<language>/preview")
@staff("messages")
def preview(kind: str, language: str) -> Any:
    """The bubble of what is being typed; stores nothing."""
    _known(kind, language)
    return _editor(kind, language, request.form.get("body", ""), block="preview")


@bp.post("/<kind>/<language>")
@staff("settings")
def save(kind: str, language: str) -> Any:
    """Store a new version; with `reset` the shipped text is in force again."""
    _known(kind, language)
    if request.form.get("look"):  # the preview button of a browser without JavaScript
        return _editor(kind, language, request.form.get("body", ""))
    here = url_for(".edit", kind=kind, language=language)
    body = "" if request.form.get("reset") else request.form.get("body", "")
    errors = [] if request.form.get("reset") else text_checks.problems(kind, body)
    if errors:
        return _editor(kind, language, body, errors=errors, status=422)
    if not text_store.save(kind, language, body):
        return go(here, _("Teks ini sudah berlaku; tidak ada yang berubah."))
    db.session.commit()
    return go(here, _("Teks baru berlaku mulai pesan berikutnya."))


def _known(kind: str, language: str) -> None:
    if kind not in KINDS or language not in text_store.LANGUAGES:
        abort(404)


def _editor(
    kind: str,
    language: str,
    body: str,
    errors: list[str] | None = None,
    status: int = 200,
    block: str | None = None,
) -> Any:
    who = request.values.get("who", "").strip()[:80]
    customer = _customer(who)
    shown = texts.fill(body, language, _values(kind, customer), _code(kind))
    return page(
        EDIT,
        block=block,
        status=status,
        kind=KINDS[kind],
        lang=language,
        languages=text_store.LANGUAGES,
        body=body,
        errors=errors or [],
        found_problems=text_checks.problems(kind, body),
        warnings=text_checks.warnings(kind, body, _limits()),
        places=text_checks.places(kind),
        needed=text_checks.NEEDED.get(kind, ()),
        default=text_store.default_text(kind, language),
        history=text_store.history(kind, language),
        shown=bubble.lines(shown),
        length=len(shown),
        who=who,
        customer=customer,
    )


def _limits() -> list[Limit]:
    found = []
    for channel in channels.in_order():
        if not channel.problem:
            driver = channel.driver()
            templates = Capability.TEMPLATE in driver.capabilities and channel.kind != "console"
            found.append(Limit(channel.label, driver.text_limit, templates))
    return found


def _customer(who: str) -> Customer | None:
    """The customer the preview is filled with: named, else the newest."""
    statement = select(Customer).order_by(Customer.id.desc()).limit(1)
    if who:
        statement = statement.where(
            or_(Customer.name.icontains(who, autoescape=True), Customer.number == who)
        )
    return db.session.scalars(statement).first()


def _values(kind: str, customer: Customer | None) -> dict[str, Any]:
    values = {name: SAMPLES[name] for name in KINDS[kind].expects if name != "code"}
    if customer is not None:
        own = {"name": customer.name, "customer_number": customer.number}
        values |= {name: value for name, value in own.items() if name in values}
    return values


def _code(kind: str) -> str | None:
    return SAMPLES["code"] if kind == "otp_code" else None
