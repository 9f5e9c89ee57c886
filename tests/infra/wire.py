"""What really happens on the network in a test: a fake phone book and a watch over every
connection this process tries."""

import ipaddress
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

_REAL = socket.getaddrinfo
_watches: list["Watch"] = []


@dataclass
class Watch:
    """Addresses connected to; those that are not this machine are recorded and cut off."""

    tried: list[str] = field(default_factory=list)

    @property
    def inside(self) -> list[str]:
        """Those that are no public addresses."""
        return [host for host in self.tried if not ipaddress.ip_address(host).is_global]


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not _watches or not isinstance(args[1], tuple):
        return
    host = str(args[1][0])
    _watches[-1].tried.append(host)
    if not ipaddress.ip_address(host).is_loopback:
        raise OSError("no way out of a test")


_hooked: list[bool] = []


@contextmanager
def watching() -> Iterator[Watch]:
    """Every connection of this process, as the interpreter itself reports it."""
    if not _hooked:
        # It can never be taken off again; without a watch it does nothing.
        sys.addaudithook(_hook)
        _hooked.append(True)
    _watches.append(Watch())
    try:
        yield _watches[-1]
    finally:
        _watches.pop()


class PhoneBook:
    """A resolver: name -> successive answers; numbers are read as the system reads them."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        self.fallback: list[str] = []

    def __call__(self, host: str, port: int, *args: Any, **rest: Any) -> list[Any]:
        name = host.rstrip(".").lower()
        self.asked.append(name)
        queue = self.answers.get(name)
        if queue is None:
            try:
                return _REAL(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
            except socket.gaierror:
                if not self.fallback:
                    raise
        found = self.fallback if queue is None else queue.pop(0) if len(queue) > 1 else queue[0]
        return [_entry(text, port) for text in found]


def _entry(text: str, port: int) -> tuple[Any, ...]:
    if ":" in text:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (text, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> PhoneBook:
    """No test of this kind asks a real name server."""
    made = PhoneBook()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    return made
