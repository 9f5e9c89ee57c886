"""One project at Pakasir in both versions of its API, and the gateway that speaks to it."""

from portal.infra.http import Http
from portal.payments.gateways.pakasir import Pakasir
from portal.payments.registry import REGISTRY

BASE = "https://app.pakasir.com"


KEY = "xxx123-very-secret-key"


V2 = {"slug": "depodomain", "api_key": KEY}


V1 = {**V2, "api": "v1"}


TXN = "txn_9f2c"


def gateway_of(**config: str) -> Pakasir:
    made = REGISTRY.get("pakasir")(config, Http())
    assert isinstance(made, Pakasir)
    return made
