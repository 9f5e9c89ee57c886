"""The addresses of a PHPNuxBill style gateway: where the secret goes, and the legacy GET.

Only path and query are looked at and filled: the host of an address never comes from a message.
"""

import re
from urllib.parse import quote, urlsplit

from portal.messaging.drivers._fields import http_url

_SECRET_FORMS = ("{secret}", ":secret", "[secret]")
# A whole word: `/wallet` is no finished address, and neither is a host that begins with "wa".
_FINISHED = re.compile(r"/ext/|/wa(?![a-z])", re.IGNORECASE)
_PLACES = ("[number]", "[text]")


def get_url(value: str) -> str | None:
    """A check: the legacy address with both of its places behind the host."""
    if sentence := http_url(value):
        return sentence
    parts = urlsplit(value)
    after_host = f"{parts.path}?{parts.query}"
    for place in _PLACES:
        if place not in after_host:
            return f"Alamat harus memuat {place} sesudah nama host."
    return None


def needs_secret(url: str) -> bool:
    """Whether the address has a place for the secret, or gets one appended."""
    return any(form in url for form in _SECRET_FORMS) or not _finished(url)


def _finished(url: str) -> bool:
    try:
        return _FINISHED.search(urlsplit(url).path) is not None
    except ValueError:
        return True


def build_url(url: str, secret: str) -> str:
    """The address to post to. The first form of place found is filled everywhere it stands;
    without any, and unless the path has `/ext/` or `/wa`, `/ext/<secret>/wa` follows the path."""
    url, encoded = url.strip(), quote(secret.strip(), safe="")
    for form in _SECRET_FORMS:
        if form in url:
            return url.replace(form, encoded)
    if _finished(url):
        return url
    base, mark, query = url.partition("#")[0].partition("?")
    return f"{base.rstrip('/')}/ext/{encoded}/wa{mark}{query}"


def get_address(url: str, number: str, text: str) -> str:
    """The legacy address with its places filled, percent-encoded, in one pass."""
    values = {"[number]": quote(number, safe=""), "[text]": quote(text, safe="")}
    return re.sub(r"\[number\]|\[text\]", lambda place: values[place[0]], url.strip())
