"""Who may already be in the list: the same phone, or much the same name and address. Only a
warning: a family shares a number, a street has two people of one name."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from sqlalchemy import or_, select

from portal.customers.models import Customer
from portal.extensions import db

LIKE_NAME, LIKE_ADDRESS = 0.8, 0.7
LOOKED_AT = 500
START = 4
SHOWN = 5
_TITLES = {"bapak", "bpk", "pak", "ibu", "bu", "haji", "hajah", "h", "hj", "sdr", "sdri"}


@dataclass(frozen=True)
class Twin:
    """Somebody who may be the same; `phone` when the number is the same."""

    customer: Customer
    phone: bool


def of(
    name: str, phones: list[str], address: str, but: int = 0, *, alike: bool = True
) -> list[Twin]:
    """Customers with one of these phones (E.164), then those much alike; a few."""
    found: dict[int, Twin] = {}
    if phones:
        same = or_(Customer.phone.in_(phones), Customer.phone_alt.in_(phones))
        for one in db.session.scalars(
            select(Customer).where(same, Customer.id != but).limit(SHOWN)
        ):
            found[one.id] = Twin(one, phone=True)
    if alike:
        for one in _alike(name, address, but):
            found.setdefault(one.id, Twin(one, phone=False))
    return list(found.values())[:SHOWN]


def _alike(name: str, address: str, but: int) -> list[Customer]:
    words = _words(name)
    if not words or not address.strip():
        return []
    # A name is misspelt at its end rather than at its beginning.
    parts = {word[:START] for word in words if len(word) >= START} or set(words)
    near = db.session.scalars(
        select(Customer)
        .where(
            or_(*(Customer.name.icontains(part, autoescape=True) for part in parts)),
            Customer.address != "",
            Customer.id != but,
        )
        .order_by(Customer.id.desc())
        .limit(LOOKED_AT)
    )
    wanted, place = " ".join(words), " ".join(_words(address))
    return [
        one
        for one in near
        if _ratio(" ".join(_words(one.name)), wanted) >= LIKE_NAME
        and _ratio(" ".join(_words(one.address)), place) >= LIKE_ADDRESS
    ]


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.casefold()) if word not in _TITLES]


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()
