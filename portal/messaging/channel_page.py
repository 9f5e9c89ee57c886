"""What Settings > WhatsApp shows, whichever of its routes answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, current_app, make_response
from sqlalchemy import select

from portal.config import Settings
from portal.core.driverkit import Capability, DriverError, Health, Misconfigured
from portal.core.recipients import PHONE
from portal.extensions import db
from portal.messaging import (
    channel_areas,
    channel_config,
    channel_form,
    channel_limits,
    channel_overview,
    channels,
    guides,
    meta_app,
    meters,
    queries,
    receipts,
    template_queries,
    templates,
)
from portal.messaging.channels import ENV_KEY, ActiveChannel
from portal.messaging.kinds import KINDS
from portal.messaging.models_channels import Channel
from portal.messaging.registry import REGISTRY
from portal.messaging.template_queries import Overview
from portal.web.htmx import is_fragment, page, render_block

TEMPLATE = "messaging/settings.html"
_CALLS = frozenset({Capability.DELIVERY_HOOK, Capability.INBOUND})
RULES = {
    "burst": meters.BURST,
    "least": meters.PAUSE_SECONDS // 60,
    "most": meters.LONGEST_PAUSE_SECONDS // 60,
}


@dataclass(frozen=True)
class Subject:
    """What the page edits: a driver's first channel, or with `channel_id` a certain one."""

    kind: str
    channel_id: int | None = None

    @property
    def query(self) -> dict[str, Any]:
        """How an address names it."""
        return {"channel": self.channel_id} if self.channel_id else {"driver": self.kind}


def subject(values: Mapping[str, str]) -> Subject:
    """From `channel` or `driver` of an address or a form; else the one in force, else the
    first driver. 404 for what does not exist."""
    wanted = values.get("channel", "")
    if wanted:
        return of_channel(wanted)
    kind = values.get("driver", "")
    if kind:
        return Subject(kind) if kind in REGISTRY else abort(404)
    return Subject(kind_in_force() or "meta")


def of_channel(key: str) -> Subject:
    """A stored channel. 404 for any other key."""
    if not (key.isascii() and key.isdigit() and len(key) < 10):
        abort(404)
    kind = db.session.scalar(select(Channel.driver).where(Channel.id == int(key)))
    return Subject(kind, int(key)) if kind in REGISTRY and kind else abort(404)


def channel_of(key: str) -> ActiveChannel:
    """A channel, the environment's included. 404 for what does not exist."""
    if key == ENV_KEY:
        found = channel_overview.environment()
    elif key.isascii() and key.isdigit() and len(key) < 10:
        found = channels.by_key(key)
    else:
        found = None
    return found if found is not None else abort(404)


def kind_in_force() -> str | None:
    """The driver the next message would use."""
    try:
        channel = channels.active()
    except Misconfigured:
        return None
    return channel.kind if channel else None


def examine(channel: ActiveChannel | None) -> Health:
    """A channel's live check; a refusal is an answer too. Without a channel: of none."""
    try:
        return channels.check(channel)
    except DriverError as error:
        details = {"http": str(error.http_status)} if error.http_status else {}
        if error.code:
            details["code"] = error.code
        return Health(False, error.sentence, details)


def context(about: Subject, **more: Any) -> dict[str, Any]:
    """Everything the page needs; `more` wins."""
    problem, channel = "", None
    try:
        channel = channels.active()
    except Misconfigured as error:
        problem = error.sentence
    in_force, others = channel_overview.rows()
    edited = about.channel_id or channel_config.first_of(about.kind)
    from_env = bool(channel and channel.source == "env" and channel.kind == about.kind)
    used = str(edited) in {row.key for row in in_force} or (from_env and not about.channel_id)
    form = more.pop("form", None) or channel_form.build(about.kind, channel_id=about.channel_id)
    limits = more.pop("limits", None)
    if limits is None and edited is not None:
        limits = channel_form.limits_form(about.kind, edited)
    return {
        **_empty(),
        **_hooks(about.kind, edited),
        **_areas(edited),
        "shown": about.kind,
        "about": about,
        "abilities": guides.abilities(about.kind),
        "guide": guides.exists(about.kind),
        "alone": REGISTRY.get(about.kind).reach != PHONE,
        "edited": edited,
        "edited_name": channels.labels().get(edited, "") if edited else "",
        "used": used,
        "from_env": from_env and str(edited) not in {row.key for row in in_force},
        "in_force": in_force,
        "others": others,
        "used_kinds": {row.channel.kind for row in in_force},
        "drivers": list(REGISTRY),
        "kinds_known": set(REGISTRY.all),
        "rules": RULES,
        "channel": channel,
        "channel_label": channel.label if channel else "",
        "problem": problem,
        "enabled": channels.sending_enabled(),
        "waiting": queries.waiting_count(),
        "form": form,
        "limits": limits,
        "presets": channel_limits.PRESETS,
        "approved": _approved(about.kind, edited),
        "today_iso": channel_limits.today().isoformat(),
        "kinds": [KINDS[name] for name in KINDS if name != "staff_notice"],
        **more,
    }


def part(template: str, block: str, status: int = 200, **shown: Any) -> Response:
    """A block of one of the page's included files for a fragment; else the whole page."""
    if is_fragment():
        return make_response(render_block(template, block, **shown), status)
    return page(TEMPLATE, status=status, **shown)


def _areas(edited: int | None) -> dict[str, Any]:
    """Whom the edited channel is for, and which areas have no channel of their own."""
    served = channel_areas.served()
    brand = db.session.scalar(select(Channel.brand).where(Channel.id == edited)) if edited else ""
    names = {area.id: area.name for area in served}
    split = any(area.channels for area in served)
    return {
        "meta_app": meta_app.current(),
        "areas": served,
        "areas_without": [one.name for one in served if split and not one.channels],
        "area_names": lambda ids: sorted(names[one] for one in ids if one in names),
        "edited_brand": brand or "",
        "edited_areas": channel_areas.by_channel().get(edited or 0, frozenset()),
    }


def _empty() -> dict[str, Any]:
    """What only some of the routes fill."""
    return {
        "test_kind": "",
        "number": "",
        "number_error": "",
        "via": "",
        "result": None,
        "health": None,
        "checked": {},
        "adding": {"name": "", "driver": "", "error": ""},
        "name_typed": None,
        "name_error": "",
    }


def _approved(kind: str, channel_id: int | None) -> Overview | None:
    """How a channel's approved texts are doing; None for one that needs none."""
    if channel_id is None or not templates.able(kind):
        return None
    return template_queries.overview(channel_id)


def _hooks(kind: str, channel_id: int | None) -> dict[str, Any]:
    """Where the provider calls back. Only a saved channel has an address of its own."""
    url = hook_url(kind, channel_id)
    able = REGISTRY.get(kind).capabilities
    return {
        "webhook_url": url,
        "webhook_later": bool(_CALLS & able) and not url,
        "last_hook": queries.last_hook(receipts.source_of(kind, channel_id)) if url else None,
        "sets_hook": bool(url) and Capability.SETS_HOOK in able,
    }


def hook_url(kind: str, channel_id: int | None) -> str:
    """The public address for a channel's callbacks; empty when it has none."""
    config: Settings = current_app.extensions["loket.settings"]
    if not _CALLS & REGISTRY.get(kind).capabilities:
        return ""
    if kind == "meta":
        return f"{config.public_url}/webhook/whatsapp/meta"
    if channel_id is None:
        return ""
    token = db.session.scalar(select(Channel.hook_token).where(Channel.id == channel_id))
    return f"{config.public_url}/hooks/messaging/{token}"
