"""The one door to other people's servers: deadlines, size cap, redaction, error classes.

No redirects, no retries, no proxies from the environment; which addresses may be called is
judged in `outbound.py` and held to in `pinned.py`. Connections are kept only for who asks for
it: a stale pooled socket turns a send into an ambiguous reset. What is certain (nothing was
sent) and what is not (it may have been) are kept apart here, once, for all drivers.
"""

import json as jsonlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from portal.core.driverkit import Misconfigured, Retryable
from portal.infra import outbound
from portal.infra.outbound import literal_problem as literal_problem
from portal.infra.pinned import CONNECT_SECONDS, PinnedAdapter

READ_SECONDS = 8
TOTAL_SECONDS = 10
UPLOAD_SECONDS = 40
"""For a request that carries files; with the message after it still below a lease."""
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
        self._kept = PinnedAdapter(keep_alive) if keep_alive else None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        auth: tuple[str, str] | None = None,
        largest: int = MAX_BYTES,
    ) -> Reply:
        """Send one request and read its whole answer, of `largest` bytes at most. `files` makes
        it a multipart upload, as {field: (filename, bytes, mime)}.

        Raises Misconfigured for an address that cannot or may not be called, Retryable when
        nothing was sent, and Retryable with `outcome_unknown` when it may have arrived.
        Messages never hold the URL: some providers want their key in it.
        """
        asked = requests.Request(
            method, url, params=params, json=json, data=data, files=files, auth=_as_bytes(auth)
        )
        deadline = self._monotonic() + (UPLOAD_SECONDS if files else TOTAL_SECONDS)
        writing = UPLOAD_SECONDS if files else CONNECT_SECONDS
        with _own_errors():
            asked.headers = _said(headers)
            return self._exchange(_prepared(asked), writing, deadline, largest)

    def _exchange(
        self, asked: requests.PreparedRequest, writing: float, deadline: float, largest: int
    ) -> Reply:
        """Through the adapter, not a session: no redirects, no cookies, nothing from the
        environment. `writing`: seconds for what is sent."""
        adapter = self._kept or PinnedAdapter(1)
        if self._kept is None:
            asked.headers["Connection"] = "close"
        try:
            seconds = (writing, READ_SECONDS)
            response = adapter.send(asked, stream=True, timeout=seconds, proxies={})
            body = self._read(response, deadline, largest)
        finally:
            if self._kept is None:
                adapter.close()
        return Reply(response.status_code, response.headers, body)

    def _read(self, response: requests.Response, deadline: float, largest: int) -> bytes:
        """Read the body up to the cap; past the deadline the outcome is unknown.

        One receive at a time, so that a server that drips bytes meets the deadline too.
        """
        body = bytearray()
        try:
            while chunk := response.raw.read1(16 * 1024, decode_content=True):
                body += chunk
                if len(body) > largest or self._monotonic() > deadline:
                    raise Retryable(
                        "Jawaban layanan terlalu besar atau terlalu lambat.", outcome_unknown=True
                    )
        except BaseException:
            # What is left of the answer must not be read as the next one's.
            response.raw.close()
            raise
        response.raw.release_conn()
        return bytes(body)


def _said(headers: Mapping[str, str] | None) -> dict[str, str]:
    outbound.check_headers(headers or {})
    return {"User-Agent": "Loket", "Accept": "*/*", **(headers or {})}


def _as_bytes(auth: tuple[str, str] | None) -> Any:
    """In UTF-8: as text the library would take Latin-1 and fail over other letters."""
    return None if auth is None else tuple(part.encode() for part in auth)


def _prepared(request: requests.Request) -> requests.PreparedRequest:
    """The request as it will leave, its address judged as typed and as it became."""
    outbound.check_url(request.url)
    asked = request.prepare()
    if asked.url != request.url:
        outbound.check_url(asked.url or "")
    return asked


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
        urllib3.exceptions.LocationValueError,
        UnicodeError,
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
