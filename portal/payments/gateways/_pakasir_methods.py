"""The ways to pay that Pakasir's two interfaces know, and their limits. Tables only.

Where sources differ: only the vendor's document of October 2025 lists `retail`, later copies
and every client library dropped it; v2 has no `atm_bersama_va`, no `retail` and no PayPal. A
method that is refused after all ends at Pakasir's own page. Limits are those of v2; for v1
only the smallest amount is known.
"""

import re
from dataclasses import dataclass

from portal.payments.gateways.base import PAGE, Form, Method


@dataclass(frozen=True)
class Way:
    """A method with the interfaces that know it and the rupiah it takes."""

    label: str
    form: Form
    versions: str = "v1 v2"
    smallest: int = 10_000
    largest: int = 50_000_000


WAYS: dict[str, Way] = {
    "qris": Way("QRIS", "qris", smallest=500, largest=10_000_000),
    "bri_va": Way("BRI Virtual Account", "va"),
    "bni_va": Way("BNI Virtual Account", "va"),
    "cimb_niaga_va": Way("CIMB Niaga Virtual Account", "va"),
    "permata_va": Way("Permata Virtual Account", "va"),
    "maybank_va": Way("Maybank Virtual Account", "va"),
    "bnc_va": Way("Bank Neo Commerce (BNC) Virtual Account", "va"),
    "sampoerna_va": Way("Bank Sahabat Sampoerna Virtual Account", "va"),
    "artha_graha_va": Way("Bank Artha Graha Virtual Account", "va"),
    "atm_bersama_va": Way("ATM Bersama", "va", versions="v1"),
    "retail": Way("Gerai (minimarket)", "code", versions="v1"),
    "paypal": Way("PayPal", "page", versions="v1"),
}


def names(value: str) -> frozenset[str]:
    """The keys in a setting, however they are divided."""
    return frozenset(re.split(r"[,\s]+", value)) - {""}


def check(value: str) -> str | None:
    """What is wrong with such a setting, in a sentence."""
    unknown = sorted(names(value) - WAYS.keys())
    return f"Metode tidak dikenal: {', '.join(unknown)}." if unknown else None


def offered(version: str, amount: int, chosen: frozenset[str]) -> tuple[Method, ...]:
    """What fits the interface, the amount and the owner's choice (empty: all)."""
    found = [
        Method(key, way.label, way.form)
        for key, way in WAYS.items()
        if version in way.versions.split()
        and way.smallest <= amount <= way.largest
        and (not chosen or key in chosen)
    ]
    return (*found, Method(PAGE, "Halaman Pakasir", "page"))
