"""Requests under way: the threads that speak to providers and to nobody else."""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from queue import Empty, SimpleQueue
from threading import Thread

from portal.core.driverkit import DriverError, Retryable
from portal.infra.http import Http
from portal.messaging.channels import ActiveChannel
from portal.messaging.drivers.base import MessageDriver, Receipt
from portal.messaging.preparing import Sendout
from portal.messaging.window import Window

log = logging.getLogger(__name__)

MOST = 400
"""Threads of one pump; a driver may allow fewer."""


@dataclass
class Answer:
    """What a thread brought back. `death` is what nobody may catch."""

    sendout: Sendout
    receipt: Receipt | None = None
    error: DriverError | None = None
    milliseconds: int = 0
    death: BaseException | None = None


class Flights:
    """Sends in the air, and their answers as they land."""

    def __init__(self, name: str) -> None:
        self.count = 0
        self._name = name
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._work: SimpleQueue[Sendout | None] = SimpleQueue()
        self._threads = 0
        self._drivers: dict[str, MessageDriver] = {}
        self._under_way: Counter[str] = Counter()
        self._windows: dict[str, Window] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        """The threads, for as long as the pump runs. What is still under way when it fails may
        have arrived and is left to the sweep: nobody may guess."""
        try:
            yield
        finally:
            for _ in range(self._threads):
                self._work.put(None)

    def driver(self, channel: ActiveChannel) -> MessageDriver:
        """One driver object a channel, with its kept connections."""
        if channel.identity not in self._drivers:
            kept = channel.driver().in_flight if channel.driver().keep_alive else 0
            self._drivers[channel.identity] = channel.driver(Http(keep_alive=kept))
        return self._drivers[channel.identity]

    def window(self, channel: ActiveChannel) -> Window:
        """How many may be under way through a channel, as its answers have taught us."""
        if channel.identity not in self._windows:
            self._windows[channel.identity] = Window(min(channel.driver().in_flight, MOST))
        return self._windows[channel.identity]

    def room(self, channel: ActiveChannel, waiting: Sequence[Sendout]) -> int:
        """How many more a channel takes beside those that wait for their slot; of a channel
        on trial one at a time."""
        most = 1 if channel.on_trial else self.window(channel).size
        taken = sum(sendout.channel.key == channel.key for sendout in waiting)
        taken += self._under_way[channel.key]
        return max(min(most - taken, MOST - self.count - len(waiting)), 0)

    def fit(
        self, ready: Sequence[Sendout], waiting: Sequence[Sendout]
    ) -> tuple[list[list[Sendout]], list[Sendout]]:
        """By channel, as many as each takes now; and those that have come too early."""
        by_channel: dict[str, list[Sendout]] = {}
        for sendout in ready:
            by_channel.setdefault(sendout.channel.key, []).append(sendout)
        fitting: list[list[Sendout]] = []
        early: list[Sendout] = []
        for key in sorted(by_channel):
            group = by_channel[key]
            room = self.room(group[0].channel, [*waiting, *chain(*fitting)])
            early += group[room:]
            if room:
                fitting.append(group[:room])
        return fitting, early

    def send(self, sendout: Sendout) -> None:
        """Into the air; its answer will be collected."""
        self.count += 1
        self._under_way[sendout.channel.key] += 1
        if self._threads < min(self.count, MOST):
            self._threads += 1
            Thread(target=self._fly, name=f"send-{self._name}", daemon=True).start()
        self._work.put(sendout)

    def _fly(self) -> None:
        """One thread, until there is no more. A pool with futures costs twice as much."""
        while (sendout := self._work.get()) is not None:
            self._answers.put(_call(sendout))

    def collect(self, patience: float) -> list[Answer]:
        """The answers that are in; waits up to `patience` seconds for the first.

        Raises what ended a thread that was not to be caught.
        """
        found: list[Answer] = []
        try:
            if patience > 0 and self.count:
                found.append(self._answers.get(timeout=patience))
            elif patience > 0:
                time.sleep(patience)
            while True:
                found.append(self._answers.get_nowait())
        except Empty:
            pass
        self.count -= len(found)
        for answer in found:
            if answer.death is not None:
                raise answer.death
        self._learn(found)
        return found

    def _learn(self, answers: Sequence[Answer]) -> None:
        """What the answers say about their channels' windows."""
        before = self._under_way.copy()
        for answer in answers:
            channel, seconds = answer.sendout.channel, answer.milliseconds / 1000
            window = self.window(channel)
            if answer.error is None:
                window.accepted(seconds, before[channel.key])
            elif isinstance(answer.error, Retryable) or answer.error.outcome_unknown:
                window.lost()
            else:
                window.refused(seconds)
            self._under_way[channel.key] -= 1


def _call(sendout: Sendout) -> Answer:
    """Ask the provider; a driver that breaks its contract may still have sent."""
    started = time.monotonic()
    receipt: Receipt | None = None
    error: DriverError | None = None
    try:
        receipt = sendout.driver.send(sendout.outgoing)
    except DriverError as caught:
        error = caught
    except Exception as caught:
        # The exception's text may quote the message: only its class is logged.
        log.error("driver %s crashed: %s", sendout.driver.kind, type(caught).__name__)
        error = Retryable(
            "Driver mengalami kesalahan, hasilnya belum pasti.",
            detail=type(caught).__name__,
            outcome_unknown=True,
        )
    except BaseException as death:
        return Answer(sendout, death=death)
    milliseconds = int((time.monotonic() - started) * 1000)
    return Answer(sendout, receipt, error, milliseconds)
