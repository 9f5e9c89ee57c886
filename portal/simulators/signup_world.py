"""The portfolios, accounts and numbers that Meta's Embedded Signup finds here, and their state.

Fixed ids, told in docs/simulators.md; what changes (who shared what, PINs, subscriptions, credit)
is in the store. Nothing of the wire is here."""

import secrets
import time
from dataclasses import dataclass

from portal.simulators.store import Doc, store

OWN_BUSINESS = "102030405060701"
"""The portfolio of whoever owns the app: system users and a line of credit."""
SYSTEM_TOKEN = "sim-system-token"  # noqa: S105 - of a simulator
SYSTEM_USERS = (
    {"id": "122033445566701", "name": "Loket Admin", "role": "ADMIN"},
    {"id": "122033445566702", "name": "Loket Employee", "role": "EMPLOYEE"},
)
CREDIT_LINE = {"id": "197238523274214", "legal_entity_name": "PT Loket Demo"}
CLIENT, NEIGHBOUR = "506914307656601", "506914307656999"
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging", "business_management")


@dataclass(frozen=True)
class Waba:
    """One WhatsApp Business Account. `business` is the portfolio that owns it."""

    id: str
    name: str
    business: str
    namespace: str


WABAS = {
    one.id: one
    for one in (
        Waba("102290129340398", "NusaLink", CLIENT, "ba30dd89_2ebd_41e4_b805_f2c05ae04cc9"),
        Waba("102290129340399", "NusaLink Bandung", CLIENT, "5ce6ab20_8a14_4b5e_9f51_0b6f2f8e2aa1"),
        Waba("102290129340400", "NusaLink Baru", CLIENT, "0f0c7a31_54e8_4dd5_a8c1_8c61a45c0a7e"),
        Waba("209900000000001", "ISP Tetangga", NEIGHBOUR, "77aa1b02_1f6e_47c8_bb2f_e3c0d2e0b001"),
    )
}
FOREIGN_WABA, FOREIGN_PHONE = "209900000000001", "209900000000011"
LARGE = 30


@dataclass(frozen=True)
class Phone:
    """One business number. `verified` says whether its owner proved to have it."""

    id: str
    waba: str
    shown: str
    name: str
    verified: bool = True


def _phones() -> dict[str, Phone]:
    made = [
        Phone("106540352242922", "102290129340398", "+62 812-8000-1111", "NusaLink"),
        Phone("106540352242923", "102290129340398", "+62 812-8000-2222", "NusaLink Kas"),
        Phone("106540352242924", "102290129340398", "+62 812-8000-3333", "NusaLink", False),
        Phone(FOREIGN_PHONE, FOREIGN_WABA, "+62 813-9000-0001", "ISP Tetangga"),
    ]
    for index in range(LARGE):
        shown = f"+62 812-8001-{index:04d}"
        made.append(Phone(str(106540352250000 + index), "102290129340399", shown, "NusaLink BDG"))
    return {one.id: one for one in made}


PHONES = _phones()


def phones_of(waba: str) -> list[Phone]:
    """The numbers of an account, as Meta lists them."""
    return [one for one in PHONES.values() if one.waba == waba]


def waba_state(waba: str) -> Doc:
    """What happened to an account: shared, subscribed, assigned, funded."""
    fresh: Doc = {"shared_at": 0, "apps": {}, "users": {}, "funding": "", "currency": ""}
    return {**fresh, **(store().get("signup_waba", waba) or {})}


def change_waba(waba: str, **values: object) -> Doc:
    """Keep something about an account."""
    return store().change("signup_waba", waba, lambda kept: {**(kept or {}), **values})


def phone_state(phone: str) -> Doc:
    """What happened to a number: its PIN, whether it is registered, when it tried."""
    fresh: Doc = {"pin": "", "registered": False, "tries": [], "wrong": 0, "callback": {}}
    return {**fresh, **(store().get("signup_phone", phone) or {})}


def change_phone(phone: str, **values: object) -> Doc:
    """Keep something about a number."""
    return store().change("signup_phone", phone, lambda kept: {**(kept or {}), **values})


def newest_first(business: str) -> list[Waba]:
    """The accounts a portfolio shared with the app, the newest first."""
    shared = [(waba_state(one.id)["shared_at"], one) for one in WABAS.values()]
    found = [(at, one) for at, one in shared if at and one.business == business]
    return [one for _at, one in sorted(found, key=lambda pair: -float(pair[0]))]


def new_code(waba: str, app_id: str, token_days: float = 60, age: float = 0) -> str:
    """A code for the exchange, `age` seconds old; and the account counts as shared from now."""
    code = "AQ" + secrets.token_urlsafe(120)
    about = {"waba": waba, "app_id": app_id, "at": time.time() - age, "days": token_days}
    store().put("signup_code", code, about)
    if waba in WABAS and WABAS[waba].business != NEIGHBOUR:
        change_waba(waba, shared_at=time.time())
    return code


def new_token(code: Doc) -> tuple[str, int]:
    """A business token of a code, and when it ends (seconds since 1970; 0 is never)."""
    token = "EAAsim" + secrets.token_urlsafe(90)
    days = float(code["days"])
    expires = int(time.time() + days * 86_400) if days else 0
    about = {"waba": code["waba"], "app_id": code["app_id"], "expires_at": expires}
    about |= {"issued_at": int(time.time()), "token": token}
    store().put("signup_token", token, about)
    return token, expires


def forget() -> None:
    """As on the first day."""
    for kind in ("signup_waba", "signup_phone", "signup_code", "signup_token", "signup_alloc"):
        store().clear(kind)
