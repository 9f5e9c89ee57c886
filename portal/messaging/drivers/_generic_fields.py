"""What the owner says about a provider we do not know: the fields of the generic driver."""

import re
from urllib.parse import parse_qsl

from portal.core.driverkit import ConfigField
from portal.messaging.drivers._fields import header_name, http_url, printable

KEY_PLACES = ("body", "query")
SCHEMES = {
    "bearer": "Bearer ",
    "plain": "",
    "token": "Token ",
    "apikey": "ApiKey ",
    "basic": "Basic ",
}
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,5}")
_PATH = re.compile(r"/?[A-Za-z0-9._~%-][A-Za-z0-9._~%/?&=-]*")
_YES_NO_FORMS = (
    ("jid", "Ya, ID lengkap (…@g.us)"),
    ("digits", "Ya, ID tanpa @g.us"),
    ("none", "Tidak"),
)


def field_name(value: str) -> str | None:
    """A name such as `phone`, or a path such as `data.0.id`."""
    if len(value) <= 80 and _NAME.fullmatch(value):
        return None
    return "Hanya huruf, angka, _ dan -, dengan titik di antaranya."


def own_path(value: str) -> str | None:
    """A path at the provider's own host."""
    return None if _PATH.fullmatch(value) else "Isi jalurnya saja, misalnya /groups."


def pairs(value: str) -> str | None:
    """`a=1&b=2`."""
    if not value.isprintable():
        return "Ada huruf yang tidak boleh dipakai."
    found = parse_qsl(value, keep_blank_values=True)
    if found and all(field_name(name) is None for name, _value in found):
        return None
    return "Tulis sebagai nama=nilai, dipisah &."


FIELDS = (
    ConfigField(
        "url",
        "Alamat kirim (WA_API_URL)",
        "Misalnya https://api.penyedia.com/send",
        required=True,
        env="WA_API_URL",
        check=http_url,
    ),
    ConfigField(
        "method",
        "Metode",
        default="post",
        choices=(("post", "POST"), ("get", "GET")),
    ),
    ConfigField(
        "format",
        "Bentuk isi",
        default="json",
        choices=(("json", "JSON"), ("form", "Formulir")),
        shown_when=("method", ("post",)),
    ),
    ConfigField(
        "key_in",
        "Letak kunci",
        default="header",
        choices=(
            ("header", "Header"),
            ("body", "Isi pesan"),
            ("query", "Alamat (?kunci=…)"),
            ("none", "Tanpa kunci"),
        ),
    ),
    ConfigField(
        "api_key",
        "Kunci API (WA_API_KEY)",
        secret=True,
        required=True,
        env="WA_API_KEY",
        shown_when=("key_in", ("header", "body", "query")),
        check=printable,
    ),
    ConfigField(
        "key_header",
        "Nama header kunci",
        default="Authorization",
        shown_when=("key_in", ("header",)),
        check=header_name,
    ),
    ConfigField(
        "key_scheme",
        "Awalan kunci",
        "Kata di depan kunci dalam header.",
        default="bearer",
        choices=tuple((name, word.strip() or "Tanpa awalan") for name, word in SCHEMES.items()),
        shown_when=("key_in", ("header",)),
    ),
    ConfigField(
        "key_field",
        "Nama isian kunci",
        default="api_key",
        shown_when=("key_in", KEY_PLACES),
        check=field_name,
    ),
    ConfigField(
        "number_field",
        "Nama isian nomor",
        "Seperti di petunjuk penyedia: to, phone, target, …",
        default="to",
        check=field_name,
    ),
    ConfigField(
        "number_form",
        "Bentuk nomor",
        default="digits",
        choices=(
            ("digits", "6281234567890"),
            ("plus", "+6281234567890"),
            ("local", "081234567890"),
            ("c_us", "6281234567890@c.us"),
            ("s_whatsapp_net", "6281234567890@s.whatsapp.net"),
        ),
    ),
    ConfigField("text_field", "Nama isian teks", default="message", check=field_name),
    ConfigField(
        "media_field",
        "Nama isian alamat berkas",
        "Kosongkan bila penyedia tidak mengirim berkas; tautannya lalu ditulis di teks.",
        check=field_name,
    ),
    ConfigField(
        "extra",
        "Isian tetap",
        "Yang harus selalu ikut, misalnya type=text&priority=1. Bukan tempat kunci.",
        check=pairs,
    ),
    ConfigField("group_form", "Kirim ke grup", default="jid", choices=_YES_NO_FORMS),
    ConfigField(
        "group_field",
        "Nama isian grup",
        "Kosongkan bila sama dengan isian nomor.",
        shown_when=("group_form", ("jid", "digits")),
        check=field_name,
    ),
    ConfigField(
        "ok_path",
        "Tanda berhasil: letak",
        "Bagian jawaban yang menyatakan berhasil, misalnya status atau data.ok. "
        "Kosongkan bila jawabannya biasa.",
        check=field_name,
    ),
    ConfigField(
        "ok_value",
        "Tanda berhasil: nilai",
        "Boleh beberapa, dipisah koma.",
        default="true",
    ),
    ConfigField("id_path", "Letak ID pesan", "Misalnya data.id atau id.0", check=field_name),
    ConfigField(
        "error_path", "Letak alasan gagal", "Misalnya reason atau error.message", check=field_name
    ),
    ConfigField(
        "groups_path",
        "Jalur daftar grup",
        "Di server yang sama, misalnya /groups.",
        shown_when=("group_form", ("jid", "digits")),
        check=own_path,
    ),
    ConfigField(
        "groups_method",
        "Metode daftar grup",
        default="get",
        choices=(("get", "GET"), ("post", "POST")),
        shown_when=("group_form", ("jid", "digits")),
    ),
    ConfigField(
        "groups_at",
        "Letak daftar grup",
        "Misalnya data. Kosongkan bila jawabannya langsung daftar.",
        shown_when=("group_form", ("jid", "digits")),
        check=field_name,
    ),
    ConfigField(
        "group_id_at",
        "Letak ID grup",
        default="id",
        shown_when=("group_form", ("jid", "digits")),
        check=field_name,
    ),
    ConfigField(
        "group_name_at",
        "Letak nama grup",
        default="name",
        shown_when=("group_form", ("jid", "digits")),
        check=field_name,
    ),
)
