"""Contacts kept at a PHPNuxBill style gateway: written and removed through the channel in force."""

import secrets
from collections.abc import Mapping, Sequence

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.infra.http import Http
from portal.messaging import channels
from portal.messaging.drivers.base import Receipt
from portal.messaging.drivers.gateway import Gateway

WITHOUT_GATEWAY = "Tidak ada saluran gateway (POST) yang sedang dipakai."


def upsert(contacts: Sequence[Mapping[str, str]]) -> Receipt:
    """Make or change contacts, as {name, phone}. Raises DriverError."""
    return _gateway().upsert_contacts(contacts, _key())


def delete(contacts: Sequence[Mapping[str, str]]) -> Receipt:
    """Remove contacts, as {phone} or {id}. Raises DriverError."""
    return _gateway().delete_contacts(contacts, _key())


def _gateway() -> Gateway:
    """The first one in force; no transaction is open while it is spoken to."""
    found = (c for c in channels.in_order() if c.kind == Gateway.kind and not c.problem)
    drivers = [channel.driver(Http()) for channel in found]
    db.session.rollback()
    for driver in drivers:
        if isinstance(driver, Gateway) and driver.config["mode"] == "post":
            return driver
    raise Misconfigured(WITHOUT_GATEWAY)


def _key() -> str:
    """Each command is a new one: the same contact may be written again tomorrow."""
    return f"contacts-{secrets.token_hex(16)}"
