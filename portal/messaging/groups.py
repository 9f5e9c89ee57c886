"""The WhatsApp groups the paired numbers are in, asked of the providers."""

from dataclasses import dataclass, field

from portal.core.driverkit import Capability, DriverError
from portal.extensions import db
from portal.infra.http import Http
from portal.messaging import channels
from portal.messaging.drivers.base import Group


@dataclass(frozen=True)
class Found:
    """What one channel answered: its groups, or why it could not say."""

    label: str
    groups: list[Group] = field(default_factory=list)
    problem: str = ""


def ask() -> list[Found]:
    """Every channel in force that can write to groups. No transaction is open meanwhile."""
    able = [
        channel
        for channel in channels.in_order()
        if not channel.problem and Capability.GROUP in channel.driver().capabilities
    ]
    db.session.rollback()
    found = []
    for channel in able:
        try:
            groups = sorted(channel.driver(Http()).groups(), key=lambda one: one.name.casefold())
            found.append(Found(channel.label, groups))
        except DriverError as error:
            found.append(Found(channel.label, problem=error.sentence))
    return found
