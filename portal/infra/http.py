"""The one door to other people's servers: deadlines, size cap, redaction, error classes.

No redirects, no retries, no proxies from the environment. Connections are kept only for who
asks for it: a stale pooled socket turns a send into an ambiguous reset. What is certain
(nothing was sent) and what is not (it may have been) are kept apart here, once, for all drivers.
"""

import json as jsonlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from portal.core.driverkit import Misconfigured, Retryable

CONNECT_SECONDS = 4
READ_SECONDS = 8
TOTAL_SECONDS = 10
MAX_BYTES = 256 * 1024


@dataclass(frozen=True)
class Reply:
    """A whole answer, read and closed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The parsed body, or None when it is not JSON."""
        try:
            return jsonlib.loads(self.text)
        except (ValueError, RecursionError):
            return None


Sleeper = Callable[[], float]


class Http:
    """What a driver gets to speak with; raises only our own error classes.

    `keep_alive` is how many connections may be kept open for reuse, by any number of
    threads; 0 opens a fresh one each time.
    """

    def __init__(self, monotonic: Sleeper = time.monotonic, *, keep_alive: int = 0) -> None:
        self._monotonic = monotonic
        self._kept = _adapter(keep_alive) if keep_alive else None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        auth: tuple[str, str] | None = None,
    ) -> Reply:
        """Send one request and read its whole answer.

        Raises Misconfigured for an address that cannot be called, Retryable when nothing
        was sent, and Retryable with `outcome_unknown` when it may have arrived.
        Messages never hold the URL: some providers want their key in it.
        """
        deadline = self._monotonic() + TOTAL_SECONDS
        said = {"User-Agent": "Loket", "Accept": "*/*", **(headers or {})}
        if self._kept is None:
            said["Connection"] = "close"
        with _own_errors():
            asked = requests.Request(
                method, url, headers=said, params=params, json=json, data=data, auth=auth
            ).prepare()
            if urlsplit(asked.url or "").scheme not in {"http", "https"}:
                raise requests.exceptions.InvalidSchema
            # The adapter, not a session: no redirects, no cookies, nothing from the environment.
            adapter = self._kept or _adapter(1)
            try:
                response = adapter.send(
                    asked, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS), proxies={}
                )
                body = self._read(response, deadline)
            finally:
                if self._kept is None:
                    adapter.close()
        return Reply(response.status_code, response.headers, body)

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        """Read the body up to the cap; past the deadline the outcome is unknown.

        One receive at a time, so that a server that drips bytes meets the deadline too.
        """
        body = bytearray()
        try:
            while chunk := response.raw.read1(16 * 1024, decode_content=True):
                body += chunk
                if len(body) > MAX_BYTES or self._monotonic() > deadline:
                    raise Retryable(
                        "Jawaban layanan terlalu besar atau terlalu lambat.", outcome_unknown=True
                    )
        except BaseException:
            # What is left of the answer must not be read as the next one's.
            response.raw.close()
            raise
        response.raw.release_conn()
        return bytes(body)


def _adapter(size: int) -> HTTPAdapter:
    """Connections without retries of their own."""
    return HTTPAdapter(max_retries=0, pool_connections=4, pool_maxsize=size, pool_block=False)


@contextmanager
def _own_errors() -> Iterator[None]:
    """The library's exceptions become ours, without the URL they carry."""
    try:
        yield
    except (
        requests.exceptions.MissingSchema,
        requests.exceptions.InvalidSchema,
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidHeader,
    ):
        raise Misconfigured("Alamat atau header layanan tidak sah.") from None
    except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError) as error:
        raise Retryable("Layanan tidak dapat dihubungi.", detail=_name(error)) from None
    except requests.exceptions.ConnectionError as error:
        raise _connection_error(error) from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise Retryable(
            "Jawaban layanan terputus, hasilnya belum pasti.",
            detail=_name(error),
            outcome_unknown=True,
        ) from None


def _connection_error(error: requests.exceptions.ConnectionError) -> Retryable:
    # urllib3 says "New connection" / "resolve" only before the first byte was sent.
    inner = repr(error)
    never_sent = "NewConnectionError" in inner or "NameResolutionError" in inner
    return Retryable(
        "Layanan tidak dapat dihubungi."
        if never_sent
        else "Sambungan putus di tengah jalan, hasilnya belum pasti.",
        detail=_name(error),
        outcome_unknown=not never_sent,
    )


def _name(error: Exception) -> str:
    return type(error).__name__
