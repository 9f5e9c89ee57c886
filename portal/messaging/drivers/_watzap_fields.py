"""WatZap's configuration. What its sources contradict each other about is a choice of the owner.

A template is written `name`, or `name: first, second` when its values have names.
"""

import re

from portal.core.driverkit import ConfigField
from portal.messaging.drivers._fields import http_url
from portal.messaging.drivers._kinds import LABELS, TEMPLATE_KINDS

_WABA = ("mode", ("waba",))
TEMPLATE = re.compile(r"([a-z0-9_]{1,512})(?::([\w, ]+))?", re.ASCII)


def _template(value: str) -> str | None:
    if TEMPLATE.fullmatch(value):
        return None
    return "Tulis nama_template, atau nama_template: nama, jumlah bila isiannya bernama."


FIELDS = (
    ConfigField(
        "mode",
        "Jenis nomor",
        default="classic",
        choices=(("classic", "Nomor dipasangkan QR"), ("waba", "WABA (resmi)")),
    ),
    ConfigField("api_key", "API Key", "Dasbor WatZap > API Key.", secret=True, required=True),
    ConfigField(
        "number_key",
        "Number Key",
        "Kunci nomor pengirim. ALL = bergiliran memakai semua nomor. "
        "Untuk WABA boleh kosong bila akun tidak memakainya.",
        secret=True,
    ),
    ConfigField(
        "access_token",
        "Access Token (WABA)",
        "Hanya bila akun WABA Anda memintanya.",
        secret=True,
        shown_when=_WABA,
    ),
    ConfigField(
        "template_shape",
        "Bentuk isian template",
        "Pilih yang sama dengan contoh di dokumentasi akun WatZap Anda.",
        default="named",
        choices=(
            ("named", "template_language + parameter [{nama: nilai}]"),
            ("list", "language + parameters [nilai, nilai]"),
        ),
        shown_when=_WABA,
    ),
    ConfigField(
        "media_shape",
        "Nama isian alamat berkas",
        default="url",
        choices=(("url", "url"), ("typed", "image_url dan file_url")),
        shown_when=_WABA,
    ),
    ConfigField("language", "Bahasa template", default="id", shown_when=_WABA),
    *(
        ConfigField(
            f"template_{kind}",
            f"Template: {LABELS[kind]}",
            "Kosong = teks bebas, hanya sampai bila pelanggan menulis dalam 24 jam.",
            shown_when=_WABA,
            check=_template,
        )
        for kind in TEMPLATE_KINDS
    ),
    ConfigField("base_url", "Alamat API", default="https://api.watzap.id/v1", check=http_url),
)
