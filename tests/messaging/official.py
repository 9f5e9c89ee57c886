"""A channel of Meta whose far end is the simulated Graph API, over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from portal.extensions import db
from portal.messaging import channel_config
from portal.simulators import create_app
from tests.simulators.serving import served


class Graph:
    """The simulated account."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, path: str, **data: Any) -> None:
        requests.post(f"{self.url}{path}", json=data, timeout=10).raise_for_status()

    def event(self, name: str, **what: str) -> None:
        """Something Meta does by itself; its callback goes nowhere here."""
        self.post("/templates/event", name=name, **what)

    def listed(self) -> list[dict[str, Any]]:
        self.post("/templates/patience", requests=-1)
        answer = requests.get(
            f"{self.url}/graph/v25.0/2/message_templates?limit=100",
            headers={"Authorization": "Bearer x"},
            timeout=10,
        )
        found: list[dict[str, Any]] = answer.json()["data"]
        return found


@contextmanager
def running(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    review: str = "0.01",
    meanwhile: Callable[[], None] | None = None,
) -> Iterator[Graph]:
    """The simulators on a port of their own; `meanwhile` runs while a request waits there."""
    monkeypatch.setenv("SIM_DB", str(folder / "sim.db"))
    monkeypatch.setenv("PORTAL_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SIM_TEMPLATE_REVIEW", review)
    simulators = create_app()
    if meanwhile is not None:
        simulators.before_request(meanwhile)
    with served(simulators) as url:
        yield Graph(url)


def channel(graph: Graph, **config: str) -> int:
    """A stored channel in force that speaks to it; returns its id."""
    values = {
        "access_token": "EAAx-token",
        "phone_number_id": "1",
        "waba_id": "2",
        "base_url": f"{graph.url}/graph",
        **config,
    }
    assert channel_config.save("meta", values) == {}
    channel_config.choose("meta")
    db.session.commit()
    found = channel_config.first_of("meta")
    db.session.rollback()
    assert found is not None
    return found
