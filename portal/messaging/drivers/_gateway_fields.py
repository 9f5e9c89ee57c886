"""What the owner fills in for a PHPNuxBill style gateway."""

from portal.core.driverkit import ConfigField
from portal.messaging.drivers._fields import header_name, http_url, printable
from portal.messaging.drivers._gateway_address import get_url

_POST = ("mode", ("post",))

FIELDS = (
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
        shown_when=_POST,
        check=http_url,
    ),
    ConfigField("secret", "Secret", secret=True, shown_when=_POST),
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
        shown_when=_POST,
    ),
    ConfigField(
        "username",
        "Nama pengguna",
        required=True,
        shown_when=("auth", ("basic",)),
        check=printable,
    ),
    ConfigField(
        "password", "Kata sandi", secret=True, required=True, shown_when=("auth", ("basic",))
    ),
    ConfigField(
        "header_name",
        "Nama header",
        required=True,
        shown_when=("auth", ("header",)),
        check=header_name,
    ),
    ConfigField(
        "token",
        "Token",
        secret=True,
        required=True,
        shown_when=("auth", ("header", "jwt")),
        check=printable,
    ),
    ConfigField(
        "dedupes",
        "Gateway menolak kunci yang sama",
        "Pilih Ya hanya bila gateway tidak mengirim dua kali untuk Idempotency-Key yang sama.",
        default="no",
        choices=(("no", "Tidak"), ("yes", "Ya")),
        shown_when=_POST,
    ),
    ConfigField(
        "get_url",
        "Alamat gateway (GET)",
        "Wajib memuat [number] dan [text].",
        required=True,
        shown_when=("mode", ("get",)),
        check=get_url,
    ),
)
