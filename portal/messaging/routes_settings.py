"""Settings > WhatsApp: choose the driver, its fields, a test send, the webhook, live status."""

import secrets
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request, url_for
from flask_babel import gettext as _

from portal.config import Settings
from portal.core.driverkit import Capability, DriverError, Health, Misconfigured
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.messaging import channel_config, channel_form, channels, queries, testing
from portal.messaging.kinds import KINDS
from portal.messaging.registry import REGISTRY
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say

bp = Blueprint("whatsapp_settings", __name__, url_prefix="/admin/settings/whatsapp")
PAGE = "messaging/settings.html"


@bp.get("")
@staff("settings")
def index() -> Any:
    """The page; `?driver=` shows that driver's fields without choosing it."""
    return page(PAGE, block="channel", **_context(_driver(request.args.get("driver"))))


@bp.post("/fields")
@staff("settings")
def fields() -> Any:
    """The form again after a select that shows or hides fields; stores nothing."""
    kind = _driver(request.form.get("driver"))
    typed = channel_form.read(kind, request.form)
    return page(PAGE, block="fields", **_context(kind, form=channel_form.build(kind, typed)))


@bp.post("")
@staff("settings")
def save() -> Any:
    """Store a driver's fields; with `use` it is also the one in force from now on."""
    kind = _driver(request.form.get("driver"))
    typed = channel_form.read(kind, request.form)
    errors = channel_config.save(kind, typed)
    if errors:
        db.session.rollback()
        form = channel_form.build(kind, typed, errors)
        return page(PAGE, block="fields", status=422, **_context(kind, form=form))
    if request.form.get("use"):
        channel_config.choose(kind)
    db.session.commit()
    done = _("Konfigurasi disimpan dan dipakai.") if request.form.get("use") else _("Tersimpan.")
    return go(url_for(".index", driver=kind), done)


@bp.post("/use")
@staff("settings")
def use() -> Any:
    """Make a driver the one in force; the next message goes through it."""
    kind = _driver(request.form.get("driver"))
    target = url_for(".index", driver=kind)
    try:
        channel_config.choose(kind)
    except Misconfigured as error:
        db.session.rollback()
        return go(target, error.sentence, "bad")
    db.session.commit()
    label = REGISTRY.get(kind).label
    return go(target, _("%(driver)s dipakai mulai pesan berikutnya.", driver=label))


@bp.post("/test")
@staff("settings")
def test() -> Any:
    """Send one real message with sample values, now, and say what came of it."""
    kind = request.form.get("kind", "")
    number = request.form.get("number", "")
    context = _context(_driver(None), number=number, test_kind=kind)
    try:
        phone = PhoneNumber.parse(number)
    except InvalidPhone as error:
        return page(PAGE, block="test", status=422, **{**context, "number_error": say(error)})
    db.session.rollback()
    result = testing.send_test(phone, kind if kind in KINDS else None, secrets.token_hex(8))
    context = _context(_driver(None), number=number, test_kind=kind)
    return page(PAGE, block="test", **{**context, "result": result})


@bp.get("/health")
@staff("settings")
def health() -> Any:
    """Ask the provider now, and show the answer on the page."""
    found = _examine()
    return page(PAGE, block="health", **{**_context(_driver(None)), "health": found})


@bp.get("/status")
@staff("settings")
def status() -> Response:
    """The live check as JSON."""
    found = _examine()
    driver = _in_force()
    return jsonify(
        ok=found.ok,
        driver=driver,
        sentence=found.sentence,
        details=dict(found.details),
        checked_at=wall().isoformat(),
    )


def _examine() -> Health:
    try:
        return channels.check_active()
    except DriverError as error:
        details = {"http": str(error.http_status)} if error.http_status else {}
        if error.code:
            details["code"] = error.code
        return Health(False, error.sentence, details)


def _in_force() -> str | None:
    try:
        channel = channels.active()
    except Misconfigured:
        return None
    return channel.kind if channel else None


def _driver(kind: str | None) -> str:
    """The driver a page is about: the named one, else the one in force, else the first."""
    if kind:
        return kind if kind in REGISTRY else abort(404)
    return _in_force() or "meta"


def _context(shown: str, **more: Any) -> dict[str, Any]:
    problem, channel = "", None
    try:
        channel = channels.active()
    except Misconfigured as error:
        problem = error.sentence
    config: Settings = current_app.extensions["loket.settings"]
    form = more.pop("form", None) or channel_form.build(shown)
    reports = Capability.DELIVERY_HOOK in REGISTRY.get(shown).capabilities
    return {
        "test_kind": "",
        "number": "",
        "number_error": "",
        "result": None,
        "health": None,
        "shown": shown,
        "drivers": list(REGISTRY),
        "channel": channel,
        "channel_label": REGISTRY.get(channel.kind).label if channel else "",
        "problem": problem,
        "enabled": channels.sending_enabled(),
        "waiting": queries.waiting_count(),
        "form": form,
        "webhook_url": f"{config.public_url}/webhook/whatsapp/{shown}" if reports else "",
        "last_hook": queries.last_hook(f"whatsapp.{shown}") if reports else None,
        "kinds": [KINDS[name] for name in KINDS if name != "staff_notice"],
        **more,
    }
