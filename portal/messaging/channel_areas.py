"""Which areas and which brand a channel is for. A channel without areas is for everybody.

`routing.py` prefers the channel of the customer's area. Nothing here commits.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from portal.core.driverkit import Misconfigured
from portal.core.recipients import PHONE
from portal.customers.models import Area, Customer
from portal.extensions import db
from portal.infra import audit
from portal.messaging import channel_config
from portal.messaging.models_channels import Channel
from portal.messaging.models_meta import ChannelArea

LONGEST_BRAND = 60


@dataclass(frozen=True)
class Served:
    """An area, its active customers, and the channels in force that are meant for it."""

    id: int
    name: str
    customers: int
    channels: tuple[int, ...]


def by_channel() -> Mapping[int, frozenset[int]]:
    """Channel id -> the areas it is for."""
    found: dict[int, set[int]] = {}
    for row in db.session.execute(select(ChannelArea.channel_id, ChannelArea.area_id)):
        found.setdefault(row.channel_id, set()).add(row.area_id)
    return {channel_id: frozenset(areas) for channel_id, areas in found.items()}


def of_customers(ids: Collection[int]) -> dict[int, int]:
    """Customer id -> area, for those who have one. No query while no channel has areas."""
    if not ids or db.session.scalar(select(ChannelArea.channel_id).limit(1)) is None:
        return {}
    rows = db.session.execute(
        select(Customer.id, Customer.area_id).where(
            Customer.id.in_(ids), Customer.area_id.is_not(None)
        )
    )
    return {row.id: row.area_id for row in rows}


def served() -> list[Served]:
    """Every area with the channels in force meant for it, by name."""
    in_force = set(channel_config.in_force(PHONE))
    channels: dict[int, list[int]] = {}
    for row in db.session.execute(
        select(ChannelArea.area_id, ChannelArea.channel_id).order_by(ChannelArea.channel_id)
    ):
        if row.channel_id in in_force:
            channels.setdefault(row.area_id, []).append(row.channel_id)
    rows = db.session.execute(
        select(Area.id, Area.name, func.count(Customer.id).label("customers"))
        .outerjoin(Customer, (Customer.area_id == Area.id) & (Customer.status == "active"))
        .group_by(Area.id)
        .order_by(Area.name)
    )
    return [
        Served(row.id, row.name, row.customers, tuple(channels.get(row.id, ()))) for row in rows
    ]


def known(typed: Sequence[str]) -> list[int]:
    """The ids of areas that exist, of what a form sent."""
    ids = {int(one) for one in typed if one.isascii() and one.isdigit() and len(one) < 10}
    return sorted(db.session.scalars(select(Area.id).where(Area.id.in_(ids)))) if ids else []


def brand_problem(brand: str) -> str:
    """Why a brand will not do; empty when it will."""
    if len(brand) > LONGEST_BRAND:
        return _("Nama merek paling panjang %(count)s huruf.", count=LONGEST_BRAND)
    return "" if not brand or brand.isprintable() else _("Ada huruf yang tidak boleh dipakai.")


def save(channel_id: int, brand: str, area_ids: Collection[int]) -> None:
    """Let the channel be for this brand and these areas. Audited.

    Raises Misconfigured when the brand will not do or the channel does not exist.
    """
    if problem := brand_problem(brand):
        raise Misconfigured(problem)
    found = db.session.execute(select(Channel.brand).where(Channel.id == channel_id)).one_or_none()
    if found is None:
        raise Misconfigured(_("Saluran tidak ditemukan."))
    before = {"brand": found.brand, "areas": names(by_channel().get(channel_id, frozenset()))}
    after = {"brand": brand, "areas": names(area_ids)}
    if before == after:
        return
    quiet = {"synchronize_session": False}
    db.session.execute(
        update(Channel)
        .where(Channel.id == channel_id)
        .values(brand=brand)
        .execution_options(**quiet)
    )
    db.session.execute(delete(ChannelArea).where(ChannelArea.channel_id == channel_id))
    db.session.add_all(ChannelArea(channel_id=channel_id, area_id=one) for one in set(area_ids))
    db.session.flush()
    db.session.expire_all()
    audit.record("whatsapp.areas", f"channel:{channel_id}", before=before, after=after)


def names(area_ids: Collection[int]) -> list[str]:
    """The areas' names, sorted."""
    if not area_ids:
        return []
    return list(
        db.session.scalars(select(Area.name).where(Area.id.in_(area_ids)).order_by(Area.name))
    )
