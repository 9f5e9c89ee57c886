"""The bell itself on a Redis that takes connections and never answers: a second, once."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.infra import queue
from tests.faults.server import Server

PATIENCE = 1.3


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "var")
    server.start()
    yield server
    server.thaw()
    server.kill()


@pytest.fixture
def extra_env(redis_server: Server) -> dict[str, str]:
    return {"REDIS_URL": redis_server.url}


@pytest.mark.parametrize("known", [True, False], ids=["open connection", "first connection"])
def test_a_frozen_redis_costs_a_second_and_then_nothing(
    app: Flask, redis_server: Server, known: bool
) -> None:
    bell = queue.bell()
    if known:
        assert bell.ring(queue.DRAIN_INTERACTIVE)
    redis_server.freeze()
    for least, most in ((0.5, PATIENCE), (0.0, 0.05)):
        started = time.monotonic()
        assert not bell.ring(queue.DRAIN_INTERACTIVE)
        assert least <= time.monotonic() - started <= most
    started = time.monotonic()
    assert not bell.alive()
    assert time.monotonic() - started <= PATIENCE
