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
from portal.customers.service import by_phone
from portal.infra.timekeeping import wall
from portal.settings import service as settings
from portal.web.access import local_path

CHOICE_LIFETIME = timedelta(minutes=5)


def ask_code(phone: str, ip: str) -> None:
    """Open a challenge for this phone (E.164) and bind it to this browser.

    Whether the phone belongs to a customer changes nothing one can see. Raises TooManyCodes.
    """
    owners = by_phone(phone)
    owner = otp.Owner(owners[0].id, owners[0].language) if owners else None
    per_hour = settings.integer("login.codes_per_ip_hour")
    session["otp"] = otp.request_code(phone, owner, ip, per_hour)
    session.permanent = True


def challenge() -> OtpChallenge | None:
    """The challenge this browser asked for last."""
    return otp.find(session.get("otp"))


def waits_for(phone: str) -> bool:
    """Whether this browser already holds a live code for that phone."""
    held = challenge()
    return held is not None and held.phone == phone and otp.standing(held) == "live"


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

    Nothing of the anonymous session survives but the language and the way on, so a cookie
    planted before the login is worth nothing after it.
    """
    target = local_path(session.get("next"), "")
    _forget("lang", "look")
    session.permanent = True
    customer.login_token = sessions.open_session(sessions.CUSTOMER, customer.id)
    login_user(customer)
    return target


def _forget(*but: str) -> None:
    kept = {key: session[key] for key in but if key in session}
    session.clear()
    session.update(kept)
    session.permanent = True


def masked_name(name: str) -> str:
    """`B••• S••••••`: enough to recognise one's own, not enough to learn another's."""
    return " ".join(part[0] + "•" * (len(part) - 1) for part in name.split())
