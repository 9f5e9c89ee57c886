"""Answers as small as they travel: gzip for pages and for the static files.

A cheap phone on a slow cell waits for bytes, not for us. Pages are squeezed as they leave; a
static file once, then from memory under its tag. Where a proxy in front squeezes too, it sees
`Content-Encoding` and leaves the answer alone. What is squeezed already (PDF, PNG) stays.

A secret in a squeezed page can be guessed from its length by whoever can make the browser ask
for it again and again with words of their own (BREACH). Cookies here are not sent with requests
of other sites, and the length is blurred by a name of random length in gzip's header.
"""

import gzip
import io
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from flask import Response, request

TEXTS = (
    "text/",
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "image/svg+xml",
)
LEAST = 600
"""Bytes; below that the header of gzip costs more than it saves."""
MOST_KEPT = 64
"""Static files kept squeezed; there are a few dozen."""
Start = Callable[..., Any]


def wanted(accepts: str) -> bool:
    """Whether the browser takes gzip."""
    return any(
        part.partition(";")[0].strip() == "gzip" and "q=0" not in part.replace(" ", "").split(";")
        for part in accepts.lower().split(",")
    )


def squeezed(body: bytes, level: int = 6, blur: bool = True) -> bytes:
    """gzip; with `blur` its length says nothing exact about the text's."""
    name = "a" * (1 + secrets.randbelow(64)) if blur else ""
    into = io.BytesIO()
    with gzip.GzipFile(name, "wb", level, into, mtime=0) as file:
        file.write(body)
    return into.getvalue()


def answer(response: Response) -> Response:
    """For `after_request`: the page squeezed, when that helps and the browser can read it."""
    if response.direct_passthrough or response.is_streamed or response.status_code in {204, 304}:
        return response
    if not (response.mimetype or "").startswith(TEXTS) or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) >= LEAST and wanted(request.headers.get("Accept-Encoding", "")):
        response.set_data(squeezed(body))
        response.headers["Content-Encoding"] = "gzip"
    return response


class SqueezedFiles:
    """WSGI: the static files below `/static/`, squeezed once and kept in memory."""

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self._inner = inner
        self._kept: dict[tuple[str, str], bytes] = {}

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        plain = environ.get("REQUEST_METHOD") != "GET" or "HTTP_RANGE" in environ
        if plain or not path.startswith("/static/"):
            return self._inner(environ, start)
        said: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], *_more: Any) -> Any:
            said[:] = [status, headers]

        body = self._inner(environ, note)
        status, headers = said
        names = {name.lower(): value for name, value in headers}
        kind = names.get("content-type", "")
        if not status.startswith("200") or not kind.startswith(TEXTS):
            start(status, headers)
            return body
        headers = [*headers, ("Vary", "Accept-Encoding")]
        if "content-encoding" in names or not wanted(environ.get("HTTP_ACCEPT_ENCODING", "")):
            start(status, headers)
            return body
        small = self._small(path, names.get("etag") or names.get("last-modified", ""), body)
        kept = [one for one in headers if one[0].lower() != "content-length"]
        start(status, [*kept, ("Content-Encoding", "gzip"), ("Content-Length", str(len(small)))])
        return [small]

    def _small(self, path: str, tag: str, body: Iterable[bytes]) -> bytes:
        key = (path, tag)
        if key not in self._kept:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = squeezed(b"".join(body), 9, blur=False)
        close = getattr(body, "close", None)
        if close is not None:
            close()
        return self._kept[key]
