"""Settings > WhatsApp > the channels: their order, pauses, limits, names, checks."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask_babel import gettext as _

from portal.core.driverkit import Capability, DriverError, Misconfigured
from portal.extensions import db
from portal.infra import audit
from portal.infra import queue as bell
from portal.infra.http import Http
from portal.messaging import (
    channel_config,
    channel_form,
    channel_limits,
    channel_order,
    channel_overview,
    channel_page,
    meters,
    service,
)
from portal.messaging.channel_page import TEMPLATE, context, part, subject
from portal.web.access import staff
from portal.web.htmx import go, is_fragment, page

bp = Blueprint("whatsapp_channels", __name__, url_prefix="/admin/settings/whatsapp/channels")
LONGEST_REASON = 200
LIST, LIMITS = "messaging/channels.html", "messaging/channels_limits.html"
ORDERS: dict[str, Callable[[int], None]] = {
    "main": channel_order.promote,
    "up": lambda channel_id: channel_order.move(channel_id, -1),
    "down": lambda channel_id: channel_order.move(channel_id, 1),
    "stand_in": channel_order.stand_in,
}


def _back(**query: Any) -> str:
    return url_for("whatsapp_settings.index", **query)


@bp.post("")
@staff("settings")
def add() -> Any:
    """A new channel of a driver, under a name of its own; its fields are filled in next."""
    driver = request.form.get("driver", "")
    name = request.form.get("name", "").strip()
    try:
        channel_id = channel_config.add(driver, name)
    except Misconfigured as error:
        db.session.rollback()
        adding = {"name": name, "driver": driver, "error": error.sentence}
        return part(LIST, "add", 422, **context(subject({}), adding=adding))
    db.session.commit()
    return go(_back(channel=channel_id), _("Saluran ditambahkan. Isi lalu simpan."))


@bp.get("/<channel_key>/check")
@staff("settings")
def check(channel_key: str) -> Any:
    """Ask this channel's provider now."""
    found = channel_page.examine(channel_page.channel_of(channel_key))
    if is_fragment():
        return render_template("messaging/channels_check.html", answer=found)
    return page(TEMPLATE, **context(subject({}), checked={channel_key: found}))


@bp.post("/<channel_key>/order")
@staff("settings")
def order(channel_key: str) -> Any:
    """`to`: main, up, down or stand_in."""
    about = channel_page.of_channel(channel_key)
    change = ORDERS.get(request.form.get("to", "")) or abort(400)
    assert about.channel_id is not None
    try:
        change(about.channel_id)
    except Misconfigured as error:
        db.session.rollback()
        return go(_back(channel=about.channel_id), error.sentence, "bad")
    _ring()
    db.session.commit()
    return go(_back(), _("Urutan saluran disimpan."))


@bp.post("/<channel_key>/pause")
@staff("settings")
def pause(channel_key: str) -> Any:
    """Send nothing through it until somebody says otherwise; a reason is needed."""
    channel = channel_page.channel_of(channel_key)
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    if not reason:
        return go(_back(), _("Tulis alasan menjeda saluran."), "bad")
    meters.pause_by_hand(channel.key, reason)
    audit.record("whatsapp.pause", f"channel:{channel.key}", reason=reason)
    db.session.commit()
    return go(_back(), _("%(name)s dijeda sampai dilanjutkan.", name=channel.label))


@bp.post("/<channel_key>/resume")
@staff("settings")
def resume(channel_key: str) -> Any:
    """End its pause, whoever began it."""
    channel = channel_page.channel_of(channel_key)
    before = {"reason": channel.pause_reason} if channel.paused else {}
    meters.resume(channel.key)
    audit.record("whatsapp.resume", f"channel:{channel.key}", before=before)
    _ring()
    db.session.commit()
    return go(_back(), _("%(name)s dilanjutkan.", name=channel.label))


@bp.get("/<channel_key>/stop")
@staff("settings")
def confirm_stop(channel_key: str) -> Any:
    """What taking it out of force would bring."""
    channel = channel_page.channel_of(channel_key)
    departure = channel_overview.departure(channel.id or 0)
    return page("messaging/channels_stop.html", stopping=channel, departure=departure)


@bp.post("/<channel_key>/stop")
@staff("settings")
def stop(channel_key: str) -> Any:
    """Take it out of force; what is saved stays."""
    about = channel_page.of_channel(channel_key)
    assert about.channel_id is not None
    try:
        channel_order.stop(about.channel_id)
    except Misconfigured as error:
        db.session.rollback()
        return go(_back(), error.sentence, "bad")
    _ring()
    db.session.commit()
    return go(_back(), _("Saluran tidak dipakai lagi. Isinya tetap tersimpan."))


@bp.post("/<channel_key>/remove")
@staff("settings", fresh=True)
def remove(channel_key: str) -> Any:
    """Forget a channel that never carried a message."""
    channel = channel_page.channel_of(channel_key)
    try:
        channel_config.remove(channel.id or 0)
    except Misconfigured as error:
        db.session.rollback()
        return go(_back(), error.sentence, "bad")
    db.session.commit()
    return go(_back(), _("Saluran dihapus."))


@bp.post("/<channel_key>/name")
@staff("settings")
def rename(channel_key: str) -> Any:
    """Call it otherwise; the channel stays the same."""
    about = channel_page.of_channel(channel_key)
    assert about.channel_id is not None
    name = request.form.get("name", "").strip()
    try:
        channel_config.rename(about.channel_id, name)
    except Misconfigured as error:
        db.session.rollback()
        wrong = context(about, name_typed=name, name_error=error.sentence)
        return page(TEMPLATE, block="name", status=422, **wrong)
    db.session.commit()
    return go(_back(channel=about.channel_id), _("Tersimpan."))


@bp.post("/<channel_key>/limits")
@staff("settings")
def limits(channel_key: str) -> Any:
    """Its own limits, typed or by `preset`."""
    about = channel_page.of_channel(channel_key)
    assert about.channel_id is not None
    chosen = channel_limits.PRESETS.get(request.form.get("preset", ""))
    if chosen:
        values, errors = channel_limits.of_preset(request.form["preset"]), dict[str, str]()
    else:
        values, errors = channel_limits.read(about.kind, request.form)
    if errors:
        form = channel_form.limits_form(about.kind, about.channel_id, request.form)
        return page(TEMPLATE, block="limits", status=422, **context(about, limits=form))
    channel_limits.save(about.channel_id, values)
    _ring()
    db.session.commit()
    done = _("Batas disimpan: %(preset)s.", preset=chosen.label) if chosen else _("Batas disimpan.")
    return go(url_for("whatsapp_settings.index", channel=about.channel_id, _anchor="limits"), done)


@bp.post("/<channel_key>/limits/preview")
@staff("settings")
def preview(channel_key: str) -> Any:
    """What the typed values would mean; stores nothing."""
    about = channel_page.of_channel(channel_key)
    assert about.channel_id is not None
    form = channel_form.limits_form(about.kind, about.channel_id, request.form)
    return part(LIMITS, "meaning", **context(about, limits=form))


@bp.post("/<channel_key>/hook")
@staff("settings", fresh=True)
def set_hook(channel_key: str) -> Any:
    """Tell the provider, now, where to call back; for those that can be told."""
    about = channel_page.of_channel(channel_key)
    channel = channel_page.channel_of(channel_key)
    target = _back(channel=about.channel_id)
    if Capability.SETS_HOOK not in channel.driver().capabilities:
        return go(target, _("Webhook saluran ini dipasang di pengaturan penyedianya."), "bad")
    url = channel_page.hook_url(about.kind, about.channel_id)
    audit.record("whatsapp.hook", f"channel:{channel_key}", after={"driver": about.kind})
    db.session.commit()
    if channel.problem:
        return go(target, channel.problem, "bad")
    try:
        return go(target, channel.driver(Http()).set_hook(url))
    except DriverError as error:
        return go(target, error.sentence, "bad")


def _ring() -> None:
    """What waited for this goes at once."""
    for job in service.BELLS.values():
        bell.ring(job)
