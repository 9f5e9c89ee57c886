"""So many in a while and no more, for each one apart, in bounded memory."""

from pathlib import Path

from flask import Flask

from portal.infra import queue, throttle
from portal.infra.throttle import Shared, Throttle
from tests.faults.server import Server


def test_the_limit_and_its_end() -> None:
    time = [0.0]
    few = Throttle(2, 60, clock=lambda: time[0])
    assert [few.spend("a") for _ in range(3)] == [True, True, False]
    assert few.spend("b"), "another address has its own"
    time[0] = 59.9
    assert not few.spend("a")
    time[0] = 60.0
    assert few.spend("a")


def test_memory_is_bounded() -> None:
    few = Throttle(1, 60)
    for number in range(throttle.MOST_KEYS + 50):
        few.spend(str(number))
    assert len(few._seen) == throttle.MOST_KEYS


def test_processes_count_together_and_alone_while_redis_is_away(app: Flask, tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    try:
        app.extensions["loket.bell"] = queue.Bell(queue.connect(server.url))
        one, other = Shared("test", 3, 60), Shared("test", 3, 60)
        assert [one.spend("a"), other.spend("a"), one.spend("a")] == [True, True, True]
        assert not other.spend("a") and not one.spend("a")
        assert other.spend("b"), "another address has its own"
        name = server.ask().keys("loket:throttle:*")
        assert len(name) == 2 and b"loket:throttle:test:a" not in name
        assert 0 < server.ask().ttl(name[0]) <= 60
    finally:
        server.kill()
    assert [one.spend("a") for _ in range(4)] == [True, True, True, False], "this process alone"
