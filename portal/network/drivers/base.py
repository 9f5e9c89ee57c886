"""The contract of network drivers: idempotent, addressed by a stable service login."""

from collections.abc import Mapping
from typing import Literal

from portal.core.driverkit import Driver, Health
from portal.infra.http import Http

AccessState = Literal["open", "isolated"]


class NetworkDriver(Driver):
    """Speaks to one router. Every method may be repeated without harm.

    Raises the error classes of `portal.core.driverkit`.
    """

    def __init__(self, config: Mapping[str, str], http: Http) -> None:
        self.config = config
        self.http = http

    def state(self, login: str) -> AccessState:
        """What the router does with this login now."""
        raise NotImplementedError

    def apply(self, login: str, wanted: AccessState) -> None:
        """Wall the login off or open it, ending its running session."""
        raise NotImplementedError

    knows_addresses = False
    """Whether `whose` can be asked at all."""

    def whose(self, address: str) -> str:
        """The service login whose running session has this IP address now; empty for none."""
        return ""

    def check(self) -> Health:
        """Whether the router answers."""
        raise NotImplementedError
