"""Channels: configured drivers. Which one is in force, saving, choosing, pausing.

The database wins over the environment. Read afresh for every message, so a driver chosen
in the browser carries the next one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select, update

from portal.config import Settings
from portal.core.driverkit import Capability, Health, Misconfigured
from portal.extensions import db
from portal.infra import audit
from portal.infra.http import Http
from portal.infra.timekeeping import now, wall
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.models import Channel
from portal.messaging.registry import REGISTRY
from portal.settings import service as settings

ENV_PAUSE = "whatsapp.env_pause"
PAUSE = timedelta(minutes=5)


@dataclass(frozen=True)
class ActiveChannel:
    """The channel in force. `source`: db or env; `id` None for the environment's."""

    id: int | None
    kind: str
    config: Mapping[str, str] = field(repr=False)
    source: str = "db"
    paused_until: datetime | None = None
    pause_reason: str = ""

    def driver(self) -> MessageDriver:
        """A driver object with this configuration."""
        return REGISTRY.get(self.kind)(self.config, Http())

    @property
    def idempotent(self) -> bool:
        """Whether a repeated key is certainly sent once."""
        driver = self.driver()
        declared = Capability.IDEMPOTENT in driver.capabilities
        return bool(getattr(driver, "idempotent", declared))

    @property
    def paused(self) -> bool:
        return self.paused_until is not None and self.paused_until > wall()


def _config() -> Settings:
    found: Settings = current_app.extensions["loket.settings"]
    return found


def sending_enabled() -> bool:
    """`WHATSAPP_ENABLED=false` keeps everything queued."""
    return _config().get("WHATSAPP_ENABLED", "true").lower() not in {"false", "0", "no", "off"}


def env_values(kind: str) -> dict[str, str]:
    """What the environment says about a driver's fields."""
    config = _config()
    return {f.name: config.get(f.env) for f in REGISTRY.get(kind).fields if f.env}


def stored_values(kind: str) -> dict[str, str]:
    """What the owner saved for a driver."""
    row = db.session.scalar(select(Channel).where(Channel.driver == kind))
    return {} if row is None else dict(json.loads(row.config))


def merged_values(kind: str) -> dict[str, str]:
    """Saved values over the environment's."""
    saved = {name: value for name, value in stored_values(kind).items() if value}
    return {**env_values(kind), **saved}


def active() -> ActiveChannel | None:
    """The chosen channel; else the one the environment names; else None: messages wait."""
    row = db.session.scalar(
        select(Channel).where(Channel.enabled).order_by(Channel.priority, Channel.id).limit(1)
    )
    if row is not None:
        return ActiveChannel(
            row.id,
            row.driver,
            {**env_values(row.driver), **_filled(json.loads(row.config))},
            "db",
            row.paused_until,
            row.pause_reason,
        )
    config = _config()
    kind = config.get("WHATSAPP_DRIVER", "" if config.production else "console")
    if kind not in REGISTRY:
        return None
    until, reason = settings.internal(ENV_PAUSE, (None, ""))
    paused = datetime.fromisoformat(until) if until else None
    return ActiveChannel(None, kind, merged_values(kind), "env", paused, reason)


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def save(kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """Store a driver's configuration; returns errors by field, and stores nothing then."""
    driver = REGISTRY.get(kind)
    # Only what the environment does not already say is stored.
    env = env_values(kind)
    errors = driver.check_config({**env, **_filled(values)})
    if errors:
        return errors
    row = db.session.scalar(select(Channel).where(Channel.driver == kind))
    before = {} if row is None else json.loads(row.config)
    kept = {name: value for name, value in _filled(values).items() if value != env.get(name)}
    if row is None:
        row = Channel(driver=kind, enabled=False, priority=100)
        db.session.add(row)
    row.config, row.updated_at = json.dumps(kept), now()
    row.paused_until, row.pause_reason = None, ""
    db.session.flush()
    audit.record("whatsapp.save", f"channel:{kind}", **_difference(driver, before, kept))
    return {}


def _difference(
    driver: type[MessageDriver], before: Mapping[str, str], after: Mapping[str, str]
) -> dict[str, Any]:
    """What changed, with secrets as "diubah"."""
    changed = [f for f in driver.fields if before.get(f.name, "") != after.get(f.name, "")]
    return {
        "before": {f.name: "••••" if f.secret else before.get(f.name, "") for f in changed},
        "after": {f.name: "diubah" if f.secret else after.get(f.name, "") for f in changed},
    }


def choose(kind: str) -> None:
    """Make this driver the one in force. Raises Misconfigured when it is not complete."""
    if kind not in REGISTRY:
        raise Misconfigured("Driver tidak dikenal.")
    errors = REGISTRY.get(kind).check_config(merged_values(kind))
    if errors:
        raise Misconfigured(next(iter(errors.values())))
    previous = active()
    if db.session.scalar(select(Channel).where(Channel.driver == kind)) is None:
        db.session.add(
            Channel(driver=kind, config="{}", enabled=False, priority=100, updated_at=now())
        )
        db.session.flush()
    db.session.execute(update(Channel).values(enabled=Channel.driver == kind))
    db.session.execute(
        update(Channel).where(Channel.driver == kind).values(paused_until=None, pause_reason="")
    )
    audit.record(
        "whatsapp.choose",
        "channel",
        before={"driver": previous.kind if previous else ""},
        after={"driver": kind},
    )


def pause(channel: ActiveChannel, reason: str, seconds: float | None = None) -> None:
    """Send nothing through this channel for a while; messages stay queued."""
    until = wall() + (PAUSE if seconds is None else timedelta(seconds=seconds))
    if channel.id is None:
        settings.set_internal(ENV_PAUSE, [until.isoformat(), reason])
        return
    db.session.execute(
        update(Channel)
        .where(Channel.id == channel.id)
        .values(paused_until=until, pause_reason=reason[:500])
    )


def resume(channel: ActiveChannel) -> None:
    """End a pause."""
    if channel.id is None:
        settings.set_internal(ENV_PAUSE, [None, ""])
    else:
        db.session.execute(
            update(Channel)
            .where(Channel.id == channel.id)
            .values(paused_until=None, pause_reason="")
        )


def check_active() -> Health:
    """Ask the channel's provider now. Raises DriverError; Misconfigured without a channel."""
    channel = active()
    if channel is None:
        raise Misconfigured("Belum ada driver WhatsApp yang dipilih.")
    errors = REGISTRY.get(channel.kind).check_config(channel.config)
    if errors:
        raise Misconfigured(next(iter(errors.values())))
    return channel.driver().check()
