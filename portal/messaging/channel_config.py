"""Writing channels: saving a driver's fields, choosing the main one, who stands in."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, update

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import wall
from portal.messaging import meters
from portal.messaging.channels import ENV_KEY, env_values, filled, read_row
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.models_channels import Channel
from portal.messaging.registry import REGISTRY

MAIN, SECOND = 10, 100


def first_of(kind: str) -> int | None:
    """The id of the driver's first channel."""
    return db.session.scalars(
        select(Channel.id).where(Channel.driver == kind).order_by(Channel.priority, Channel.id)
    ).first()


def stored_values(kind: str, channel_id: int | None = None) -> dict[str, str]:
    """What the owner saved. Raises Misconfigured when it cannot be decrypted."""
    wanted = channel_id or first_of(kind)
    row = read_row(select(Channel).where(Channel.id == wanted)) if wanted else None
    return {} if row is None else filled(json.loads(row.config))


def merged_values(kind: str, channel_id: int | None = None) -> dict[str, str]:
    """Saved values over the environment's."""
    return {**env_values(kind), **stored_values(kind, channel_id)}


def every_config(kind: str) -> list[dict[str, str]]:
    """The values of each of the driver's channels that can be read; else the environment's."""
    env, found = env_values(kind), []
    ids = db.session.scalars(select(Channel.id).where(Channel.driver == kind)).all()
    for channel_id in ids:
        try:
            found.append({**env, **stored_values(kind, channel_id)})
        except Misconfigured:
            continue
    return found or [env]


def save(kind: str, values: Mapping[str, str], channel_id: int | None = None) -> dict[str, str]:
    """Store a channel's configuration; returns errors by field, and stores nothing then.

    Without `channel_id` it is the driver's first channel, made when missing. Only what
    differs from the environment is kept, so the rest goes on following it.
    """
    driver, env = REGISTRY.get(kind), env_values(kind)
    errors = driver.check_config({**env, **filled(values)})
    if errors:
        return errors
    row, before = row_of(kind, channel_id)
    kept = {name: value for name, value in filled(values).items() if value != env.get(name)}
    row.config, row.updated_at = json.dumps(kept), wall()
    db.session.flush()
    meters.resume(str(row.id))
    meters.resume(ENV_KEY)
    audit.record("whatsapp.save", f"channel:{row.id}", **difference(driver, before, kept))
    return {}


def row_of(kind: str, channel_id: int | None = None) -> tuple[Channel, dict[str, str]]:
    """A channel's row, made when missing, and what was saved in it.

    A row that cannot be decrypted any more is emptied.
    """
    wanted = channel_id or first_of(kind)
    if wanted is None:
        return create(kind), {}
    try:
        row = read_row(select(Channel).where(Channel.id == wanted))
    except Misconfigured:
        db.session.execute(update(Channel).where(Channel.id == wanted).values(config="{}"))
        row = read_row(select(Channel).where(Channel.id == wanted))
    if row is None:
        return create(kind), {}
    return row, filled(json.loads(row.config))


def create(kind: str, name: str = "") -> Channel:
    """An empty channel that is not in force yet."""
    row = Channel(
        name=name, driver=kind, config="{}", enabled=False, priority=SECOND, updated_at=wall()
    )
    db.session.add(row)
    db.session.flush()
    return row


def difference(
    driver: type[MessageDriver], before: Mapping[str, str], after: Mapping[str, str]
) -> dict[str, Any]:
    """What changed, with secrets as "diubah"."""
    changed = [f for f in driver.fields if before.get(f.name, "") != after.get(f.name, "")]
    return {
        "before": {f.name: "••••" if f.secret else before.get(f.name, "") for f in changed},
        "after": {f.name: "diubah" if f.secret else after.get(f.name, "") for f in changed},
    }


def choose(kind: str, channel_id: int | None = None) -> None:
    """Make this the main channel and the only one in force; stand-ins are added afterwards.

    Raises Misconfigured when it is not complete.
    """
    if kind not in REGISTRY:
        raise Misconfigured("Driver tidak dikenal.")
    errors = REGISTRY.get(kind).check_config(merged_values(kind, channel_id))
    if errors:
        raise Misconfigured(next(iter(errors.values())))
    previous = db.session.scalars(
        select(Channel.driver).where(Channel.enabled).order_by(Channel.priority)
    ).first()
    row, _ = row_of(kind, channel_id)
    db.session.execute(
        update(Channel)
        .values(enabled=Channel.id == row.id)
        .execution_options(synchronize_session=False)
    )
    row.enabled, row.priority = True, MAIN
    db.session.flush()
    db.session.expire_all()
    meters.resume(str(row.id))
    audit.record(
        "whatsapp.choose", "channel", before={"driver": previous or ""}, after={"driver": kind}
    )


def remove(channel_id: int) -> None:
    """Forget a channel that is not in force and never carried a message.

    Raises Misconfigured otherwise.
    """
    row = db.session.get(Channel, channel_id)
    if row is None or row.enabled:
        raise Misconfigured("Saluran yang sedang dipakai tidak dapat dihapus.")
    audit.record("whatsapp.remove", f"channel:{channel_id}", before={"driver": row.driver})
    db.session.execute(delete(Channel).where(Channel.id == channel_id))
