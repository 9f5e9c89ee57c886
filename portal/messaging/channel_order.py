"""Which channels are in force and in which order: the main one first, then who stands in.

Replacing the main channel is `channel_config.choose`, pauses are in `meters.py`. Nothing
here commits.
"""

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from portal.core.driverkit import Misconfigured
from portal.core.recipients import PHONE
from portal.extensions import db
from portal.infra import audit
from portal.messaging import meters
from portal.messaging.channel_config import arrange, complete, in_force
from portal.messaging.channels import labels, reach_of_kind
from portal.messaging.models_channels import Channel
from portal.messaging.registry import REGISTRY


def promote(channel_id: int) -> None:
    """Make it the main one; the others stand in behind it. Raises Misconfigured.

    Of channels that do not write to phones only one is in force: a person has written to one
    bot, and no other may write back.
    """
    reach = _reach(channel_id)
    before = in_force(reach)
    _enter(channel_id, before)
    behind = [other for other in before if other != channel_id] if reach == PHONE else []
    _rearrange([channel_id, *behind], before, reach)


def stand_in(channel_id: int) -> None:
    """Let it stand in, last in line; the main one then is the next. Raises Misconfigured
    when it is not complete or there is no main one to stand in for."""
    if _reach(channel_id) != PHONE:
        raise Misconfigured(_("Saluran ini tidak dapat menggantikan saluran lain."))
    before = in_force()
    others = [other for other in before if other != channel_id]
    if not others:
        raise Misconfigured(
            _("Belum ada saluran utama yang tersimpan. Jadikan satu saluran utama dahulu.")
        )
    _enter(channel_id, before)
    _rearrange([*others, channel_id], before)


def move(channel_id: int, steps: int) -> None:
    """Up (negative) or down in the line; nothing happens at its ends."""
    before = in_force()
    if channel_id not in before:
        raise Misconfigured(_("Saluran itu tidak sedang dipakai."))
    order = [other for other in before if other != channel_id]
    order.insert(max(before.index(channel_id) + steps, 0), channel_id)
    if order != before:
        _rearrange(order, before)


def stop(channel_id: int) -> None:
    """Send nothing more through it; the others move up. Raises Misconfigured."""
    reach = _reach(channel_id)
    before = in_force(reach)
    if channel_id not in before:
        raise Misconfigured(_("Saluran itu tidak sedang dipakai."))
    _rearrange([other for other in before if other != channel_id], before, reach)


def _reach(channel_id: int) -> str:
    kind = db.session.scalar(select(Channel.driver).where(Channel.id == channel_id))
    return reach_of_kind(kind or "")


def _enter(channel_id: int, before: Sequence[int]) -> None:
    """A channel that comes into force is complete and begins without its old pause."""
    kind = db.session.scalar(select(Channel.driver).where(Channel.id == channel_id))
    if kind is None or kind not in REGISTRY:
        raise Misconfigured(_("Saluran tidak ditemukan."))
    complete(kind, channel_id)
    if channel_id not in before:
        meters.resume(str(channel_id))


def _rearrange(order: Sequence[int], before: Sequence[int], reach: str = PHONE) -> None:
    arrange(order, reach)
    names = labels()
    audit.record(
        "whatsapp.order",
        "channel",
        before={"order": [names[channel_id] for channel_id in before]},
        after={"order": [names[channel_id] for channel_id in order]},
    )
