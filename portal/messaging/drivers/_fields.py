"""Checks of configuration values that several drivers use; each returns a sentence or None."""

import re
from urllib.parse import urlsplit

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}")
_REFUSED_HEADERS = {"host", "cookie", "connection", "content-length", "content-type"}
_REFUSED_PREFIXES = ("content-", "transfer-", "x-forwarded-", "idempotency-")


def http_url(value: str) -> str | None:
    """An address with http or https and a host."""
    try:
        parts = urlsplit(value)
    except ValueError:  # a bracket in the host
        return "Alamat tidak sah."
    if parts.scheme in {"http", "https"} and parts.hostname:
        return None
    return "Alamat harus diawali http:// atau https://."


def digits(value: str) -> str | None:
    """Digits only."""
    return None if value.isascii() and value.isdigit() else "Hanya angka."


def printable(value: str) -> str | None:
    """What may stand in a header."""
    if value.isascii() and value.isprintable():
        return None
    return "Ada huruf yang tidak boleh dipakai."


def header_name(value: str) -> str | None:
    """A header that does no harm when an owner sets it."""
    name = value.lower()
    if _TOKEN.fullmatch(value) is None:
        return "Nama header tidak sah."
    if name in _REFUSED_HEADERS or name.startswith(_REFUSED_PREFIXES):
        return "Header itu tidak boleh diubah."
    return None
