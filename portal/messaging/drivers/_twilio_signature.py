"""Twilio's signature of callbacks, as its own validators compute it.

The HMAC of the full public address followed by every parameter's name and value in order of
the names; base64. JSON bodies are signed by their SHA-256 in the address (`bodySHA256`).
SHA-1 with the Auth Token, or what `X-Twilio-Webhooks-Signature-Settings` names (SharedKey).
https://www.twilio.com/docs/usage/security (November 2026)
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from portal.messaging.drivers._reading import same
from portal.messaging.drivers.events import HookRequest

_HASHES = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
_PORTS = {"https": 443, "http": 80}
_FORM = "application/x-www-form-urlencoded"


def is_genuine(request: HookRequest, keys: Sequence[str], public: str = "") -> bool:
    """Whether one of the keys signed this callback. `public` is the address we gave Twilio,
    whose host counts when ours is written differently."""
    given = request.headers.get("X-Twilio-Signature", "").strip()
    hash_name = _algorithm(request.headers.get("X-Twilio-Webhooks-Signature-Settings", ""))
    if not given or hash_name not in _HASHES:
        return False
    signed = _parameters(request)
    if signed is None:
        return False
    return any(
        same(signature(key, address + signed, hash_name), given)
        for key in keys
        for address in _addresses(request.url, public)
    )


def signature(key: str, text: str, hash_name: str = "HMAC_SHA1") -> str:
    """What Twilio would write into its header."""
    made = hmac.new(key.encode(), text.encode("utf-8", "replace"), _HASHES[hash_name])
    return base64.b64encode(made.digest()).decode()


def _algorithm(settings: str) -> str:
    for part in settings.split(","):
        name, _sign, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _parameters(request: HookRequest) -> str | None:
    """What follows the address in the signed text; None when the body is not what was signed."""
    named = parse_qs(urlsplit(request.url).query).get("bodySHA256")
    form = request.headers.get("Content-Type", "").lower().startswith(_FORM)
    if form or (named is None and not request.headers.get("Content-Type")):
        return _sorted_form(request.body)
    if named is None:
        return None
    digest = hashlib.sha256(request.body).hexdigest()
    return "" if same(digest, named[0].lower()) else None


def _sorted_form(body: bytes) -> str:
    """Each name with each of its different values, both in order."""
    pairs = set(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return "".join(name + value for name, value in sorted(pairs))


def _addresses(url: str, public: str) -> Iterator[str]:
    """Twilio signs the address with or without its port, whatever was asked for."""
    for parts in _hosts(urlsplit(url), public):
        try:
            port, host = parts.port, parts.netloc
        except ValueError:
            continue
        if port:
            host = host[: -len(str(port)) - 1]
        yield parts.geturl()
        yield parts._replace(netloc=host).geturl()
        if default := port or _PORTS.get(parts.scheme):
            yield parts._replace(netloc=f"{host}:{default}").geturl()


def _hosts(parts: SplitResult, public: str) -> Iterator[SplitResult]:
    yield parts
    if public:
        given = urlsplit(public)
        yield parts._replace(scheme=given.scheme, netloc=given.netloc)
