"""Applications served over real HTTP for the length of a test, and what they were told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from portal.core.driverkit import DriverError, RateLimited, Retryable
from portal.extensions import db
from portal.infra.inbox import InboundHook
from portal.messaging import word
from portal.messaging.drivers.base import MessageDriver
from tests.contracts.messaging import outgoing

WAIT = 20


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of an application that listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(WAIT)


def until(question: Callable[[], Any], what: str) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {WAIT} s for {what}")


def heard(count: int) -> list[str]:
    """Wait for that many callbacks, act on them as the worker does; the hooks' states.

    Nothing is held open while waiting: on SQLite the portal could not store them.
    """

    def stored() -> list[int]:
        ids = list(db.session.scalars(db.select(InboundHook.id)))
        db.session.rollback()
        return ids if len(ids) >= count else []

    hooks = [db.session.get_one(InboundHook, one) for one in until(stored, f"{count} callbacks")]
    word.process_many(hooks)
    db.session.commit()
    return [hook.state for hook in hooks]


def arrived(sims: str, number: str = "6281234567890") -> list[dict[str, Any]]:
    """What is on that phone, the newest first."""
    found: list[dict[str, Any]] = requests.get(f"{sims}/inbox/{number}.json", timeout=5).json()
    return found


def post(sims: str, path: str, **values: Any) -> Any:
    return requests.post(f"{sims}{path}", json=values, timeout=5).json()


@dataclass(frozen=True)
class Trouble:
    """What a driver makes of a fault: its error, whether the message may have gone, and how many
    did."""

    error: type[DriverError]
    unknown: bool
    gone: int


FAULTS = pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("rate_429", Trouble(RateLimited, unknown=False, gone=0)),
        ("rate_5xx", Trouble(Retryable, unknown=True, gone=0)),
        ("garbage", Trouble(Retryable, unknown=True, gone=0)),
        ("accept_then_500", Trouble(Retryable, unknown=True, gone=1)),
    ],
)
"""Every fault a simulated provider can be switched to, once; for a test that calls `stumbles`."""


def stumbles(sims: str, target: str, fault: str, driver: MessageDriver, says: Trouble) -> None:
    post(sims, "/faults", target=target, **{fault: 1})
    with pytest.raises(says.error) as caught:
        driver.send(outgoing())
    assert caught.value.outcome_unknown is says.unknown
    assert len(arrived(sims)) == says.gone
