"""The customer's login: phone, code, and a chooser when a phone has several customers.

Known and unknown numbers get the same page, status and limits. Every typed code is
committed, right or wrong: a wrong try that is rolled back would be a free one.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user

from portal.accounts import otp
from portal.accounts.models import OtpChallenge
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.customers import service
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.settings import service as settings
from portal.web.access import local_path, public
from portal.web.filters import time_id
from portal.web.htmx import go, page

bp = Blueprint("login", __name__)

CHOOSE_SECONDS = 300


@bp.get("/login")
@public
def ask() -> Any:
    """One field: the WhatsApp number."""
    if current_user.is_authenticated:
        return redirect(url_for("home.index"), 303)
    if request.args.get("next"):
        session["next"] = local_path(request.args["next"], "/")
    return page("login/ask.html", phone="", error="")


@bp.post("/login")
@public
def send() -> Any:
    """Open a challenge; the answer never tells whether the number is known."""
    typed = request.form.get("phone", "").strip()[:40]
    try:
        number = PhoneNumber.parse(typed)
    except InvalidPhone as error:
        return page("login/ask.html", status=422, phone=typed, error=str(error))
    try:
        _open_challenge(str(number))
    except otp.TooManyCodes as limit:
        db.session.rollback()
        current = otp.find(session.get("otp"))
        if current is not None and current.phone == str(number) and _alive(current):
            return redirect(url_for("login.code"), 303)
        return page("login/ask.html", status=429, phone=typed, error=_wait_sentence(limit.until))
    return redirect(url_for("login.code"), 303)


def _open_challenge(phone: str) -> None:
    """A new challenge for this browser; commits. Raises TooManyCodes."""
    owners = service.by_phone(phone)
    owner = otp.Owner(owners[0].id, owners[0].language) if owners else None
    token = otp.request_code(
        phone, owner, request.remote_addr or "", settings.integer("login.codes_per_ip_hour")
    )
    db.session.commit()
    session["otp"] = token
    session.pop("choose", None)


def _wait_sentence(until: datetime) -> str:
    return _("Terlalu sering meminta kode. Coba lagi pukul %(time)s.", time=time_id(until))


def _alive(challenge: OtpChallenge) -> bool:
    return (
        challenge.used_at is None
        and challenge.voided_at is None
        and challenge.expires_at > wall()
        and challenge.tries < otp.MAX_TRIES
    )


@bp.get("/login/code")
@public
def code() -> Any:
    """Type the code; a reload or an app switch loses nothing."""
    challenge = otp.find(session.get("otp"))
    if challenge is None:
        return redirect(url_for("login.ask"), 303)
    return _code_page(challenge)


def _code_page(challenge: OtpChallenge, error: str = "", status: int = 200) -> Any:
    wait = int((otp.resend_at(challenge) - wall()).total_seconds()) + 1
    return page(
        "login/code.html",
        status=status,
        phone=challenge.phone,
        expires_at=challenge.expires_at,
        alive=_alive(challenge),
        wait=max(wait, 0),
        error=error,
    )


@bp.post("/login/code")
@public
def verify() -> Any:
    """Spend a try; log in, or say what is wrong."""
    token = session.get("otp")
    verdict = otp.verify(token, request.form.get("code", ""))
    db.session.commit()
    if verdict.result == "ok":
        return _enter(verdict.phone)
    challenge = otp.find(token)
    if challenge is None:
        return redirect(url_for("login.ask"), 303)
    sentences = {
        "wrong": _("Kode salah. Sisa percobaan: %(left)s.", left=verdict.tries_left),
        "exhausted": _("Terlalu banyak percobaan. Minta kode baru."),
        "expired": _("Kode sudah tidak berlaku. Minta kode baru."),
    }
    return _code_page(challenge, sentences[verdict.result], 422)


@bp.post("/login/resend")
@public
def resend() -> Any:
    """Another code; the old one dies. The server decides when."""
    challenge = otp.find(session.get("otp"))
    if challenge is None:
        return redirect(url_for("login.ask"), 303)
    try:
        _open_challenge(challenge.phone)
    except otp.TooManyCodes as limit:
        db.session.rollback()
        challenge = otp.find(session.get("otp"))
        if challenge is None:
            return redirect(url_for("login.ask"), 303)
        return _code_page(challenge, _wait_sentence(limit.until), 429)
    return go(url_for("login.code"), _("Kode baru sedang dikirim."))


def _enter(phone: str) -> Any:
    """After the right code: in, or choose which customer."""
    owners = service.by_phone(phone)
    if not owners:
        return redirect(url_for("login.ask"), 303)
    if len(owners) == 1:
        return _log_in(owners[0])
    kept = session.get("next")
    session.clear()
    session["choose"] = {"phone": phone, "until": wall().timestamp() + CHOOSE_SECONDS}
    if kept:
        session["next"] = kept
    return redirect(url_for("login.choose"), 303)


def _log_in(customer: Customer) -> Any:
    """A fresh session: nothing of the anonymous one survives but where to go."""
    target = local_path(session.get("next"), url_for("home.index"))
    language = session.get("lang")
    session.clear()
    if language:
        session["lang"] = language
    session.permanent = True
    login_user(customer)
    return redirect(target, 303)


def _choices() -> list[Customer]:
    """Customers of the verified phone, while the choice is still fresh."""
    chosen = session.get("choose") or {}
    if not chosen.get("phone") or chosen.get("until", 0) < wall().timestamp():
        return []
    return service.by_phone(chosen["phone"])


@bp.get("/login/choose")
@public
def choose() -> Any:
    """Which customer? Only those of the verified phone."""
    owners = _choices()
    if not owners:
        return redirect(url_for("login.ask"), 303)
    return page("login/choose.html", owners=owners)


@bp.post("/login/choose")
@public
def pick() -> Any:
    """The chosen number is looked up among the phone's own again, never trusted."""
    wanted = request.form.get("customer", "")
    for owner in _choices():
        if owner.number == wanted:
            return _log_in(owner)
    return redirect(url_for("login.ask"), 303)


@bp.post("/logout")
@public
def leave() -> Any:
    """End this browser's session."""
    logout_user()
    session.clear()
    return redirect(url_for("login.ask"), 303)
