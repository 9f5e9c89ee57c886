"""Which header means which column: Indonesian, English and everyday spellings."""

import re
from collections.abc import Sequence

REQUIRED = ("number", "name", "phone", "plan", "price")

# Our name -> headers, compared without case, spaces and punctuation.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "number": (
        "no_pelanggan", "nomor_pelanggan", "id_pelanggan", "kode_pelanggan", "no", "id",
        "customer_no", "customer_number", "customer_id", "number",
    ),
    "name": ("nama", "nama_pelanggan", "nama_lengkap", "name", "customer_name", "full_name"),
    "phone": (
        "telepon", "telp", "no_telepon", "no_telp", "nomor_telepon", "hp", "no_hp", "nomor_hp",
        "wa", "no_wa", "nomor_wa", "whatsapp", "no_whatsapp", "phone", "phone_number", "mobile",
    ),
    "address": ("alamat", "alamat_lengkap", "address"),
    "area": ("area", "wilayah", "dusun", "region", "zone"),
    "plan": ("paket", "nama_paket", "paket_internet", "plan", "package", "plan_name"),
    "price": ("harga", "harga_paket", "tarif", "biaya", "price", "amount", "monthly_price"),
    "login": (
        "login_layanan", "login", "user_pppoe", "pppoe", "username", "user", "service_login",
    ),
    "billing_day": (
        "tanggal_tagihan", "tgl_tagihan", "hari_tagihan", "billing_day", "billing_date",
    ),
    "started_on": (
        "tanggal_mulai", "tgl_mulai", "mulai", "tanggal_pasang", "tgl_pasang", "start_date",
        "started_on", "start",
    ),
}  # fmt: skip


def _plain(header: str) -> str:
    return re.sub(r"[^a-z0-9]", "", header.lower())


_LOOKUP = {_plain(header): name for name, headers in SYNONYMS.items() for header in headers}


def match(headers: Sequence[str]) -> tuple[dict[str, int], list[str], list[str]]:
    """Where each of our columns is, which headers are ignored, which appear twice."""
    places: dict[str, int] = {}
    ignored: list[str] = []
    twice: list[str] = []
    for index, header in enumerate(headers):
        name = _LOOKUP.get(_plain(header))
        if name is None:
            if header:
                ignored.append(header)
        elif name in places:
            twice.append(header)
        else:
            places[name] = index
    return places, ignored, twice
