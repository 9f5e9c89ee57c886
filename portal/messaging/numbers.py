"""Which channel of Meta a callback speaks of: by its account (WABA) and its number.

Both ids stand in each channel's encrypted configuration; there are few channels, so they are read
when a callback needs them.
"""

from dataclasses import dataclass

from sqlalchemy import select

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.messaging import channel_config
from portal.messaging.models_channels import Channel

META = "meta"


@dataclass(frozen=True)
class Numbered:
    """A stored channel of Meta with the ids it sends with."""

    channel_id: int
    account: str
    number: str


def everything() -> list[Numbered]:
    """The stored Meta channels that can be read, in their order."""
    ids = db.session.scalars(
        select(Channel.id).where(Channel.driver == META).order_by(Channel.priority, Channel.id)
    ).all()
    found = []
    for channel_id in ids:
        try:
            values = channel_config.merged_values(META, channel_id)
        except Misconfigured:
            continue
        found.append(
            Numbered(channel_id, values.get("waba_id", ""), values.get("phone_number_id", ""))
        )
    return found


def by_number(number: str) -> int | None:
    """The channel that sends from this phone number id."""
    if not number:
        return None
    return next((one.channel_id for one in everything() if one.number == number), None)


def of_account(account: str) -> list[int]:
    """The channels of a WABA."""
    return [one.channel_id for one in everything() if account and one.account == account]


def perhaps_of(account: str) -> list[int]:
    """The channels of a WABA; without any, those that do not say whose they are."""
    return of_account(account) or [one.channel_id for one in everything() if not one.account]
