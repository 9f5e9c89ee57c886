"""What a customer can choose from for an amount: the methods of every gateway, with fees.

Fees are asked of the gateway with no transaction open and kept for a while; a gateway that
does not answer leaves them unknown, which the page says, and keeps nobody from paying.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app

from portal.core.driverkit import DriverError
from portal.infra.database import end_read
from portal.payments.gateways.base import Form, PaymentGateway
from portal.payments.registry import usable

log = logging.getLogger(__name__)
KEPT_SECONDS, UNKNOWN_SECONDS, MOST = 600, 30, 500
GROUPS: tuple[tuple[Form, ...], ...] = (("qris",), ("va",), ("code",), ("account",), ("page",))


@dataclass(frozen=True)
class Offer:
    """One choice: `key` is what the form posts, amounts are rupiah; `total` None: told later."""

    key: str
    label: str
    form: Form
    fee: int | None
    total: int | None
    unique_codes: int = 0


def offers(amount: int) -> list[list[Offer]]:
    """The choices by group, QRIS first. Raises Misconfigured when nothing is set up."""
    gateways = [one for one in usable() if one.smallest <= amount <= one.largest]
    end_read()
    found = [
        Offer(
            f"{driver.kind}:{way.key}",
            way.label,
            way.form,
            fee,
            None if fee is None else amount + fee,
            driver.unique_codes,
        )
        for driver in gateways
        for told in [{} if driver.by_hand else _fees(driver, amount)]
        for way in driver.methods(amount)
        for fee in [told.get(way.key, way.fee)]
    ]
    groups = [[offer for offer in found if offer.form in forms] for forms in GROUPS]
    return [group for group in groups if group]


def _fees(driver: PaymentGateway, amount: int) -> Mapping[str, int]:
    cache = _cache()
    key = (driver.kind, amount)
    until, known = cache.fees.get(key, (0.0, {}))
    if time.monotonic() < until:
        return known
    try:
        said, seconds = driver.fees(amount), KEPT_SECONDS
    except DriverError as error:
        log.warning("fees of %s are unknown: %s", driver.kind, error.sentence)
        said, seconds = {}, UNKNOWN_SECONDS
    with cache.lock:
        if len(cache.fees) >= MOST:
            cache.fees.clear()
        cache.fees[key] = (time.monotonic() + seconds, said)
    return said


class _Cache:
    def __init__(self) -> None:
        self.fees: dict[tuple[str, int], tuple[float, Mapping[str, int]]] = {}
        self.lock = threading.Lock()


def _cache() -> _Cache:
    """This application's; two applications in one process have gateways of their own."""
    found: _Cache = current_app.extensions.setdefault("loket.fees", _Cache())
    return found
