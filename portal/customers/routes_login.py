"""Logging in by WhatsApp code: number, code, choice of customer, logging out.

Only pages and their errors. What a code is worth is in `accounts/otp.py`; what the browser
keeps in between is in `login.py`.
"""

import re
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import StringField, TelField
from wtforms.validators import ValidationError

from portal.accounts import otp, sessions
from portal.accounts.models import OtpChallenge
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.customers import login
from portal.customers.models import Customer
from portal.customers.service import by_phone
from portal.extensions import db
from portal.infra.timekeeping import wall, zone
from portal.web.access import public
from portal.web.filters import datetime_id, time_id
from portal.web.forms import BaseForm
from portal.web.htmx import go, is_fragment, page
from portal.web.sentences import say

bp = Blueprint("login", __name__)


class PhoneForm(BaseForm):
    """One WhatsApp number, however it is written."""

    phone = TelField(_l("Nomor WhatsApp"))

    def validate_phone(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Isi nomor WhatsApp Anda, misalnya 081234567890."))
        try:
            self.e164 = str(PhoneNumber.parse(field.data))
        except InvalidPhone as error:
            raise ValidationError(say(error)) from None


class NumberForm(BaseForm):
    """The customer's number, for whoever does not know which WhatsApp is registered."""

    number = StringField(_l("ID pelanggan"))

    def validate_number(self, field: Any) -> None:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./_-]{1,39}", field.data or "") is None:
            raise ValidationError(_("Isi ID pelanggan seperti pada tagihan, misalnya PLG-0042."))


class CodeForm(BaseForm):
    """Six digits; blanks and dashes that come along when pasting do not matter."""

    code = StringField(_l("Kode masuk"), filters=[lambda text: re.sub(r"[\s-]", "", text or "")])

    def validate_code(self, field: Any) -> None:
        if re.fullmatch(r"[0-9]{6}", field.data) is None:
            # Not a try: nobody guesses a code with five digits.
            raise ValidationError(_("Kode terdiri dari 6 angka. Periksa lagi pesan WhatsApp Anda."))


@bp.get("/login")
@public
def ask() -> Response:
    """The one field: which number?"""
    if current_user.is_authenticated:
        return _home()
    return _ask_page(NumberForm() if request.args.get("by") == "number" else PhoneForm())


@bp.post("/login")
@public
def send() -> Response:
    """Send a code, or look exactly as if: who is a customer is nobody's business."""
    if current_user.is_authenticated:
        return _home()
    form: PhoneForm | NumberForm = NumberForm() if "number" in request.form else PhoneForm()
    if not form.validate_on_submit():
        return _ask_page(form, 422)
    login.remember_next(request.args.get("next"))
    field = form.phone if isinstance(form, PhoneForm) else form.number
    try:
        if isinstance(form, PhoneForm):
            login.ask_code(form.e164, request.remote_addr or "")
        else:
            login.ask_code_of(form.number.data, request.remote_addr or "")
    except otp.TooManyCodes as error:
        if not login.waits_for(form.e164 if isinstance(form, PhoneForm) else form.number.data):
            field.errors = [too_many(error.until)]
            return _ask_page(form, 429)
    db.session.commit()
    return go(url_for("login.code"))


def _ask_page(form: PhoneForm | NumberForm, status: int = 200) -> Response:
    target = request.args.get("next")
    return page("login/ask.html", "form", _shown(status), form=form, next=target)


@bp.get("/login/code")
@public
def code() -> Response:
    """Where the code is typed. For a fragment: whether another one may be asked for by now."""
    challenge = None if current_user.is_authenticated else login.challenge()
    return _code_page(challenge, CodeForm(), block="resend") if challenge else _restart()


@bp.post("/login/code")
@public
def verify() -> Response:
    """Spend a try; on the right code log in, or let the person choose."""
    challenge = None if current_user.is_authenticated else login.challenge()
    if challenge is None:
        return _restart()
    form = CodeForm()
    if not form.validate_on_submit():
        return _code_page(challenge, form, 422)
    verdict = otp.verify(session.get("otp"), form.code.data)
    phone = login.proven_phone(verdict.phone) if verdict.result == "ok" else ""
    # In every case: a wrong try that is rolled back would be a free one.
    db.session.commit()
    if verdict.result == "ok":
        return _verified(phone)
    if verdict.result == "wrong":
        form.code.errors = [_("Kode salah. Sisa %(left)s percobaan.", left=verdict.tries_left)]
    return _code_page(challenge, form, 422)


@bp.post("/login/resend")
@public
def resend() -> Response:
    """A new code; the old one dies with it."""
    challenge = None if current_user.is_authenticated else login.challenge()
    if challenge is None:
        return _restart()
    try:
        login.ask_again(challenge, request.remote_addr or "")
    except otp.TooManyCodes as error:
        form = CodeForm(formdata=None)
        form.code.errors = [too_many(error.until)]
        return _code_page(challenge, form, 429)
    db.session.commit()
    return go(url_for("login.code"), _("Kode baru dikirim. Kode sebelumnya tidak berlaku lagi."))


def _code_page(
    challenge: OtpChallenge, form: CodeForm, status: int = 200, block: str = "form"
) -> Response:
    """Everything shown comes from the row, so a reload shows the same."""
    free_at = otp.resend_at(challenge)
    return page(
        "login/code.html",
        block,
        _shown(status),
        form=form,
        phone=challenge.phone,
        asked_as=login.asked_as(),
        standing=otp.standing(challenge),
        expires_at=challenge.expires_at,
        tries_left=otp.MAX_TRIES - challenge.tries,
        resend_clock=clock(free_at),
        resend_in=max(0, round((free_at - wall()).total_seconds())),
    )


def _verified(phone: str) -> Response:
    """The phone is proven: straight in, or the chooser."""
    customers = by_phone(phone) if phone else []
    if not customers:
        session.clear()
        return go(url_for("login.ask"), _("Nomor ini tidak terdaftar lagi."), "bad")
    asked = [one for one in customers if one.number == login.asked_as()]
    if len(customers) > 1 and not asked:
        login.offer_choice(phone)
        return go(url_for("login.choose"))
    return _enter((asked or customers)[0])


@bp.get("/login/choose")
@public
def choose() -> Response:
    """Which of the customers of this phone?"""
    customers = () if current_user.is_authenticated else login.choices()
    if not customers:
        return _restart()
    return page("login/choose.html", customers=customers, masked_name=login.masked_name)


@bp.post("/login/choose")
@public
def chosen() -> Response:
    """Enter as the chosen one, after checking again that it is one of this phone's."""
    customers = () if current_user.is_authenticated else login.choices()
    if not customers:
        return _restart()
    wanted = request.form.get("customer", type=int)
    customer = next((found for found in customers if found.id == wanted), None)
    return _enter(customer) if customer else abort(404)


@bp.post("/logout")
@public
def logout() -> Response:
    """End this browser's session, here and on the server."""
    if current_user.is_authenticated:
        sessions.end(current_user.login_token)
        db.session.commit()
    session.clear()
    return go(url_for("login.ask"), _("Anda sudah keluar."))


def _enter(customer: Customer) -> Response:
    target = login.open_session(customer)
    db.session.commit()
    return go(target or url_for("home.index"))


def _home() -> Response:
    return go(url_for("home.index"))


def _restart() -> Response:
    """Nothing is under way in this browser: home when logged in, else the number again."""
    if current_user.is_authenticated:
        return _home()
    if request.method == "POST":
        flash(_("Sesi masuk sudah berakhir. Masukkan nomor Anda lagi."), "bad")
    return go(url_for("login.ask"))


def _shown(status: int) -> int:
    """HTMX swaps a 422 in place; any other error it only reports."""
    return 422 if status == 429 and is_fragment() else status


def too_many(until: datetime) -> str:
    """When the next code may be asked for, in words."""
    return _("Terlalu banyak permintaan kode. Coba lagi pukul %(clock)s.", clock=clock(until))


def clock(moment: datetime) -> str:
    """`14.08 WIB`, rounded up to the minute it is true; with the date when that is not today."""
    up = datetime.fromtimestamp(-(-moment.timestamp() // 60) * 60, moment.tzinfo)
    same_day = up.astimezone(zone()).date() == wall().astimezone(zone()).date()
    return time_id(up) if same_day else datetime_id(up)
