"""Connections that go to a checked address, and answers that meet a deadline.

A name is resolved once for each new connection; every address it has is judged by
`portal/infra/outbound.py`, and the socket connects to one of exactly those, so that no second
look-up can lead elsewhere. Host header, TLS name and certificate stay those of the name. A
kept-alive connection is what it was checked to be: nothing is resolved again for it.
"""

import http.client
import io
import socket
import sys
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from portal.core.driverkit import Misconfigured
from portal.infra import outbound

CONNECT_SECONDS = 4.0
"""For all addresses of a name together."""
ANSWER_SECONDS = 10.0
"""From the last byte asked to the last byte answered, headers included."""
_ADDRESSES = 4

_Place = tuple[Any, Any, int, str, tuple[Any, ...]]


def _resolve(connection: HTTPConnection) -> list[_Place]:
    """Every address of the connection's host, all of them allowed.

    Raises Misconfigured when one is not: a name that also points inside is not to be trusted.
    """
    host = connection._dns_host.strip("[]")
    try:
        found = socket.getaddrinfo(host, connection.port, allowed_gai_family(), socket.SOCK_STREAM)
    except UnicodeError:
        raise Misconfigured(outbound.BAD_ADDRESS) from None
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    for *_, place in found:
        if sentence := outbound.refused(str(place[0])):
            raise Misconfigured(sentence)
    return list(dict.fromkeys(found))[:_ADDRESSES]


def _connect(self: HTTPConnection) -> socket.socket:
    """A socket to the first of the checked addresses that answers."""
    places = _resolve(self)
    failure: OSError = OSError("no address")
    for family, form, protocol, _, place in places:
        try:
            sock = _open(self, family, form, protocol, place, CONNECT_SECONDS / len(places))
        except OSError as error:
            failure = error
            continue
        sys.audit("http.client.connect", self, self.host, self.port)
        return sock
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(self, "timed out") from failure
    raise NewConnectionError(self, "no connection") from failure


def _open(
    connection: HTTPConnection,
    family: Any,
    form: Any,
    protocol: int,
    place: tuple[Any, ...],
    seconds: float,
) -> socket.socket:
    sock = socket.socket(family, form, protocol)
    try:
        for option in connection.socket_options or ():
            sock.setsockopt(*option)
        sock.settimeout(seconds)
        sock.connect(place)
        sock.settimeout(connection.timeout)
    except BaseException:
        sock.close()
        raise
    return sock


class _Timed(io.RawIOBase):
    """A socket's bytes until a deadline: a server that drips its headers meets it too."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = sock.gettimeout()
        self._deadline = time.monotonic() + ANSWER_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answers:
    """What http.client takes for a socket to read an answer from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Timed(self._sock))


def _answer(sock: socket.socket, *args: Any, **options: Any) -> http.client.HTTPResponse:
    return http.client.HTTPResponse(_Answers(sock), *args, **options)  # type: ignore[arg-type]


class _Plain(HTTPConnection):
    _new_conn = _connect
    response_class = staticmethod(_answer)  # type: ignore[assignment]


class _Secure(HTTPSConnection):
    _new_conn = _connect
    response_class = staticmethod(_answer)  # type: ignore[assignment]


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class PinnedAdapter(HTTPAdapter):
    """Requests through checked connections only; without retries or proxies."""

    def __init__(self, size: int) -> None:
        super().__init__(max_retries=0, pool_connections=4, pool_maxsize=size, pool_block=False)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Refused: a proxy would resolve the name itself."""
        raise Misconfigured(outbound.BAD_ADDRESS)
