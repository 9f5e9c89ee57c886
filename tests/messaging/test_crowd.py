"""A crowd of messages before a provider with few workers: the pump does not overrun it."""

import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask

from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent, Retryable
from portal.extensions import db
from portal.messaging import sending, service
from portal.messaging.drivers.base import OutgoingMessage, Receipt
from portal.messaging.registry import REGISTRY
from portal.messaging.service import NewMessage
from tests.messaging.fakes import Provider, registered
from tests.messaging.parts import in_force, raising, stand_in
from tests.messaging.rows import states

MESSAGES = 200
WORKERS = 8
SERVED_IN = 0.15
PATIENCE = 1.5
"""Seconds; all at once would need 200 / 8 * 0.15 = 3.75."""


class FewWorkers(Provider):
    """Serves so many at once; the others wait, and at some time their callers give up."""

    def __init__(self, workers: int = WORKERS) -> None:
        super().__init__()
        self.workers = threading.Semaphore(workers)
        self.under_way = self.peak = self.timeouts = 0
        self._counting = threading.Lock()

    def accept(self, message: OutgoingMessage) -> Receipt:
        self._count(1)
        try:
            return self._serve(message)
        finally:
            self._count(-1)

    def _serve(self, message: OutgoingMessage) -> Receipt:
        if not self.workers.acquire(timeout=PATIENCE):
            self.timeouts += 1
            raise Retryable("Tidak menjawab.", outcome_unknown=True)
        try:
            time.sleep(SERVED_IN)
        finally:
            self.workers.release()
        return super().accept(message)

    def _count(self, change: int) -> None:
        with self._counting:
            self.under_way += change
            self.peak = max(self.peak, self.under_way)


def broadcast(count: int) -> None:
    service.queue_many(
        [
            NewMessage("broadcast", f"+62899{n:07d}", f"b:{n}", {"text": "Halo"}, batch="b:1")
            for n in range(count)
        ]
    )
    db.session.commit()


@pytest.fixture
def few(provider: Provider) -> FewWorkers:
    """The main channel, whose driver would allow everything at once."""
    REGISTRY.get("recorder").in_flight = 400
    slow = FewWorkers()
    provider.always = slow.accept
    return slow


@pytest.fixture
def behind(app: Flask) -> Iterator[FewWorkers]:
    """A stand-in whose driver allows three at once."""
    slow = FewWorkers(workers=1)
    with registered(slow, "second", idempotent=False):
        REGISTRY.get("second").in_flight = 3
        stand_in("second")
        yield slow


def test_a_broadcast_does_not_overrun_a_provider_with_few_workers(few: FewWorkers) -> None:
    broadcast(MESSAGES)
    sending.drain("bulk")

    assert few.timeouts == 0
    assert WORKERS <= few.peak <= MESSAGES // 3
    assert set(states()) == {"accepted"}
    assert not in_force("recorder").paused


def test_what_the_main_channel_may_not_carry_does_not_overrun_the_next(
    provider: Provider, behind: FewWorkers, clock: FixedClock
) -> None:
    provider.always = raising(Permanent("Di luar 24 jam.", elsewhere=True))
    broadcast(12)
    for _ in range(12):
        sending.drain("bulk")
        clock.move(seconds=1)

    assert set(states()) == {"accepted"}
    assert len(behind.arrived) == 12
    assert behind.peak <= 3
