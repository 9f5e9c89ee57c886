"""The pump of one lane: claims, starts and records in batches while many requests are under way.

One thread talks to the database, the others (flights.py) only to providers, so no transaction
is ever open while a provider is asked and none is spent on a single message. A message is marked
as `sending` only when a thread is free to send it at once: what a crash leaves uncertain is no
more than what was really under way.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from portal.extensions import db
from portal.infra.checkpoints import checkpoint
from portal.infra.database import end_read
from portal.infra.timekeeping import wall
from portal.messaging import claims, ledger, limits, notices, preparing, sending_hours
from portal.messaging.aftermath import Aftermath
from portal.messaging.claims import Claimed, Ending
from portal.messaging.delivery import Retry
from portal.messaging.flights import Answer, Flights
from portal.messaging.ledger import Outcome
from portal.messaging.outlook import Outlook
from portal.messaging.preparing import Batch, Prepared, Sendout

log = logging.getLogger(__name__)

BATCH = 100
AIR_IS_FULL = 0.5
"""Seconds until a message is looked at again whose own channel, not the main one, has as many
under way as it takes."""
LOOK_AGAIN = 0.15
"""Seconds between two looks for new messages while others are under way."""


_leaving = threading.Event()


def leave_soon() -> None:
    """This process was told to end: nothing more is taken on, what is under way is finished.

    Safe in a signal handler.
    """
    _leaving.set()


class Pump:
    """Works off one lane, or one message, until nothing is due or the time is over."""

    def __init__(
        self, lane: str, *, seconds: float, limit: int | None = None, only: str | None = None
    ) -> None:
        self.lane = lane
        self.deadline = time.monotonic() + seconds
        self.limit = limit
        self.handled = 0
        self.by_hand = False
        self.outlook = Outlook(urgent=lane == "interactive", only=only)
        self.flights = Flights(lane)
        self.scheduled: list[tuple[float, Sendout]] = []
        self.look_at = 0.0
        self.aftermath = Aftermath(Retry())

    def run(self) -> int:
        """Until the lane is empty, the budget spent or nothing may leave; returns how many
        messages were taken."""
        self._begin()
        with self.flights.open():
            while self._turn():
                pass
            self._finish()
        return self.handled

    def run_one(self, message_id: int) -> bool:
        """Just this message, now, for a person who waits; False when it is not ours to send."""
        self.by_hand = True
        self._begin()
        with self.flights.open():
            self.outlook.refresh()
            if not self.outlook.open:
                return False
            claimed = claims.claim_one(message_id)
            self._take(claimed)
            while self.scheduled or self.flights.count:
                self._start_and_record(self.flights.collect(0.05))
        return bool(claimed)

    def _begin(self) -> None:
        self.aftermath = Aftermath(sending_hours.retry())
        db.session.rollback()

    @property
    def cut_short(self) -> bool:
        """Whether it stopped because its budget was over, not for want of work."""
        return self._spent() or time.monotonic() > self.deadline

    def _spent(self) -> bool:
        return self.limit is not None and self.handled >= self.limit

    # One turn ---------------------------------------------------------------------------

    def _turn(self) -> bool:
        """Record what came back, start what is due, claim more. False when all is done."""
        self.outlook.refresh()
        claimed = self._claim()
        self._take(claimed)
        idle = not claimed and not self._due()
        answers = self.flights.collect(self._pause() if idle else 0.0)
        self._start_and_record(answers)
        if claimed or answers or self.flights.count or self.scheduled:
            return True
        if idle and self.look_at > time.monotonic():
            return False  # looked a moment ago: the lane is empty
        return self._wait_for_room()

    def _claim(self) -> list[Claimed]:
        current = time.monotonic()
        if current < self.look_at or current > self.deadline or not self.outlook.open:
            return []
        if _leaving.is_set():
            return []
        room = self._room()
        if not room:
            return []
        claimed = claims.claim(self.lane, room, beside=self.outlook.only_beside)
        if claimed:
            checkpoint("messaging.claimed")
        else:
            self.look_at = current + LOOK_AGAIN
        return claimed

    def _room(self) -> int:
        """How many more this worker may take on."""
        room = self._free()
        if self.limit is not None:
            room = min(room, self.limit - self.handled)
        if room <= 0:
            return 0
        allowed = self.outlook.room()
        return room if allowed.count is None else min(room, allowed.count)

    def _free(self) -> int:
        """How many more its channels may have under way, a batch at most."""
        waiting = self._waiting()
        rooms = [self.flights.room(channel, waiting) for channel in self.outlook.carriers]
        return min(sum(rooms), BATCH)

    def _waiting(self) -> list[Sendout]:
        return [sendout for _due, sendout in self.scheduled]

    def _take(self, claimed: Sequence[Claimed]) -> None:
        """Prepare a claimed batch and give each a slot, or let it go again."""
        if not claimed:
            return
        self.handled += len(claimed)
        self._place(preparing.read(claimed), self.outlook.full)

    def _place(self, batch: Batch, full: frozenset[str]) -> None:
        """Whom a channel turns out to have no room for tries the next one that has."""
        end_read()
        prepared = preparing.prepare(
            batch,
            self.outlook.channels,
            full,
            self.flights.driver,
            self.aftermath.retry,
            by_hand=self.by_hand,
        )
        db.session.rollback()
        checkpoint("messaging.prepared")
        crowded = self._schedule(prepared, full)
        if crowded:
            elsewhere = replace(batch, claimed=[sendout.claimed for sendout in crowded])
            self._place(elsewhere, full | {sendout.channel.key for sendout in crowded})

    def _schedule(self, prepared: Prepared, full: frozenset[str]) -> list[Sendout]:
        """Slots for what is ready; one transaction with everything that ends here. Returns
        those that another channel may have room for."""
        endings, crowded = list(prepared.endings), []
        groups, early = self.flights.fit(prepared.ready, self._waiting())
        endings += [Ending(sendout.claimed, "pending", "", AIR_IS_FULL) for sendout in early]
        monotonic, current = time.monotonic(), wall()
        for group in groups:
            grants = limits.reserve(group[0].channel, [sendout.claimed for sendout in group])
            for sendout, grant in zip(group, grants, strict=True):
                if grant.used_up and self.outlook.others(full, sendout):
                    crowded.append(sendout)
                elif grant.at is None:
                    wait = max(grant.wait, 0.5)
                    endings.append(Ending(sendout.claimed, "pending", grant.reason, wait))
                else:
                    due = monotonic + (grant.at - current).total_seconds()
                    self.scheduled.append((due, sendout))
        endings += [notices.split(message) for message in prepared.split]
        claims.leave(endings)
        db.session.commit()
        self.scheduled.sort(key=lambda entry: entry[0])
        return crowded

    def _due(self) -> bool:
        return bool(self.scheduled) and self.scheduled[0][0] <= time.monotonic()

    def _pause(self) -> float:
        """How long there is nothing to do unless an answer comes."""
        current = time.monotonic()
        moments = [entry[0] for entry in self.scheduled[:1]]
        if self.flights.count and current < self.deadline and self._free():
            moments.append(max(self.look_at, current + 0.005))
        if not moments:
            return 0.05 if self.flights.count else 0.0
        return min(max(min(moments) - current, 0.001), LOOK_AGAIN)

    def _wait_for_room(self) -> bool:
        """Nothing to do now. True when a slot of the main channel opens within the budget."""
        current = time.monotonic()
        if self.outlook.main is None or current > self.deadline or self._spent():
            return False
        if _leaving.is_set():
            return False
        allowed = self.outlook.room()
        if allowed.count is None or allowed.count > 0 or allowed.full_today:
            return False
        if current + allowed.wait > self.deadline:
            return False
        time.sleep(min(max(allowed.wait - limits.HORIZON.total_seconds(), 0.05), 1.0))
        return True

    def _finish(self) -> None:
        """Give back what has not left, wait for what is under way."""
        left, self.scheduled = self._waiting(), []
        claims.leave(Ending(sendout.claimed, "pending", "") for sendout in left)
        db.session.commit()
        while self.flights.count:
            self._start_and_record(self.flights.collect(1.0))

    # Writing down -----------------------------------------------------------------------

    def _start_and_record(self, answers: Sequence[Answer]) -> None:
        """One transaction: the answers that came, and the next sends past the point of no
        return. The bytes leave after the commit."""
        due: list[Sendout] = []
        current = time.monotonic()
        while self.scheduled and self.scheduled[0][0] <= current:
            due.append(self.scheduled.pop(0)[1])
        if not answers and not due:
            return
        if answers:
            checkpoint("messaging.sent")
        outcomes = [self.aftermath.outcome(answer) for answer in answers]
        try:
            self._write(outcomes, due)
        except Exception:
            db.session.rollback()
            log.exception("a batch could not be written down; trying one by one")
            self._write_one_by_one(outcomes, due)

    def _write(self, outcomes: Sequence[Outcome], due: Sequence[Sendout]) -> None:
        ledger.record(outcomes)
        if self.aftermath.tell_meters(outcomes):
            self.outlook.outdate()
        usable = self.outlook.usable
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
            self.flights.send(sendout)

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
                claims.leave([preparing.cannot_be_made(sendout.claimed, self.aftermath.retry)])
                db.session.commit()
