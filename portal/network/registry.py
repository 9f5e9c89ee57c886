"""The network drivers, found by scanning their folder, and a router's own driver."""

import json

from sqlalchemy import select, update

from portal.core.driverkit import Registry
from portal.extensions import db
from portal.infra import audit
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
    return REGISTRY.get(router.driver)(config_of(router), Http())


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


def save_router(
    router: Router | None, name: str, driver: str, config: dict[str, str], *, is_default: bool
) -> Router:
    """Add a router or change one; audited without its secrets. The only default one stays it."""
    before = {} if router is None else _told(router)
    if router is None:
        router = Router(name=name, driver=driver, config="{}", created_at=now())
        db.session.add(router)
    if is_default or default_router() is None:
        db.session.execute(update(Router).values(is_default=False))
        router.is_default = True
    secret_changed = before != {} and config_of(router) != config
    router.name, router.driver, router.config = name, driver, json.dumps(config)
    db.session.flush()
    after = _told(router)
    if before != after or secret_changed:
        if secret_changed:
            after["config"] = "diubah"
        audit.record(
            "router.change" if before else "router.add",
            f"router:{router.id}",
            before=before,
            after=after,
        )
    return router


def config_of(router: Router) -> dict[str, str]:
    """The stored values, secrets among them; never for a page."""
    found: dict[str, str] = json.loads(router.config)
    return found


def _told(router: Router) -> dict[str, object]:
    return {"name": router.name, "driver": router.driver, "default": router.is_default}
