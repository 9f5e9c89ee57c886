"""Writing a channel: its driver's fields, its name, choosing, making and removing it.

Stand-ins and their order are in `channel_order.py`, limits in `channel_limits.py`. Nothing
here commits.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, delete, select, update

from portal.core.driverkit import Misconfigured
from portal.core.recipients import PHONE
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import wall
from portal.messaging import meters
from portal.messaging.channels import ENV_KEY, env_values, filled, labels, read_row
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.models import MessageAttempt
from portal.messaging.models_channels import Channel, ChannelContact, ChannelMeter
from portal.messaging.models_inbound import MessageTemplate
from portal.messaging.registry import REGISTRY

STEP, SECOND = 10, 100
LONGEST_NAME = 60


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
    differs from the environment is kept, so the rest goes on following it. What is the same
    as before is no new configuration: `updated_at` stays, by which uncertain messages are
    known to have gone out with it.
    """
    driver, env = REGISTRY.get(kind), env_values(kind)
    errors = driver.check_config({**env, **filled(values)})
    if errors:
        return errors
    row, before = row_of(kind, channel_id)
    kept = {name: value for name, value in filled(values).items() if value != env.get(name)}
    if kept != before:
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
        emptied = update(Channel).where(Channel.id == wanted)
        db.session.execute(emptied.values(config="{}", updated_at=wall()))
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


def in_force(reach: str = PHONE) -> list[int]:
    """The ids of the stored channels of that reach in force, the main one first."""
    wanted = select(Channel.id).where(Channel.enabled, _of_reach(reach))
    return list(db.session.scalars(wanted.order_by(Channel.priority, Channel.id)))


def _of_reach(reach: str) -> ColumnElement[bool]:
    """Drivers that are gone count as those for phones."""
    others = [driver.kind for driver in REGISTRY if driver.reach != PHONE]
    if reach == PHONE:
        return Channel.driver.not_in(others)
    return Channel.driver.in_([kind for kind in others if REGISTRY.get(kind).reach == reach])


def choose(kind: str, channel_id: int | None = None) -> None:
    """Make this the main channel in place of the one before, which is no longer in force.

    Who stands in goes on standing in; channels of another reach are left alone: Telegram
    replaces no WhatsApp. Without `channel_id` it is the driver's first channel, made when
    missing. Raises Misconfigured when it is not complete.
    """
    if kind not in REGISTRY:
        raise Misconfigured("Driver tidak dikenal.")
    complete(kind, channel_id)
    reach = REGISTRY.get(kind).reach
    before = in_force(reach)
    previous = (
        db.session.scalar(select(Channel.driver).where(Channel.id == before[0])) if before else ""
    )
    row, _config = row_of(kind, channel_id)
    replaced = before[:1]
    arrange([row.id, *(other for other in before if other not in (row.id, *replaced))], reach)
    meters.resume(str(row.id))
    audit.record("whatsapp.choose", "channel", before={"driver": previous}, after={"driver": kind})


def complete(kind: str, channel_id: int | None) -> None:
    """Raises Misconfigured with what is missing or wrong."""
    errors = REGISTRY.get(kind).check_config(merged_values(kind, channel_id))
    if errors:
        raise Misconfigured(next(iter(errors.values())))


def arrange(order: Sequence[int], reach: str = PHONE) -> None:
    """Exactly these of that reach in force, in this order. Leaves `updated_at`: the
    configurations are the same, and so is who may have an uncertain message."""
    quiet = {"synchronize_session": False}
    db.session.execute(
        update(Channel)
        .where(Channel.enabled, _of_reach(reach), Channel.id.notin_(order))
        .values(enabled=False, priority=SECOND)
        .execution_options(**quiet)
    )
    for place, channel_id in enumerate(order, 1):
        db.session.execute(
            update(Channel)
            .where(Channel.id == channel_id)
            .values(enabled=True, priority=place * STEP)
            .execution_options(**quiet)
        )
    db.session.expire_all()


def name_problem(name: str, channel_id: int | None = None) -> str:
    """Why a channel cannot be called so; empty when it can."""
    if not name:
        return _("Nama saluran wajib diisi.")
    if len(name) > LONGEST_NAME:
        return _("Nama saluran paling panjang %(count)s huruf.", count=LONGEST_NAME)
    if not name.isprintable():
        return _("Ada huruf yang tidak boleh dipakai.")
    others = {label.casefold() for key, label in labels().items() if key != channel_id}
    return _("Nama itu sudah dipakai saluran lain.") if name.casefold() in others else ""


def add(kind: str, name: str) -> int:
    """A new, empty channel under that name, not in force yet; returns its id. Audited.

    Raises Misconfigured when the driver or the name will not do.
    """
    if kind not in REGISTRY:
        raise Misconfigured(_("Driver tidak dikenal."))
    if problem := name_problem(name):
        raise Misconfigured(problem)
    row = create(kind, name)
    audit.record("whatsapp.add", f"channel:{row.id}", after={"driver": kind, "name": name})
    return row.id


def rename(channel_id: int, name: str) -> None:
    """Call a channel otherwise. Raises Misconfigured when the name will not do."""
    if problem := name_problem(name, channel_id):
        raise Misconfigured(problem)
    before = db.session.scalar(select(Channel.name).where(Channel.id == channel_id)) or ""
    if before == name:
        return
    db.session.execute(
        update(Channel)
        .where(Channel.id == channel_id)
        .values(name=name)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()
    audit.record(
        "whatsapp.rename", f"channel:{channel_id}", before={"name": before}, after={"name": name}
    )


def remove(channel_id: int) -> None:
    """Forget a channel that is not in force and never carried a message. Audited.

    Raises Misconfigured with the reason otherwise.
    """
    found = db.session.execute(
        select(Channel.enabled, Channel.driver, Channel.name).where(Channel.id == channel_id)
    ).one_or_none()
    if found is None:
        raise Misconfigured(_("Saluran tidak ditemukan."))
    if found.enabled:
        raise Misconfigured(_("Saluran yang sedang dipakai tidak dapat dihapus."))
    carried = select(MessageAttempt.id).where(MessageAttempt.channel_id == channel_id).limit(1)
    if db.session.scalar(carried) is not None:
        raise Misconfigured(
            _("Saluran ini pernah membawa pesan, jadi tetap disimpan untuk log pesan.")
        )
    key = str(channel_id)
    db.session.execute(delete(ChannelMeter).where(ChannelMeter.key == key))
    db.session.execute(delete(ChannelContact).where(ChannelContact.key == key))
    db.session.execute(delete(MessageTemplate).where(MessageTemplate.channel_id == channel_id))
    db.session.execute(delete(Channel).where(Channel.id == channel_id))
    before = {"driver": found.driver, "name": found.name}
    audit.record("whatsapp.remove", f"channel:{channel_id}", before=before)
