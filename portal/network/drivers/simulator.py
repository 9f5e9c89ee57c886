"""The development router: the simulators' fake access server over real HTTP.

`GET/PUT /users/<login>` with `{"state": "open|isolated"}`, `GET /sessions/<address>` with
`{"login": …}`. No provider codes beyond HTTP's.
"""

from typing import cast
from urllib.parse import quote

from portal.core.driverkit import ConfigField, Health, Misconfigured, Retryable
from portal.infra.http import Reply
from portal.network.drivers.base import AccessState, NetworkDriver


def _told(reply: Reply) -> AccessState:
    """The state a reply names; raises Retryable for anything else."""
    found = reply.json()
    state = found.get("state") if isinstance(found, dict) else None
    if state not in {"open", "isolated"}:
        raise Retryable("Jawaban router tidak dikenal.")
    return cast(AccessState, state)


class Simulator(NetworkDriver):
    """Fake router for the demo and the tests."""

    kind = "simulator"
    label = "Simulator"
    fields = (
        ConfigField("base_url", "Alamat router simulator", required=True, env="ROUTER_SIM_URL"),
        ConfigField("token", "Token", secret=True, default="dev-router"),
    )

    def _request(self, method: str, path: str, state: str | None = None) -> Reply:
        reply = self.http.request(
            method,
            self.config["base_url"].rstrip("/") + path,
            headers={"X-Router-Token": self.config.get("token") or "dev-router"},
            json=None if state is None else {"state": state},
        )
        if reply.status in {401, 403}:
            raise Misconfigured("Router menolak token.", http_status=reply.status)
        if reply.status != 200:
            raise Retryable("Router sedang bermasalah.", http_status=reply.status)
        return reply

    def state(self, login: str) -> AccessState:
        return _told(self._request("GET", f"/users/{quote(login, safe='')}"))

    def apply(self, login: str, wanted: AccessState) -> None:
        path = f"/users/{quote(login, safe='')}"
        # A 200 alone may come from something in between: only the router's own word counts.
        if _told(self._request("PUT", path, wanted)) != wanted:
            raise Retryable("Router tidak melakukan yang diminta.")
        self._request("POST", f"{path}/disconnect")

    knows_addresses = True

    def whose(self, address: str) -> str:
        found = self._request("GET", f"/sessions/{quote(address, safe='')}").json()
        return str(found.get("login") or "") if isinstance(found, dict) else ""

    def check(self) -> Health:
        self._request("GET", "/users.json")
        return Health(True, "Router simulator menjawab.", {})


DRIVER = Simulator
