"""After the answers: what follows for each message, and what the channels learn from it."""

import time
from collections.abc import Sequence
from dataclasses import replace
from random import SystemRandom

from portal.messaging import meters
from portal.messaging.channels import ActiveChannel
from portal.messaging.delivery import MAY_HAVE_ARRIVED, Retry, Step, after_error
from portal.messaging.flights import Answer
from portal.messaging.ledger import Outcome
from portal.messaging.masking import storable

_random = SystemRandom()

WELL_TOLD = 5.0
"""Seconds between two notes that a channel is well."""


class Aftermath:
    """Applies the policy with the owner's patience; remembers what the meters were told."""

    def __init__(self, retry: Retry) -> None:
        self.retry = retry
        self._well_at: dict[str, float] = {}

    def outcome(self, answer: Answer) -> Outcome:
        """The answer with the step that follows from it."""
        sendout, receipt = answer.sendout, answer.receipt
        if receipt is not None and receipt.provider_id is not None:
            receipt = replace(receipt, provider_id=storable(receipt.provider_id))
        if answer.error is None:
            by_hand = receipt is not None and receipt.state == "manual"
            step = Step("manual" if by_hand else "accepted", "accepted")
        else:
            step = after_error(
                answer.error,
                sendout.claimed.kind,
                sendout.claimed.attempts + 1,
                sendout.channel.ambiguity,
                self.retry,
                _random,
            )
            step = replace(step, reason=storable(step.reason))
        if step.state == "failed" and sendout.claimed.bound_to:
            # An earlier try may have arrived: this one's refusal says nothing about that.
            step = replace(step, state="unknown", reason=f"{step.reason} {MAY_HAVE_ARRIVED}")
        return Outcome(sendout, receipt, answer.error, answer.milliseconds, step)

    def tell_meters(self, outcomes: Sequence[Outcome]) -> bool:
        """Successes, failures and wishes to rest, by channel, in the caller's transaction.

        True when a channel may be in another condition now.
        """
        by_channel: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            by_channel.setdefault(outcome.sendout.channel.key, []).append(outcome)
        changed = False
        for key in sorted(by_channel):
            changed = self._tell(by_channel[key]) or changed
        return changed

    def _tell(self, group: Sequence[Outcome]) -> bool:
        channel = group[0].sendout.channel
        bad = [o for o in group if o.step.outcome in {"retryable", "unknown"}]
        good = sum(o.step.outcome in {"accepted", "permanent"} for o in group)
        if bad or channel.on_trial or self._well(channel):
            meters.record(channel, good, len(bad), _words(bad[-1]) if bad else "")
        rest = next((o for o in group if o.step.rest), None)
        if rest is not None:
            meters.pause(channel, rest.step.rest, _words(rest), rest.step.rest_seconds)
        return bool(rest is not None or bad or channel.on_trial)

    def _well(self, channel: ActiveChannel) -> bool:
        """Whether it is time to write down that the channel is well."""
        current = time.monotonic()
        if current - self._well_at.get(channel.key, float("-inf")) < WELL_TOLD:
            return False
        self._well_at[channel.key] = current
        return True


def _words(outcome: Outcome) -> str:
    """What the provider did, without what that means for this one message."""
    return storable(outcome.error.sentence) if outcome.error else ""
