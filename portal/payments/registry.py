"""The payment gateways, found by scanning their folder, and the configured one."""

from flask import current_app

from portal.config import Settings
from portal.core.driverkit import Misconfigured, Registry
from portal.infra.http import Http
from portal.payments import gateways
from portal.payments.gateways.base import PaymentGateway

REGISTRY = Registry(gateways, PaymentGateway)
DEFAULT = "pakasir"


def gateway(kind: str = DEFAULT, *, check: bool = True) -> PaymentGateway:
    """A gateway configured from the environment.

    An application may carry its own in `extensions["loket.gateway"]` (tests do).
    Raises Misconfigured with a sentence when keys are missing.
    """
    own: PaymentGateway | None = current_app.extensions.get("loket.gateway")
    if own is not None and own.kind == kind:
        return own
    settings: Settings = current_app.extensions["loket.settings"]
    driver = REGISTRY.get(kind)
    config = {field.name: settings.get(field.env) for field in driver.fields if field.env}
    errors = driver.check_config(config)
    if errors and check:
        raise Misconfigured("Pembayaran online belum disetel: " + " ".join(errors.values()))
    return driver(config, Http())


def usable() -> list[PaymentGateway]:
    """The gateways a customer can pay with: the default first, then those that are set up.

    Raises the default's Misconfigured when there is none at all.
    """
    found, missing = [], None
    for kind in sorted(REGISTRY.all, key=lambda kind: (kind != DEFAULT, kind)):
        try:
            found.append(gateway(kind))
        except Misconfigured as error:
            missing = missing or error
    if missing is not None and not found:
        raise missing
    return found
