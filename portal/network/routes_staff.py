"""`/admin/routers`: which routers there are, how they are, what they have not done yet."""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select, update

from portal.core.driverkit import DriverError
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra import queue
from portal.infra.database import end_read
from portal.infra.timekeeping import now, wall
from portal.network import overview, registry
from portal.network.drivers.base import NetworkDriver
from portal.network.models import NetworkAccess, Router
from portal.subscriptions.models import Subscription
from portal.web.access import staff
from portal.web.forms import read_config
from portal.web.htmx import go, page
from portal.web.pagination import paginate

bp = Blueprint("routers", __name__, url_prefix="/admin/routers")
LONGEST_NAME = 80


@bp.get("")
@staff("view")
def index() -> Any:
    """Every router, and the lines that are out of step with theirs."""
    found = paginate(
        select(Subscription, Customer, NetworkAccess, Router.name)
        .join(NetworkAccess, NetworkAccess.subscription_id == Subscription.id)
        .join(Customer, Customer.id == Subscription.customer_id)
        .outerjoin(Router, Router.id == Subscription.router_id)
        .where(overview.differs())
        .order_by(NetworkAccess.wanted_since, Subscription.id)
    )
    return page(
        "routers/index.html",
        routers=overview.routers(),
        page=found,
        labels={driver.kind: driver.label for driver in registry.REGISTRY},
        at=now(),
    )


@bp.post("/<int:router_id>/test")
@staff("install")
def test(router_id: int) -> Any:
    """Ask the router whether it answers; nothing is changed."""
    router = db.session.get(Router, router_id) or abort(404)
    name, driver = router.name, registry.driver_for(router)
    end_read()
    try:
        health = driver.check()
        sentence, level = health.sentence, "ok" if health.ok else "bad"
    except DriverError as error:
        sentence, level = error.sentence, "bad"
    return go(url_for("routers.index"), f"{name}: {sentence}", level)


@bp.post("/lines/<int:subscription_id>/retry")
@staff("install")
def retry(subscription_id: int) -> Any:
    """Ask the router about one line now instead of at its next turn."""
    db.session.execute(
        update(NetworkAccess)
        .where(
            NetworkAccess.subscription_id == subscription_id, NetworkAccess.lease_token.is_(None)
        )
        .values(next_at=wall())
    )
    queue.ring(queue.APPLY_ACCESS, subscription_id)
    db.session.commit()
    return go(url_for("routers.index"), _("Router diminta lagi sekarang."))


@bp.get("/new")
@staff("settings")
def new() -> Any:
    """An empty form; the driver is chosen first."""
    return _form(None, {}, {})


@bp.get("/<int:router_id>")
@staff("settings")
def edit(router_id: int) -> Any:
    """One router; its secrets stay where they are."""
    router = db.session.get(Router, router_id) or abort(404)
    typed = {"name": router.name, "driver": router.driver, **registry.config_of(router)}
    return _form(router, typed, {}, is_default=router.is_default)


@bp.post("/new")
@staff("settings", fresh=True)
def create() -> Any:
    """Add one."""
    return _save(None)


@bp.post("/<int:router_id>")
@staff("settings", fresh=True)
def save(router_id: int) -> Any:
    """Change one."""
    return _save(db.session.get(Router, router_id) or abort(404))


def _driver(kind: str) -> type[NetworkDriver]:
    found = registry.REGISTRY.all
    return found[kind] if kind in found else next(iter(registry.REGISTRY))


def _form(
    router: Router | None,
    typed: dict[str, str],
    errors: dict[str, str],
    *,
    is_default: bool = False,
) -> Any:
    driver = _driver(request.values.get("driver") or typed.get("driver", ""))
    kept = registry.config_of(router) if router and router.driver == driver.kind else {}
    return page(
        "routers/form.html",
        status=422 if errors else 200,
        router=router,
        driver=driver,
        drivers=list(registry.REGISTRY),
        typed=typed,
        errors=errors,
        kept={field.name for field in driver.fields if kept.get(field.name)},
        is_default=is_default,
    )


def _save(router: Router | None) -> Any:
    form = request.form
    kind, name = form.get("driver", ""), form.get("name", "").strip()
    if kind not in registry.REGISTRY:
        abort(400)
    driver = _driver(kind)
    kept = registry.config_of(router) if router and router.driver == kind else {}
    config = read_config(driver.fields, form, kept)
    errors = dict(driver.check_config(config))
    taken = db.session.scalar(select(Router.id).where(Router.name == name))
    if not 1 <= len(name) <= LONGEST_NAME:
        errors["name"] = _("Nama wajib diisi, paling banyak 80 huruf.")
    elif taken is not None and (router is None or taken != router.id):
        errors["name"] = _("Nama router ini sudah dipakai.")
    is_default = bool(form.get("is_default"))
    if errors:
        secrets = {field.name for field in driver.fields if field.secret}
        shown = {key: value for key, value in config.items() if key not in secrets}
        return _form(router, {"name": name, **shown}, errors, is_default=is_default)
    registry.save_router(router, name, kind, config, is_default=is_default)
    db.session.commit()
    return go(url_for("routers.index"), _("Router disimpan."))
