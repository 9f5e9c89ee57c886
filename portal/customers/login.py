"""What one browser keeps while somebody logs in: the code's token, the choice, where to go.

All of it is in the signed session cookie, so a reload or a switch to WhatsApp and back
loses nothing; what a code is worth stays in the database (`accounts/otp.py`). Views are in
`routes_login.py`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import session
from flask_login import login_user

from portal.accounts import otp, sessions
from portal.accounts.models import OtpChallenge
from portal.customers.models import Customer
from portal.customers.service import by_number, by_phone, change_language
from portal.infra.secrets import digest
from portal.infra.timekeeping import wall
from portal.settings import service as settings
from portal.web.access import local_path
from portal.web.setup import LANGUAGES

CHOICE_LIFETIME = timedelta(minutes=5)


def ask_code(phone: str, ip: str) -> None:
    """Open a challenge for this phone (E.164) and bind it to this browser.

    Whether the phone belongs to a customer changes nothing one can see. Raises TooManyCodes.
    """
    owners = by_phone(phone)
    _ask(phone, owners[0] if owners else None, ip)
    session.pop("asked_as", None)


def _ask(phone: str, owner: Customer | None, ip: str, to: str = "") -> None:
    known = otp.Owner(owner.id, owner.language) if owner else None
    per_hour = settings.integer("login.codes_per_ip_hour")
    session["otp"] = otp.request_code(phone, known, ip, per_hour, to)
    session.permanent = True


def ask_code_of(number: str, ip: str) -> None:
    """The same for whoever knows their customer number: the code goes to its WhatsApp.

    Every number, one that nobody has too, is asked for under a made-up phone of its own: page,
    limits and timing are the same. Under the real one its limits would tell whose it is, to
    whoever asks for a phone and then for a number. Raises TooManyCodes.
    """
    wanted = number.strip().upper()
    found = by_number(wanted)
    phone = found.phone if found else ""
    _ask(_nobodys_phone(wanted, phone), found if phone else None, ip, phone)
    session["asked_as"] = wanted


def _nobodys_phone(number: str, phone: str) -> str:
    """Always the same while the number's phone is, and in no country."""
    hashed = digest(f"{number} {phone}" if phone else number)
    return f"+000{int.from_bytes(hashed.encode()[:6], 'big') % 10**10:010d}"


def proven_phone(phone: str) -> str:
    """The phone that the right code was sent to; "" when the number's phone changed since.

    `phone` is the challenge's; of one asked for by customer number it is made the real one.
    """
    number, held = asked_as(), challenge()
    if not number or held is None:
        return phone
    found = by_number(number)
    if found is None or not found.phone or _nobodys_phone(number, found.phone) != phone:
        return ""
    held.phone = found.phone
    return found.phone


def asked_as() -> str:
    """The customer number this browser asked with; empty when it was a phone."""
    return str(session.get("asked_as", ""))


def challenge() -> OtpChallenge | None:
    """The challenge this browser asked for last."""
    return otp.find(session.get("otp"))


def ask_again(held: OtpChallenge, ip: str) -> None:
    """Another code, asked for as the first one was. Raises TooManyCodes."""
    if number := asked_as():
        ask_code_of(number, ip)
    else:
        ask_code(held.phone, ip)


def waits_for(typed: str) -> bool:
    """Whether this browser already holds a live code for that phone or customer number."""
    held = challenge()
    if held is None or otp.standing(held) != "live":
        return False
    number = asked_as()
    return typed.strip().upper() == number if number else held.phone == typed


def remember_next(target: str | None) -> None:
    """Where to go after the login; only a path of this site."""
    session["next"] = local_path(target, "")


def offer_choice(phone: str) -> None:
    """The phone is proven, but belongs to several customers: let them choose for 5 minutes."""
    _forget("lang", "look", "next")
    session["choose"] = {"phone": phone, "until": (wall() + CHOICE_LIFETIME).isoformat()}


def choices() -> Sequence[Customer]:
    """The customers of the phone proven a moment ago, asked afresh; empty when it is over."""
    choice = session.get("choose")
    if not choice or datetime.fromisoformat(choice["until"]) <= wall():
        return ()
    return by_phone(choice["phone"])


def open_session(customer: Customer) -> str:
    """Log in under a new session and say where to go ("" for home). The caller commits.

    Nothing of the anonymous session survives but the look and the way on, so a cookie
    planted before the login is worth nothing after it.
    """
    target, proven = local_path(session.get("next"), ""), _proven()
    chosen = session.get("lang")
    _forget("look")
    remember_proof(proven)
    if chosen in LANGUAGES:
        # Chosen a moment ago, in front of the login: from now on the customer's own.
        change_language(customer, chosen)
    session.permanent = True
    customer.login_token = sessions.open_session(sessions.CUSTOMER, customer.id)
    login_user(customer)
    return target


def _proven() -> str:
    """The phone whose code opened this login."""
    choice = session.get("choose")
    if choice:
        return str(choice["phone"])
    held = challenge()
    return held.phone if held is not None and held.used_at is not None else ""


def remember_proof(phone: str) -> None:
    """This browser's person holds that phone; kept as a hash."""
    if phone:
        session["proven"] = digest(phone)


def proved(phone: str) -> bool:
    """Whether the person proved to hold that phone in this login."""
    return bool(phone) and session.get("proven") == digest(phone)


def _forget(*but: str) -> None:
    kept = {key: session[key] for key in but if key in session}
    session.clear()
    session.update(kept)
    session.permanent = True


def masked_name(name: str) -> str:
    """`B••• S••••••`: enough to recognise one's own, not enough to learn another's."""
    return " ".join(part[0] + "•" * (len(part) - 1) for part in name.split())
