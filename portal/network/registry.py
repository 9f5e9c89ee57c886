"""The network drivers, found by scanning their folder, and a router's own driver."""

import json

from sqlalchemy import select

from portal.core.driverkit import Registry
from portal.extensions import db
from portal.infra.http import Http
from portal.infra.timekeeping import now
from portal.network import drivers
from portal.network.drivers.base import NetworkDriver
from portal.network.models import Router

REGISTRY = Registry(drivers, NetworkDriver)


def driver_for(router: Router | None) -> NetworkDriver:
    """The driver of a router; without one, the manual driver."""
    if router is None:
        return REGISTRY.get("manual")({}, Http())
    return REGISTRY.get(router.driver)(json.loads(router.config), Http())


def default_router() -> Router | None:
    """The router that new lines get."""
    return db.session.scalar(select(Router).where(Router.is_default).limit(1))


def ensure_router(name: str, driver: str, config: dict[str, str]) -> Router:
    """The router of that name with this configuration; the first one becomes the default."""
    router = db.session.scalar(select(Router).where(Router.name == name))
    if router is None:
        router = Router(
            name=name, is_default=default_router() is None, created_at=now(), driver="", config=""
        )
        db.session.add(router)
    router.driver, router.config = driver, json.dumps(config)
    db.session.flush()
    return router
