"""What the owner fills in for Meta's Cloud API, and what of it is refused before saving.

`template_parts` says what a template has besides its body. Its form is
`kind: header=media, url0=name; kind: quick0=PAYLOAD`: the header takes the message's file
(`media`) or one value, `url0` is the end of a link button's address, `quick0` what a reply
button carries; the number is the button's place. A word that is one of the kind's names stands
for that value, any other for itself.
"""

import re
from collections.abc import Mapping

from portal.core.driverkit import ConfigField
from portal.messaging.drivers._fields import digits, http_url, printable
from portal.messaging.drivers._kinds import FREE_KINDS, NAMES, TEMPLATE_KINDS
from portal.messaging.drivers._meta_versions import DEFAULT

_PART = re.compile(r"(header|url[0-9]|quick[0-9])=([^,;=\s]{1,128})")
Parts = Mapping[str, str]


def template_parts(written: str) -> dict[str, Parts]:
    """The extra parts by kind. Raises ValueError, in words for the owner."""
    found: dict[str, Parts] = {}
    for line in filter(None, (line.strip() for line in written.split(";"))):
        kind, _colon, rest = (piece.strip() for piece in line.partition(":"))
        if kind not in NAMES or kind == "otp_code":
            raise ValueError(f"Jenis pesan {kind[:40]} tidak dikenal.")
        matches = [_PART.fullmatch(piece.strip()) for piece in rest.split(",")]
        if not all(matches):
            raise ValueError(f"Bagian {kind} ditulis seperti header=media, url0=name.")
        found[kind] = {match[1]: match[2] for match in matches if match}
    return found


def _parts(value: str) -> str | None:
    try:
        template_parts(value)
    except ValueError as error:
        return str(error)
    return None


def _template_name(value: str) -> str | None:
    if re.fullmatch(r"[a-z0-9_]{1,512}", value):
        return None
    return "Hanya huruf kecil, angka dan garis bawah."


def _language(value: str) -> str | None:
    good = re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", value)
    return None if good else "Tulis seperti id atau en_US."


def _version(value: str) -> str | None:
    return None if re.fullmatch(r"v\d{1,3}\.0", value) else "Tulis seperti v25.0."


def _base_url(value: str) -> str | None:
    good = re.fullmatch(r"https?://[\w.:-]+(/[\w./-]*)?", value)
    return http_url(value) if good else "Alamat harus diawali http:// atau https://."


_ACCOUNT = (
    ConfigField(
        "access_token",
        "Permanent Access Token",
        "Token system user dengan izin whatsapp_business_messaging.",
        secret=True,
        required=True,
        env="WHATSAPP_API_KEY",
        check=printable,
    ),
    ConfigField(
        "phone_number_id",
        "Phone Number ID",
        "Dari WhatsApp > API Setup; bukan nomor teleponnya.",
        required=True,
        env="META_WA_PHONE_NUMBER_ID",
        check=digits,
    ),
    ConfigField(
        "waba_id",
        "Business Account ID",
        "Diperlukan untuk template. Dari WhatsApp > API Setup.",
        env="META_WA_BUSINESS_ACCOUNT_ID",
        check=digits,
    ),
    ConfigField(
        "app_secret",
        "App Secret",
        "Untuk memeriksa tanda tangan webhook. Dua secret dipisah koma saat menggantinya.",
        secret=True,
        env="META_WA_APP_SECRET",
    ),
    ConfigField(
        "verify_token",
        "Verify Token",
        "Sama dengan yang ditulis di pengaturan webhook Meta.",
        secret=True,
        env="META_WA_VERIFY_TOKEN",
    ),
    ConfigField(
        "graph_version",
        "Versi Graph API",
        default=DEFAULT,
        env="META_GRAPH_VERSION",
        check=_version,
    ),
    ConfigField(
        "base_url",
        "Alamat Graph API",
        default="https://graph.facebook.com",
        env="META_GRAPH_BASE_URL",
        check=_base_url,
    ),
)
_TEMPLATES = (
    ConfigField("language", "Bahasa template", default="id", check=_language),
    ConfigField(
        "parameter_format",
        "Bentuk isian template",
        "Bernomor {{1}} {{2}}, atau bernama {{name}} {{amount}}. Template kode selalu bernomor.",
        default="positional",
        choices=(("positional", "Bernomor"), ("named", "Bernama")),
    ),
    *(
        ConfigField(f"template_{kind}", f"Template {kind}", default=kind, check=_template_name)
        for kind in TEMPLATE_KINDS
    ),
    *(
        ConfigField(
            f"template_{kind}",
            f"Template {kind}",
            "Boleh kosong: dikirim sebagai teks, yang hanya diterima dalam 24 jam sejak "
            "pelanggan menulis. Bila diisi, selalu lewat template ini, teksnya di {{1}}.",
            check=_template_name,
        )
        for kind in FREE_KINDS
    ),
    ConfigField(
        "template_parts",
        "Bagian tambahan template",
        "Bila template punya header atau tombol berisi, mis. "
        "invoice_notification: header=media, url0=invoice_number; payment_reminder: quick0=BAYAR",
        check=_parts,
    ),
)
FIELDS = (*_ACCOUNT, *_TEMPLATES)
