"""Which header means which column: Indonesian, English and everyday spellings."""

import hashlib
import re
from collections.abc import Callable, Sequence

from portal.core.money import parse_rupiah
from portal.imports import cells
from portal.web.sentences import N_

REQUIRED = ("number", "name", "phone", "plan", "price")
MAY_BE_EMPTY = ("address", "area")
"""Columns in which an empty cell means that there is none."""

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


LABELS = {
    "number": N_("No. pelanggan"),
    "name": N_("Nama"),
    "phone": N_("Telepon"),
    "address": N_("Alamat"),
    "area": N_("Area"),
    "plan": N_("Paket"),
    "price": N_("Harga per bulan"),
    "login": N_("Login layanan"),
    "billing_day": N_("Tanggal tagihan"),
    "started_on": N_("Tanggal mulai"),
}
"""What our columns are called on screens."""

_STREET = re.compile(r"(?i)\b(jl|jalan|gg|gang|rt|rw|desa|blok|no)\b")
_LOOKS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("phone", lambda text: re.match(r"\+?62|0?8", text) and cells.phones(text)),
    ("started_on", cells.day),
    ("price", lambda text: parse_rupiah(text) >= 20_000),
    ("plan", lambda text: re.search(r"(?i)mbps|paket|\d\s?m\b", text)),
    ("address", _STREET.search),
    ("name", re.compile(r"[A-Za-z.'`,/() -]{3,60}").fullmatch),
    ("number", re.compile(r"[A-Za-z]{0,6}[-./]?\d{1,12}").fullmatch),
)
ENOUGH = 0.7


def guess(
    headers: Sequence[str], samples: Sequence[Sequence[str]]
) -> tuple[dict[str, int], dict[str, int]]:
    """Where our columns are: by their headers, and, for the rest, by what stands under them.

    The second answer is what was only guessed from the contents.
    """
    places, _ignored, _twice = match(headers)
    guessed: dict[str, int] = {}
    for name, reads in _LOOKS:
        if name in places:
            continue
        taken = {*places.values(), *guessed.values()}
        for index in range(len(headers)):
            if index not in taken and _fits(reads, name, _under(samples, index)):
                guessed[name] = index
                break
    return {**places, **guessed}, guessed


def _under(samples: Sequence[Sequence[str]], index: int) -> list[str]:
    found = [cells.tidy(row[index]) for row in samples if index < len(row)]
    return [text for text in found if text]


def _fits(reads: Callable[[str], object], name: str, texts: Sequence[str]) -> bool:
    if len(texts) < 2 or (name == "number" and len(set(texts)) < len(texts)):
        return False
    good = 0
    for text in texts:
        try:
            good += bool(reads(text))
        except (ValueError, OverflowError):
            continue
    return good >= ENOUGH * len(texts)


def fingerprint(headers: Sequence[str]) -> str:
    """The same for files with the same headers in the same order."""
    return hashlib.sha256("\n".join(_plain(one) for one in headers).encode()).hexdigest()
