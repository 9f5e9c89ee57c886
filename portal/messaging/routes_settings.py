"""Settings > WhatsApp: a channel's fields, using it, a test send, live status.

The list of channels and what can be done with each is in `routes_channels.py`.
"""

import secrets
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request, url_for
from flask_babel import gettext as _

from portal.core import recipients
from portal.core.driverkit import Health, Misconfigured
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.messaging import (
    channel_config,
    channel_form,
    channel_page,
    channels,
    guides,
    testing,
)
from portal.messaging.channel_page import TEMPLATE, Subject, context, subject
from portal.messaging.kinds import KINDS
from portal.messaging.registry import REGISTRY
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say

bp = Blueprint("whatsapp_settings", __name__, url_prefix="/admin/settings/whatsapp")


@bp.get("")
@staff("settings")
def index() -> Any:
    """The page; `?driver=` or `?channel=` shows those fields without choosing them."""
    about = subject(request.args)
    return page(TEMPLATE, block="channel", **context(about, via=request.args.get("via", "")))


@bp.get("/guide/<driver_kind>")
@staff("settings")
def guide(driver_kind: str) -> Any:
    """How to set up a driver, from its guide."""
    if not guides.exists(driver_kind):
        abort(404)
    driver = REGISTRY.get(driver_kind)
    return page("messaging/guide.html", driver=driver, html=guides.html(driver_kind))


@bp.post("/fields")
@staff("settings")
def fields() -> Any:
    """The form again after a select that shows or hides fields; stores nothing."""
    about = subject(request.form)
    typed = channel_form.read(about.kind, request.form, about.channel_id)
    form = channel_form.build(about.kind, typed, channel_id=about.channel_id)
    return page(TEMPLATE, block="fields", **context(about, form=form))


@bp.post("")
@staff("settings", fresh=True)
def save() -> Any:
    """Store a channel's fields; with `use` it is also the main one from now on."""
    about = subject(request.form)
    typed = channel_form.read(about.kind, request.form, about.channel_id)
    errors = channel_config.save(about.kind, typed, about.channel_id)
    if errors:
        db.session.rollback()
        form = channel_form.build(about.kind, typed, errors, about.channel_id)
        return page(TEMPLATE, block="fields", status=422, **context(about, form=form))
    if request.form.get("use"):
        channel_config.choose(about.kind, about.channel_id)
    db.session.commit()
    done = _("Konfigurasi disimpan dan dipakai.") if request.form.get("use") else _("Tersimpan.")
    return go(url_for(".index", **about.query), done)


@bp.post("/use")
@staff("settings", fresh=True)
def use() -> Any:
    """Make a channel the main one in place of the one before, for the next message."""
    about = subject(request.form)
    target = url_for(".index", **about.query)
    try:
        channel_config.choose(about.kind, about.channel_id)
    except Misconfigured as error:
        db.session.rollback()
        return go(target, error.sentence, "bad")
    db.session.commit()
    return go(target, _("%(driver)s dipakai mulai pesan berikutnya.", driver=_name(about)))


def _name(about: Subject) -> str:
    labels = channels.labels()
    return labels.get(about.channel_id or 0) or REGISTRY.get(about.kind).label


@bp.post("/test")
@staff("settings")
def test() -> Any:
    """Send one real message with sample values, now, and say what came of it; with `via`
    through that channel only."""
    kind, via = request.form.get("kind", ""), request.form.get("via", "")
    number = request.form.get("number", "")
    typed = {"number": number, "test_kind": kind, "via": via}
    if via:
        channel_page.channel_of(via)
    try:
        to = recipients.parse(number)
    except ValueError as error:
        wrong = context(subject({}), **typed, number_error=say(error))
        return page(TEMPLATE, block="test", status=422, **wrong)
    db.session.rollback()
    nonce = secrets.token_hex(8)
    result = testing.send_test(to, kind if kind in KINDS else None, nonce, via or None)
    return page(TEMPLATE, block="test", **context(subject({}), **typed, result=result))


@bp.get("/health")
@staff("settings")
def health() -> Any:
    """Ask the provider now, and show the answer on the page."""
    found = _examine()
    return page(TEMPLATE, block="health", **context(subject({}), health=found))


@bp.get("/status")
@staff("settings")
def status() -> Response:
    """The live check as JSON."""
    found = _examine()
    return jsonify(
        ok=found.ok,
        driver=channel_page.kind_in_force(),
        sentence=found.sentence,
        details=dict(found.details),
        checked_at=wall().isoformat(),
    )


def _examine() -> Health:
    """Of the channel the next message would use."""
    try:
        return channel_page.examine(channels.active())
    except Misconfigured as error:
        return Health(False, error.sentence, {})
