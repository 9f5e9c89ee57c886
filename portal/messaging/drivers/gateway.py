"""A WhatsApp gateway in the manner of PHPNuxBill: JSON POST, or the legacy GET with a URL.

POST: `{secret}`, `:secret` or `[secret]` in the URL is replaced; an address whose path has
neither `/ext/` nor `/wa` gets `/ext/<secret>/wa` appended. The same idempotency key goes in
header and body and stays the same across retries; the gateway's own retries are switched
off, so that only one side repeats. GET: `[number]` and `[text]` must be in the URL.
Answers are judged in `_gateway_answers.py`.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from portal.core.driverkit import Capability, ConfigField, Health
from portal.messaging.drivers import _gateway_answers
from portal.messaging.drivers.base import Limits, MessageDriver, OutgoingMessage, Receipt

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}")
_REFUSED_HEADERS = {"host", "cookie", "connection", "content-length", "content-type"}
_REFUSED_PREFIXES = ("content-", "transfer-", "x-forwarded-", "idempotency-")


def _http_url(value: str) -> str | None:
    try:
        parts = urlsplit(value)
    except ValueError:  # a bracket in the host
        return "Alamat tidak sah."
    if parts.scheme in {"http", "https"} and parts.hostname:
        return None
    return "Alamat harus diawali http:// atau https://."


def _get_url(value: str) -> str | None:
    if sentence := _http_url(value):
        return sentence
    parts = urlsplit(value)
    after_host = f"{parts.path}?{parts.query}"
    for place in ("[number]", "[text]"):
        if place not in after_host:
            return f"Alamat harus memuat {place} sesudah nama host."
    return None


def _header_name(value: str) -> str | None:
    name = value.lower()
    if _TOKEN.fullmatch(value) is None:
        return "Nama header tidak sah."
    if name in _REFUSED_HEADERS or name.startswith(_REFUSED_PREFIXES):
        return "Header itu tidak boleh diubah."
    return None


def _printable(value: str) -> str | None:
    return (
        None if value.isascii() and value.isprintable() else "Ada huruf yang tidak boleh dipakai."
    )


class Gateway(MessageDriver):
    """Any gateway that understands PHPNuxBill's POST or GET."""

    kind = "gateway"
    label = "Gateway WhatsApp (POST/GET)"
    capabilities = frozenset({Capability.TEXT, Capability.IDEMPOTENT})
    # Most gateways hold a number paired by QR: people were banned at 2 s and at 7 s of spacing.
    limits = Limits(per_minute=20, per_day=1000, spacing_min=1, spacing_max=4)
    fields = (
        ConfigField(
            "mode",
            "Metode",
            default="post",
            choices=(("post", "POST (disarankan)"), ("get", "GET (hanya teks)")),
        ),
        ConfigField(
            "url",
            "Alamat gateway (POST)",
            "Misalnya https://host/ext/{secret}/wa",
            required=True,
            shown_when=("mode", ("post",)),
            check=_http_url,
        ),
        ConfigField("secret", "Secret", secret=True, shown_when=("mode", ("post",))),
        ConfigField(
            "auth",
            "Autentikasi",
            default="none",
            choices=(
                ("none", "Tanpa"),
                ("basic", "Basic"),
                ("header", "Header"),
                ("jwt", "JWT (Bearer)"),
            ),
            shown_when=("mode", ("post",)),
        ),
        ConfigField(
            "username",
            "Nama pengguna",
            required=True,
            shown_when=("auth", ("basic",)),
            check=_printable,
        ),
        ConfigField(
            "password", "Kata sandi", secret=True, required=True, shown_when=("auth", ("basic",))
        ),
        ConfigField(
            "header_name",
            "Nama header",
            required=True,
            shown_when=("auth", ("header",)),
            check=_header_name,
        ),
        ConfigField(
            "token",
            "Token",
            secret=True,
            required=True,
            shown_when=("auth", ("header", "jwt")),
            check=_printable,
        ),
        ConfigField(
            "dedupes",
            "Gateway menolak kunci yang sama",
            "Pilih Ya hanya bila gateway tidak mengirim dua kali untuk Idempotency-Key yang sama.",
            default="no",
            choices=(("no", "Tidak"), ("yes", "Ya")),
            shown_when=("mode", ("post",)),
        ),
        ConfigField(
            "get_url",
            "Alamat gateway (GET)",
            "Wajib memuat [number] dan [text].",
            required=True,
            shown_when=("mode", ("get",)),
            check=_get_url,
        ),
    )

    @classmethod
    def is_shown(cls, field: ConfigField, config: Mapping[str, str]) -> bool:
        in_post = (config.get("mode") or "post") == "post"
        if field.name in {"username", "password", "header_name", "token"} and not in_post:
            return False
        return super().is_shown(field, config)

    @classmethod
    def check_config(cls, config: Mapping[str, str]) -> dict[str, str]:
        errors = super().check_config(config)
        if (config.get("mode") or "post") == "post" and "url" not in errors:
            url, secret = config.get("url", ""), config.get("secret", "")
            if _needs_secret(url) and not secret:
                errors |= {"secret": "Alamat ini membutuhkan secret."}
        return errors

    @property
    def idempotent(self) -> bool:
        """Whether the owner says a repeated key is sent once."""
        return self.config["mode"] == "post" and self.config["dedupes"] == "yes"

    def payload(self, message: OutgoingMessage) -> dict[str, Any]:
        number = message.to.lstrip("+")
        if self.config["mode"] == "get":
            return {"number": number, "text": message.text}
        return {
            "action": "send",
            "to": number,
            "text": message.text,
            "idempotency_key": _key(message.key),
            "queue": False,
            "auto_retry": False,
        }

    def send(self, message: OutgoingMessage) -> Receipt:
        if self.config["mode"] == "get":
            reply = self.http.request("GET", self._get_address(message))
            return _gateway_answers.judge(reply, plain_text=True)
        reply = self.http.request(
            "POST",
            build_url(self.config["url"], self.config["secret"]),
            headers={"Idempotency-Key": _key(message.key), **self._auth_headers()},
            json=self.payload(message),
        )
        return _gateway_answers.judge(reply, plain_text=False)

    def _get_address(self, message: OutgoingMessage) -> str:
        """Values are percent-encoded and placed after the host only, in one pass."""
        values = {
            "[number]": quote(message.to.lstrip("+"), safe=""),
            "[text]": quote(message.text, safe=""),
        }
        return re.sub(
            r"\[number\]|\[text\]", lambda place: values[place[0]], self.config["get_url"]
        )

    def _auth_headers(self) -> dict[str, str]:
        auth = self.config["auth"]
        if auth == "basic":
            pair = f"{self.config['username']}:{self.config['password']}".encode()
            return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        if auth == "header":
            return {self.config["header_name"]: self.config["token"]}
        if auth == "jwt":
            return {"Authorization": f"Bearer {self.config['token']}"}
        return {}

    def check(self) -> Health:
        """The contract has no health call; we only say whether the server answers."""
        url = self.config["get_url"] if self.config["mode"] == "get" else self.config["url"]
        parts = urlsplit(url)
        reply = self.http.request("GET", f"{parts.scheme}://{parts.netloc}/")
        return Health(True, "Server gateway menjawab.", {"http": str(reply.status)})


def _key(key: str) -> str:
    """At most 128 bytes, printable: it travels in a header."""
    return key.encode("ascii", "replace")[:128].decode()


def _path(url: str) -> str:
    return urlsplit(url).path.lower()


def _needs_secret(url: str) -> bool:
    if any(place in url for place in ("{secret}", ":secret", "[secret]")):
        return True
    return "/ext/" not in _path(url) and "/wa" not in _path(url)


def build_url(url: str, secret: str) -> str:
    """The address to post to. The first placeholder form found is replaced everywhere."""
    encoded = quote(secret, safe="")
    for place in ("{secret}", ":secret", "[secret]"):
        if place in url:
            return url.replace(place, encoded)
    if not _needs_secret(url):
        return url
    base, mark, query = url.partition("?")
    return f"{base.rstrip('/')}/ext/{encoded}/wa{mark}{query}"


DRIVER = Gateway
