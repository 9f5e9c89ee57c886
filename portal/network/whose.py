"""Whose line an IP address belongs to, as the router tells; nobody's unless it does.

Only routers that can be asked are asked, with nothing open in the database, and never often: the
question comes from whoever opens a public page. What a visitor claims about themselves in an
address or a header decides nothing here.
"""

import logging
import time
from collections import OrderedDict

from flask import current_app
from sqlalchemy import select

from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra.throttle import Shared, Throttle
from portal.network.models import Router
from portal.network.registry import driver_for
from portal.subscriptions.models import Subscription

log = logging.getLogger(__name__)
PER_ADDRESS, PER_MINUTE = 6, 60
"""Questions a minute, for one address and for this process together."""
REMEMBERED_SECONDS = 60
MOST_REMEMBERED = 500


class _Asked:
    """Per application: what was answered a moment ago, and how often was asked."""

    def __init__(self) -> None:
        self.logins: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self.each = Shared("whose-line", PER_ADDRESS, 60)
        self.all = Throttle(PER_MINUTE, 60)

    def remembered(self, address: str) -> str | None:
        at, login = self.logins.get(address, (0.0, ""))
        return login if at and time.monotonic() - at < REMEMBERED_SECONDS else None

    def remember(self, address: str, login: str) -> None:
        self.logins[address] = (time.monotonic(), login)
        if len(self.logins) > MOST_REMEMBERED:
            self.logins.popitem(last=False)


def line_at(address: str) -> Subscription | None:
    """The line whose running session has this address, or None. Ends the open transaction."""
    asked: _Asked = current_app.extensions.setdefault("loket.whose", _Asked())
    login = asked.remembered(address)
    if login is None:
        if not (asked.each.spend(address) and asked.all.spend("")):
            return None
        login = _ask(address)
        asked.remember(address, login)
    if not login:
        return None
    return db.session.scalar(select(Subscription).where(Subscription.login == login))


def _ask(address: str) -> str:
    """The login the first router names that knows the address."""
    drivers = [driver_for(router) for router in db.session.scalars(select(Router))]
    db.session.rollback()
    for driver in drivers:
        if not driver.knows_addresses:
            continue
        try:
            if login := driver.whose(address):
                return login
        except DriverError as error:
            log.info("a router could not be asked for an address (%s)", type(error).__name__)
    return ""
