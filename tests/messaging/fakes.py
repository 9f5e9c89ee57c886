"""A message driver at our own seam: it keeps what it was given and answers as told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from portal.core.driverkit import Capability, Health
from portal.messaging.drivers.base import MessageDriver, OutgoingMessage, Receipt
from portal.messaging.registry import REGISTRY

Behaviour = Callable[[OutgoingMessage], Receipt]


class Killed(BaseException):
    """The process dies here: nobody catches it, nothing is recorded."""


class Provider:
    """The far end: what arrived, by key, and how it answers the next sends."""

    def __init__(self) -> None:
        self.arrived: list[OutgoingMessage] = []
        self.answers: list[Behaviour] = []
        self.always: Behaviour = self.accept
        self._lock = threading.Lock()

    def accept(self, message: OutgoingMessage) -> Receipt:
        self.keep(message)
        return Receipt(f"id-{message.key}", '{"ok": true}', 200)

    def keep(self, message: OutgoingMessage) -> None:
        with self._lock:
            self.arrived.append(message)

    def send(self, message: OutgoingMessage) -> Receipt:
        with self._lock:
            answer = self.answers.pop(0) if self.answers else self.always
        return answer(message)

    def keys(self) -> list[str]:
        return [message.key for message in self.arrived]


class Deduping(Provider):
    """A provider that keeps one copy per key, as it promises."""

    def keep(self, message: OutgoingMessage) -> None:
        with self._lock:
            if all(message.key != kept.key for kept in self.arrived):
                self.arrived.append(message)


@contextmanager
def registered(provider: Provider, kind: str, *, idempotent: bool) -> Iterator[Provider]:
    """Make the provider reachable as a driver of that kind, for the length of a test."""
    abilities = {Capability.TEXT, Capability.TEMPLATE, Capability.DELIVERY_HOOK}
    if idempotent:
        abilities.add(Capability.IDEMPOTENT)

    class Recorder(MessageDriver):
        capabilities = frozenset(abilities)
        echoes_key = True

        def payload(self, message: OutgoingMessage) -> object:
            return {"to": message.to, "text": message.text, "params": list(message.params)}

        def send(self, message: OutgoingMessage) -> Receipt:
            return provider.send(message)

        def check(self) -> Health:
            return Health(True, "siap", {})

    Recorder.kind, Recorder.label = kind, kind
    REGISTRY.all[kind] = Recorder
    try:
        yield provider
    finally:
        REGISTRY.all.pop(kind)
