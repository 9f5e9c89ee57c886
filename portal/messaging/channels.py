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
from sqlalchemy import Select, delete, select, update

from portal.config import Settings
from portal.core.driverkit import Health, Misconfigured
from portal.extensions import db
from portal.infra import audit
from portal.infra.database import end_read
from portal.infra.http import Http
from portal.infra.secrets import UndecryptableError
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
    updated_at: datetime | None = None

    def driver(self) -> MessageDriver:
        """A driver object with this configuration."""
        return REGISTRY.get(self.kind)(self.config, Http())

    @property
    def idempotent(self) -> bool:
        """Whether a repeated key is certainly sent once."""
        return self.driver().idempotent

    @property
    def secrets(self) -> list[str]:
        """The secret values, so that no log shows them."""
        values = [self.config.get(f.name, "") for f in REGISTRY.get(self.kind).fields if f.secret]
        return [value for value in values if len(value) >= 4]

    @property
    def paused(self) -> bool:
        """Whether nothing is sent through it right now."""
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
    """What the owner saved for a driver. Raises Misconfigured when it cannot be decrypted."""
    row = _read(select(Channel).where(Channel.driver == kind))
    return {} if row is None else _filled(json.loads(row.config))


def merged_values(kind: str) -> dict[str, str]:
    """Saved values over the environment's."""
    return {**env_values(kind), **stored_values(kind)}


def active() -> ActiveChannel | None:
    """The chosen channel; else the one the environment names; else None: messages wait.

    Raises Misconfigured when the stored configuration cannot be decrypted.
    """
    row = _read(
        select(Channel).where(Channel.enabled).order_by(Channel.priority, Channel.id).limit(1)
    )
    if row is None:
        return _from_environment()
    if row.driver not in REGISTRY:
        raise Misconfigured(f"Driver {row.driver} tidak ada lagi. Pilih driver lain.")
    return ActiveChannel(
        id=row.id,
        kind=row.driver,
        config={**env_values(row.driver), **_filled(json.loads(row.config))},
        source="db",
        paused_until=row.paused_until,
        pause_reason=row.pause_reason,
        updated_at=row.updated_at,
    )


def _from_environment() -> ActiveChannel | None:
    config = _config()
    kind = config.get("WHATSAPP_DRIVER", "" if config.production else "console")
    if kind not in REGISTRY:
        return None
    until, reason = settings.fresh_internal(ENV_PAUSE, (None, ""))
    paused = datetime.fromisoformat(until) if until else None
    return ActiveChannel(None, kind, merged_values(kind), "env", paused, reason)


def _read(statement: Select[Channel]) -> Channel | None:
    try:
        return db.session.scalars(statement).one_or_none()
    except UndecryptableError:
        raise Misconfigured(
            "Konfigurasi tersimpan tidak dapat dibaca karena ENCRYPTION_KEY berubah. "
            "Isi dan simpan kembali."
        ) from None


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def save(kind: str, values: Mapping[str, str]) -> dict[str, str]:
    """Store a driver's configuration; returns errors by field, and stores nothing then.

    Only what differs from the environment is kept, so the rest goes on following it.
    """
    driver, env = REGISTRY.get(kind), env_values(kind)
    errors = driver.check_config({**env, **_filled(values)})
    if errors:
        return errors
    row, before = _row(kind)
    kept = {name: value for name, value in _filled(values).items() if value != env.get(name)}
    row.config, row.updated_at = json.dumps(kept), now()
    row.paused_until, row.pause_reason = None, ""
    settings.set_internal(ENV_PAUSE, [None, ""])
    db.session.flush()
    audit.record("whatsapp.save", f"channel:{kind}", **_difference(driver, before, kept))
    return {}


def _row(kind: str) -> tuple[Channel, dict[str, str]]:
    """The driver's row, made when missing, and what was saved in it.

    A row that cannot be decrypted any more is replaced.
    """
    enabled = db.session.scalar(select(Channel.enabled).where(Channel.driver == kind))
    try:
        row = _read(select(Channel).where(Channel.driver == kind))
    except Misconfigured:
        db.session.execute(delete(Channel).where(Channel.driver == kind))
        row = None
    if row is not None:
        return row, _filled(json.loads(row.config))
    row = Channel(
        driver=kind,
        config="{}",
        enabled=bool(enabled),
        priority=100,
        pause_reason="",
        updated_at=now(),
    )
    db.session.add(row)
    db.session.flush()
    return row, {}


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
    previous = db.session.scalar(select(Channel.driver).where(Channel.enabled))
    row, _ = _row(kind)
    db.session.execute(update(Channel).values(enabled=Channel.id == row.id))
    resume(row.id)
    audit.record(
        "whatsapp.choose", "channel", before={"driver": previous or ""}, after={"driver": kind}
    )


def pause(channel: ActiveChannel, reason: str, seconds: float | None = None) -> None:
    """Send nothing through this channel for a while; messages stay queued.

    A configuration saved meanwhile is not punished for the old one's failure.
    """
    until = wall() + (PAUSE if seconds is None else timedelta(seconds=seconds))
    if channel.id is None:
        settings.set_internal(ENV_PAUSE, [until.isoformat(), reason])
        return
    db.session.execute(
        update(Channel)
        .where(Channel.id == channel.id, Channel.updated_at == channel.updated_at)
        .values(paused_until=until, pause_reason=reason[:500])
    )


def resume(channel_id: int | None) -> None:
    """End the pause of this channel, or of the environment's."""
    if channel_id is None:
        settings.set_internal(ENV_PAUSE, [None, ""])
    else:
        db.session.execute(
            update(Channel)
            .where(Channel.id == channel_id)
            .values(paused_until=None, pause_reason="", updated_at=now())
        )


def check_active() -> Health:
    """Ask the channel's provider now, with no transaction open.

    Raises DriverError; Misconfigured without a channel.
    """
    channel = active()
    if channel is None:
        raise Misconfigured("Belum ada driver WhatsApp yang dipilih.")
    errors = REGISTRY.get(channel.kind).check_config(channel.config)
    if errors:
        raise Misconfigured(next(iter(errors.values())))
    end_read()
    return channel.driver().check()
