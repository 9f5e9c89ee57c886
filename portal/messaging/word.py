"""What a stored callback of a messaging provider sets off: the one table of events.

Statuses of many callbacks are merged together (`receipts.py`); anything else goes to whoever is
named in `_TAKERS`. All of it may happen twice to the same callback, so whoever takes an event
must not mind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from portal.infra import inbox
from portal.infra.inbox import InboundHook
from portal.infra.timekeeping import wall
from portal.messaging import account_word, event_counts, inbound, receipts, template_word
from portal.messaging.drivers.events import (
    AccountEvent,
    DeliveryEvent,
    DeviceEvent,
    HookEvent,
    InboundMessage,
    TemplateEvent,
    UnknownEvent,
)
from portal.messaging.receipts import Scope
from portal.messaging.registry import REGISTRY

PARKED = timedelta(minutes=5)
"""How long a status waits for its message: the sender may not have stored the id yet."""

_TAKERS: dict[type, Callable[[str, Scope, Any], None]] = {
    InboundMessage: inbound.take,
    TemplateEvent: template_word.take,
    AccountEvent: account_word.take,
    DeviceEvent: account_word.take_device,
}


@dataclass
class _Told:
    """A callback, read."""

    hook: InboundHook
    scope: Scope
    events: list[HookEvent] = field(default_factory=list)

    def statuses(self) -> list[DeliveryEvent]:
        return [event for event in self.events if isinstance(event, DeliveryEvent)]


def process_many(hooks: Sequence[InboundHook]) -> None:
    """Act on a batch of stored callbacks, each finished or put off by itself; the caller commits.

    What a callback cannot be read for is a fault of that one.
    """
    told = [read for hook in hooks if (read := _read(hook)) is not None]
    foreign: set[int] = set()
    for scope in {one.scope for one in told}:
        statuses = [event for one in told if one.scope == scope for event in one.statuses()]
        foreign |= {id(event) for event in receipts.apply(statuses, scope)}
    for one in told:
        _act(one)
        _close(one, sum(id(event) in foreign for event in one.statuses()))


def _read(hook: InboundHook) -> _Told | None:
    try:
        scope = receipts.scope_of(hook.source)
        driver = REGISTRY.get(scope.driver)({}, _no_http())
        return _Told(hook, scope, driver.parse_hook(bytes(hook.body)))
    except Exception as error:
        inbox.postpone(hook, f"kesalahan: {type(error).__name__}")
        return None


def _no_http() -> Any:
    """Parsing needs no connection."""
    return None


def _act(told: _Told) -> None:
    for event in told.events:
        taker = _TAKERS.get(type(event))
        if taker is not None:
            taker(told.hook.source, told.scope, event)


def _close(told: _Told, foreign: int) -> None:
    """Done with; or kept a while for messages we may not know yet. One foreign id does not hold
    up the rest of a batch, and merging again is harmless."""
    if foreign and wall() - told.hook.received_at < PARKED:
        inbox.postpone(told.hook, f"{foreign} status belum dikenal")
        return
    odd = [event.name for event in told.events if isinstance(event, UnknownEvent)]
    event_counts.add(told.hook.source, odd)
    others = len(told.events) - len(told.statuses())
    words = f"{len(told.statuses())} status, {foreign} tidak dikenal"
    inbox.finish(told.hook, "processed", f"{words}, {others} kabar lain" if others else words)
