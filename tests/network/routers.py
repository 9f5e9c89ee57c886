"""Routers for tests: one in this process that can be held in the middle of a command, and the
simulator over real HTTP."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import update
from werkzeug.serving import make_server

from portal.core.driverkit import DriverError, Health
from portal.extensions import db
from portal.network import registry
from portal.network.drivers.base import AccessState, NetworkDriver
from portal.simulators import create_app as create_simulators
from portal.subscriptions.models import Subscription

WAIT = 20


class Board:
    """What a router does now, what it was told in which order, and where it is held."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.commands: list[tuple[str, str]] = []
        self.faults: list[DriverError] = []
        self.before: Callable[[str, str], None] = lambda login, wanted: None

    def apply(self, login: str, wanted: AccessState) -> None:
        self.commands.append((login, wanted))
        self.before(login, wanted)
        if self.faults:
            raise self.faults.pop(0)
        self.states[login] = wanted


@contextmanager
def in_process(kind: str = "board") -> Iterator[Board]:
    """A router whose driver is found like any other, for the length of a test."""
    board = Board()

    class Driver(NetworkDriver):
        def state(self, login: str) -> AccessState:
            return board.states.get(login, "open")  # type: ignore[return-value]

        def apply(self, login: str, wanted: AccessState) -> None:
            board.apply(login, wanted)

        def check(self) -> Health:
            return Health(True, "siap", {})

    Driver.kind = Driver.label = kind
    registry.REGISTRY.all[kind] = Driver
    try:
        yield board
    finally:
        registry.REGISTRY.all.pop(kind)


@contextmanager
def simulator(folder: Path, monkeypatch: Any) -> Iterator[str]:
    """The simulators over real HTTP; yields the router's address."""
    monkeypatch.setenv("SIM_DB", str(folder / "sim.db"))
    monkeypatch.setenv("APP_ENV", "test")
    server = make_server("127.0.0.1", 0, create_simulators(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/router"
    finally:
        server.shutdown()
        thread.join(WAIT)


def behind(line: Subscription, driver: str, config: dict[str, str] | None = None) -> None:
    """Put a line behind a router of this driver."""
    router = registry.ensure_router("uji", driver, config or {})
    db.session.execute(
        update(Subscription).where(Subscription.id == line.id).values(router_id=router.id)
    )
    db.session.commit()


class Beside:
    """A function in a thread with an application context of its own; its fault is raised again."""

    def __init__(self, app: Flask, work: Callable[[], Any]) -> None:
        self.app, self.work = app, work
        self.result: Any = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        with self.app.app_context():
            try:
                self.result = self.work()
            except BaseException as error:
                self.error = error
            finally:
                db.session.rollback()
                db.session.remove()

    def join(self) -> Any:
        self.thread.join(WAIT)
        assert not self.thread.is_alive(), "still waiting for somebody"
        if self.error is not None:
            raise self.error
        return self.result
