"""The pump of one lane: claims, starts and records in batches while many requests are under way.

One thread talks to the database, the others only to providers, so no transaction is ever open
while a provider is asked and none is spent on a single message. A message is marked as
`sending` only when a thread is free to send it at once: what a crash leaves uncertain is no
more than what was really under way.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from random import SystemRandom

from portal.core.driverkit import DriverError, Retryable
from portal.extensions import db
from portal.infra.checkpoints import checkpoint
from portal.infra.database import end_read
from portal.infra.http import Http
from portal.infra.timekeeping import wall
from portal.messaging import (
    channels,
    claims,
    ledger,
    limits,
    meters,
    notices,
    preparing,
    sending_hours,
    service,
)
from portal.messaging.channels import ActiveChannel
from portal.messaging.claims import Claimed, Ending
from portal.messaging.delivery import Retry, Step, after_error
from portal.messaging.drivers.base import MessageDriver, Receipt
from portal.messaging.ledger import Outcome
from portal.messaging.preparing import Prepared, Sendout

log = logging.getLogger(__name__)
_random = SystemRandom()

BATCH = 100
MOST_IN_FLIGHT = 256
LOOK_AGAIN = 0.15
"""Seconds between two looks for new messages while others are under way."""
WELL_TOLD = 5.0
"""Seconds between two notes that a channel is well."""
CHANNELS_FRESH = 0.5
"""Seconds for which the channels are not read again."""


@dataclass
class _Answer:
    """What a thread brought back."""

    sendout: Sendout
    receipt: Receipt | None = None
    error: DriverError | None = None
    milliseconds: int = 0
    death: BaseException | None = None


@dataclass
class _View:
    """The channels in force, as read a moment ago."""

    channels: Sequence[ActiveChannel] = ()
    full: set[str] = field(default_factory=set)
    enabled: bool = True
    read_at: float = float("-inf")


class Pump:
    """Works off one lane, or one message, until nothing is due or the time is over."""

    def __init__(self, lane: str, *, seconds: float, limit: int | None = None) -> None:
        self.lane = lane
        self.deadline = time.monotonic() + seconds
        self.limit = limit
        self.handled = 0
        self.by_hand = False
        self.view = _View()
        self.retry = Retry()
        self.scheduled: list[tuple[float, Sendout]] = []
        self.answers: SimpleQueue[_Answer] = SimpleQueue()
        self.flying = 0
        self.look_at = 0.0
        self.threads = ThreadPoolExecutor(MOST_IN_FLIGHT, thread_name_prefix=f"send-{lane}")
        self.drivers: dict[str, MessageDriver] = {}
        self.well_at: dict[str, float] = {}

    def run(self) -> int:
        """Until the lane is empty, the budget spent or nothing may leave; returns how many
        messages were taken."""
        self.retry = sending_hours.retry()
        db.session.rollback()
        with self._hands():
            while self._turn():
                pass
            self._finish()
        return self.handled

    def run_one(self, message_id: int) -> bool:
        """Just this message, now, for a person who waits; False when it is not ours to send."""
        self.by_hand = True
        self.retry = sending_hours.retry()
        with self._hands():
            self._look_at_channels()
            if not self._open():
                return False
            claimed = claims.claim_one(message_id)
            self._take(claimed)
            while self.scheduled or self.flying:
                self._start_and_record(self._collect(0.05))
        return bool(claimed)

    @contextmanager
    def _hands(self) -> Iterator[None]:
        """The threads, for as long as the pump runs. A pump that fails leaves its messages to
        the sweep: what is under way may have arrived, and nobody may guess."""
        try:
            yield
        finally:
            db.session.rollback()
            self.threads.shutdown(wait=False, cancel_futures=True)

    # One turn ---------------------------------------------------------------------------

    def _turn(self) -> bool:
        """Record what came back, start what is due, claim more. False when all is done."""
        self._look_at_channels()
        claimed = self._claim()
        self._take(claimed)
        idle = not claimed and not self._due()
        answers = self._collect(self._pause() if idle else 0.0)
        self._start_and_record(answers)
        if claimed or answers or self.flying or self.scheduled:
            return True
        if idle and self.look_at > time.monotonic():
            return False  # looked a moment ago: the lane is empty
        return self._wait_for_room()

    def _look_at_channels(self) -> None:
        if time.monotonic() - self.view.read_at < CHANNELS_FRESH:
            return
        enabled = channels.sending_enabled()
        found = channels.in_order() if enabled else []
        full = {channel.key for channel in found if limits.room(channel, urgent=False).full_today}
        db.session.rollback()
        self.view = _View(found, full, enabled, time.monotonic())

    def _open(self) -> bool:
        return self.view.enabled and any(channel.usable for channel in self.view.channels)

    def _main(self) -> ActiveChannel | None:
        """The channel most of the lane will use."""
        urgent = self.lane == "interactive"
        usable = [channel for channel in self.view.channels if channel.usable]
        free = [c for c in usable if urgent or c.key not in self.view.full]
        return free[0] if free else None

    def _room(self) -> int:
        """How many more this worker may take on."""
        main = self._main()
        if main is None:
            return 0
        most = 1 if main.on_trial else min(main.driver().in_flight, MOST_IN_FLIGHT)
        room = most - self.flying - len(self.scheduled)
        if self.limit is not None:
            room = min(room, self.limit - self.handled)
        if room <= 0:
            return 0
        allowed = limits.room(main, self.lane == "interactive")
        db.session.rollback()
        if allowed.count is not None:
            room = min(room, allowed.count)
        return max(min(room, BATCH), 0)

    def _claim(self) -> list[Claimed]:
        current = time.monotonic()
        if current < self.look_at or current > self.deadline or not self._open():
            return []
        room = self._room()
        if not room:
            return []
        claimed = claims.claim(self.lane, room)
        if claimed:
            checkpoint("messaging.claimed")
        else:
            self.look_at = current + LOOK_AGAIN
        return claimed

    def _take(self, claimed: Sequence[Claimed]) -> None:
        """Prepare a claimed batch and give each a slot, or let it go again."""
        if not claimed:
            return
        self.handled += len(claimed)
        batch = preparing.read(claimed)
        end_read()
        prepared = preparing.prepare(
            batch,
            self.view.channels,
            self.view.full,
            self._driver,
            self.retry,
            by_hand=self.by_hand,
        )
        db.session.rollback()
        checkpoint("messaging.prepared")
        self._schedule(prepared)

    def _schedule(self, prepared: Prepared) -> None:
        """Slots for what is ready; one transaction with everything that ends here."""
        endings = list(prepared.endings)
        by_channel: dict[str, list[Sendout]] = {}
        for sendout in prepared.ready:
            by_channel.setdefault(sendout.channel.key, []).append(sendout)
        monotonic, current = time.monotonic(), wall()
        for key in sorted(by_channel):
            group = by_channel[key]
            grants = limits.reserve(group[0].channel, [sendout.claimed for sendout in group])
            for sendout, grant in zip(group, grants, strict=True):
                if grant.at is None:
                    wait = max(grant.wait, 0.5)
                    endings.append(Ending(sendout.claimed, "pending", grant.reason, wait))
                else:
                    due = monotonic + (grant.at - current).total_seconds()
                    self.scheduled.append((due, sendout))
        endings += [_split(message) for message in prepared.split]
        claims.leave(endings)
        db.session.commit()
        self.scheduled.sort(key=lambda entry: entry[0])

    def _driver(self, channel: ActiveChannel) -> MessageDriver:
        """One driver object a channel and pump, with its connections."""
        if channel.identity not in self.drivers:
            kept = channel.driver().in_flight if channel.driver().keep_alive else 0
            self.drivers[channel.identity] = channel.driver(Http(keep_alive=kept))
        return self.drivers[channel.identity]

    def _due(self) -> bool:
        return bool(self.scheduled) and self.scheduled[0][0] <= time.monotonic()

    def _pause(self) -> float:
        """How long there is nothing to do unless an answer comes."""
        current = time.monotonic()
        moments = [entry[0] for entry in self.scheduled[:1]]
        if self.flying and current < self.deadline:
            moments.append(max(self.look_at, current + 0.005))
        if not moments:
            return 0.05 if self.flying else 0.0
        return min(max(min(moments) - current, 0.001), LOOK_AGAIN)

    def _collect(self, patience: float) -> list[_Answer]:
        """The answers that are in; waits up to `patience` for the first."""
        found: list[_Answer] = []
        try:
            if patience > 0 and self.flying:
                found.append(self.answers.get(timeout=patience))
            elif patience > 0:
                time.sleep(patience)
            while True:
                found.append(self.answers.get_nowait())
        except Empty:
            return found

    # Writing down -----------------------------------------------------------------------

    def _start_and_record(self, answers: Sequence[_Answer]) -> None:
        """One transaction: the answers that came, and the next sends past the point of no
        return. The bytes leave after the commit."""
        due: list[Sendout] = []
        current = time.monotonic()
        while self.scheduled and self.scheduled[0][0] <= current:
            due.append(self.scheduled.pop(0)[1])
        if not answers and not due:
            return
        for answer in answers:
            if answer.death is not None:
                raise answer.death
        if answers:
            checkpoint("messaging.sent")
        outcomes = [self._outcome(answer) for answer in answers]
        self.flying -= len(answers)
        try:
            self._write(outcomes, due)
        except Exception:
            db.session.rollback()
            log.exception("a batch could not be written down; trying one by one")
            self._write_one_by_one(outcomes, due)

    def _write(self, outcomes: Sequence[Outcome], due: Sequence[Sendout]) -> None:
        ledger.record(outcomes)
        self._tell_meters(outcomes)
        usable = {c.identity for c in self.view.channels if c.usable}
        going = [sendout for sendout in due if sendout.channel.identity in usable]
        # Their channel was paused or changed since: they choose again.
        claims.leave(
            Ending(sendout.claimed, "pending", "")
            for sendout in due
            if sendout.channel.identity not in usable
        )
        started = ledger.start(going, wall())
        db.session.commit()
        if outcomes:
            checkpoint("messaging.recorded")
        if started:
            checkpoint("messaging.started")
        for sendout in started:
            self.flying += 1
            self.threads.submit(_call, sendout, self.answers)

    def _write_one_by_one(self, outcomes: Sequence[Outcome], due: Sequence[Sendout]) -> None:
        """One poisoned row must not hold up the others."""
        for outcome in outcomes:
            try:
                self._write([outcome], ())
            except Exception:
                db.session.rollback()
                log.exception("message %s: its answer was not recorded", outcome.sendout.claimed.id)
        for sendout in due:
            try:
                self._write((), [sendout])
            except Exception:
                db.session.rollback()
                log.exception("message %s could not be started", sendout.claimed.id)
                claims.leave([preparing.cannot_be_made(sendout.claimed, self.retry)])
                db.session.commit()

    def _outcome(self, answer: _Answer) -> Outcome:
        sendout = answer.sendout
        if answer.error is None:
            step = Step("accepted", "accepted")
        else:
            step = after_error(
                answer.error,
                sendout.claimed.kind,
                sendout.claimed.attempts + 1,
                sendout.channel.ambiguity,
                self.retry,
                _random,
            )
        return Outcome(sendout, answer.receipt, answer.error, answer.milliseconds, step)

    def _tell_meters(self, outcomes: Sequence[Outcome]) -> None:
        """What the channels made of it: successes, failures, wishes to rest."""
        by_channel: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            by_channel.setdefault(outcome.sendout.channel.key, []).append(outcome)
        for key in sorted(by_channel):
            group = by_channel[key]
            channel = group[0].sendout.channel
            bad = [o for o in group if o.step.outcome in {"retryable", "unknown"}]
            good = sum(o.step.outcome in {"accepted", "permanent"} for o in group)
            if bad or channel.on_trial or self._told(channel):
                meters.record(channel, good, len(bad), bad[-1].step.reason if bad else "")
            for outcome in group:
                if outcome.step.rest:
                    step = outcome.step
                    meters.pause(channel, step.rest, step.reason, step.rest_seconds)
                    self.view.read_at = float("-inf")
                    break

    def _told(self, channel: ActiveChannel) -> bool:
        """Whether it is time to write down that the channel is well."""
        current = time.monotonic()
        if current - self.well_at.get(channel.key, float("-inf")) < WELL_TOLD:
            return False
        self.well_at[channel.key] = current
        return True

    # The end ----------------------------------------------------------------------------

    def _wait_for_room(self) -> bool:
        """Nothing to do now. True when a slot of the main channel opens within the budget."""
        main = self._main()
        current = time.monotonic()
        if main is None or current > self.deadline or self._spent():
            return False
        allowed = limits.room(main, self.lane == "interactive")
        db.session.rollback()
        if allowed.count is None or allowed.count > 0 or allowed.full_today:
            return False
        if current + allowed.wait > self.deadline:
            return False
        time.sleep(min(max(allowed.wait - limits.HORIZON.total_seconds(), 0.05), 1.0))
        return True

    def _spent(self) -> bool:
        return self.limit is not None and self.handled >= self.limit

    def _finish(self) -> None:
        """Wait for what is under way, give back what is not."""
        left = [sendout for _due, sendout in self.scheduled]
        self.scheduled = []
        claims.leave(Ending(sendout.claimed, "pending", "") for sendout in left)
        db.session.commit()
        while self.flying:
            self._start_and_record(self._collect(1.0))


def _call(sendout: Sendout, answers: "SimpleQueue[_Answer]") -> None:
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
        answers.put(_Answer(sendout, death=death))
        return
    milliseconds = int((time.monotonic() - started) * 1000)
    answers.put(_Answer(sendout, receipt, error, milliseconds))


def _split(message: Claimed) -> Ending:
    """A group that no channel in force can write to: its stand-ins are told instead."""
    children = notices.stand_ins(message)
    if not children:
        return Ending(message, "failed", "Saluran ini tidak dapat menulis ke grup.")
    service.queue_many(children)
    words = f"Saluran tidak dapat menulis ke grup; disampaikan ke {len(children)} petugas."
    return Ending(message, "cancelled", words)
