"""No router: staff wall a line off by hand. Loket only keeps the books.

For an ISP that starts without a connected router. `apply` succeeds at once, because the
decision is all there is; the isolation list tells staff what to do.
"""

from portal.core.driverkit import Health
from portal.network.drivers.base import AccessState, NetworkDriver


class Manual(NetworkDriver):
    """Decisions are recorded, people carry them out."""

    kind = "manual"
    label = "Manual (tanpa router)"

    def state(self, login: str) -> AccessState:
        return "open"

    def apply(self, login: str, wanted: AccessState) -> None:
        return None

    def check(self) -> Health:
        return Health(True, "Tanpa router: isolir dikerjakan petugas.", {})


DRIVER = Manual
