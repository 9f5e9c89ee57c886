"""Channels as the outbox sees them: which are in force, in which order, and whether they rest.

The database wins over the environment. Read afresh for every batch, so a driver chosen in
the browser carries the next message. Writing a configuration is in `channel_config.py`,
pauses and successes in `meters.py`, the choice for one message in `routing.py`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import Select, select

from portal.config import Settings
from portal.core.driverkit import Health, Misconfigured
from portal.core.recipients import PHONE
from portal.extensions import db
from portal.infra.database import end_read
from portal.infra.secrets import UndecryptableError
from portal.messaging.active_channel import ENV_KEY as ENV_KEY
from portal.messaging.active_channel import ActiveChannel as ActiveChannel
from portal.messaging.active_channel import reach_of_kind as reach_of_kind
from portal.messaging.drivers.base import Limits
from portal.messaging.models_channels import Channel, ChannelMeter
from portal.messaging.models_meta import ChannelArea
from portal.messaging.registry import REGISTRY

UNREADABLE = (
    "Konfigurasi tersimpan tidak dapat dibaca karena ENCRYPTION_KEY berubah. "
    "Isi dan simpan kembali."
)


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


def everything() -> list[ActiveChannel]:
    """All channels in force: those for phones in their order, then those beside them."""
    return [*in_order(), *beside()]


def in_order() -> list[ActiveChannel]:
    """The channels in force for phones, the one to use first first, resting ones included.

    Without a chosen one it is the environment's; without that the list is empty.
    """
    found = [channel for channel in _enabled() if channel.reach == PHONE]
    if found:
        return found
    env = _from_environment()
    return [env] if env else []


def beside() -> list[ActiveChannel]:
    """The channels in force that write to others than phones: Telegram."""
    return [channel for channel in _enabled() if channel.reach != PHONE]


def _enabled() -> list[ActiveChannel]:
    ids = db.session.scalars(
        select(Channel.id).where(Channel.enabled).order_by(Channel.priority, Channel.id)
    ).all()
    return [_stored_channel(channel_id) for channel_id in ids]


def active() -> ActiveChannel | None:
    """The channel the next message to a phone would use; a resting one when all rest; None
    without any.

    Raises Misconfigured when none can be used because of its configuration.
    """
    channels = in_order()
    usable = next((channel for channel in channels if channel.usable), None)
    first = usable or next((channel for channel in channels if not channel.problem), None)
    if first is None and channels:
        raise Misconfigured(channels[0].problem)
    return first


def by_key(key: str) -> ActiveChannel | None:
    """The channel of that key if it still exists, in force or not."""
    if key == ENV_KEY:
        return _from_environment()
    exists = db.session.scalar(select(Channel.id).where(Channel.id == int(key)))
    return _stored_channel(exists) if exists else None


def _stored_channel(channel_id: int) -> ActiveChannel:
    """A row with its meter; what cannot be used says why instead of failing the others."""
    kind, name, stamp, brand = db.session.execute(
        select(Channel.driver, Channel.name, Channel.updated_at, Channel.brand).where(
            Channel.id == channel_id
        )
    ).one()
    try:
        row = read_row(select(Channel).where(Channel.id == channel_id))
        assert row is not None
        if kind not in REGISTRY:
            raise Misconfigured(f"Driver {kind} tidak ada lagi. Pilih driver lain.")
    except Misconfigured as error:
        return ActiveChannel(channel_id, kind, {}, name, problem=error.sentence, updated_at=stamp)
    config = {**env_values(kind), **filled(json.loads(row.config))}
    return ActiveChannel(
        id=row.id,
        kind=kind,
        config=config,
        name=name,
        limits=_limits(kind, row),
        warm_from=row.warm_from,
        updated_at=stamp,
        brand=brand,
        areas=_areas(row.id),
        **_meter(str(row.id)),
    )


def _areas(channel_id: int) -> frozenset[int]:
    wanted = select(ChannelArea.area_id).where(ChannelArea.channel_id == channel_id)
    return frozenset(db.session.scalars(wanted))


def environment_kind() -> str:
    """The driver the environment names for phones; empty without one."""
    config = _config()
    kind = config.get("WHATSAPP_DRIVER", "" if config.production else "console")
    return kind if kind in REGISTRY and reach_of_kind(kind) == PHONE else ""


def _from_environment() -> ActiveChannel | None:
    kind = environment_kind()
    if not kind:
        return None
    values = env_values(kind)
    first = db.session.scalars(
        select(Channel.id).where(Channel.driver == kind).order_by(Channel.priority, Channel.id)
    ).first()
    if first is not None and (row := read_row(select(Channel).where(Channel.id == first))):
        values |= filled(json.loads(row.config))
    return ActiveChannel(
        None, kind, values, source="env", limits=_limits(kind, None), **_meter(ENV_KEY)
    )


def usual_limits(kind: str) -> Limits:
    """The driver's own limits. `WHATSAPP_LIMITS=off` is for simulators: then only what
    somebody set by hand counts."""
    off = _config().get("WHATSAPP_LIMITS", "").lower() == "off"
    return Limits() if off else REGISTRY.get(kind).limits


def _limits(kind: str, row: Channel | None) -> Limits:
    """The channel's own limits over the driver's."""
    stored = {name: getattr(row, name) for name in Limits.STORED} if row else {}
    return usual_limits(kind).changed(
        {name: value for name, value in stored.items() if value is not None}
    )


def _meter(key: str) -> dict[str, Any]:
    meter = db.session.get(ChannelMeter, key, populate_existing=True)
    if meter is None:
        return {}
    return {
        "paused_until": meter.paused_until,
        "pause_kind": meter.pause_kind,
        "pause_reason": meter.pause_reason,
        "on_trial": meter.on_trial,
    }


def read_row(statement: Select[Channel]) -> Channel | None:
    """One stored channel. Raises Misconfigured when it cannot be decrypted."""
    try:
        return db.session.scalars(statement).one_or_none()
    except UndecryptableError:
        raise Misconfigured(UNREADABLE) from None


def filled(values: Mapping[str, str]) -> dict[str, str]:
    """Without what is empty."""
    return {name: value for name, value in values.items() if value}


def check(channel: ActiveChannel | None) -> Health:
    """Ask a channel's provider now, with no transaction open.

    Raises DriverError; Misconfigured without a channel.
    """
    if channel is None:
        raise Misconfigured("Belum ada driver WhatsApp yang dipilih.")
    if channel.problem:
        raise Misconfigured(channel.problem)
    errors = REGISTRY.get(channel.kind).check_config(channel.config)
    if errors:
        raise Misconfigured(next(iter(errors.values())))
    end_read()
    return channel.driver().check()


def check_active() -> Health:
    """The same for the channel in force."""
    return check(active())


def labels() -> dict[int, str]:
    """What people call each stored channel."""
    rows: Sequence[tuple[int, str, str]] = [
        (row.id, row.name, row.driver)
        for row in db.session.execute(select(Channel.id, Channel.name, Channel.driver))
    ]
    return {
        channel_id: name or (REGISTRY.get(kind).label if kind in REGISTRY else kind)
        for channel_id, name, kind in rows
    }
