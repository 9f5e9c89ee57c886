"""`/me/profile/phone`: another number, its code, and what else changes with it."""

from typing import Any

from flask import Blueprint, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import otp
from portal.customers import login, phone_change
from portal.customers.models import Customer
from portal.customers.phone_change import ChangeError
from portal.customers.routes_login import CodeForm, PhoneForm, clock, too_many
from portal.customers.service import by_phone
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.settings import service as settings
from portal.web.access import customer_only
from portal.web.htmx import go, is_fragment, page

bp = Blueprint("phone", __name__, url_prefix="/me/profile/phone")
user: Any = current_user
KEPT = "phone_change"
"""Where the browser keeps the token of what is under way."""


@bp.get("")
@customer_only
def ask() -> Any:
    """Which number? What is under way goes on."""
    if phone_change.pending(user.id, session.get(KEPT)) is not None:
        return go(url_for("phone.code"))
    return _ask(PhoneForm(formdata=None))


def _ask(form: PhoneForm, status: int = 200) -> Any:
    return page(
        "profile/phone.html",
        status=_shown(status),
        form=form,
        others=_others(),
        ticked=request.form.getlist("also"),
        masked_name=login.masked_name,
    )


def _others() -> Any:
    """Customers of the same number, for whoever proved that number when logging in."""
    if not login.proved(user.phone):
        return ()
    return phone_change.sharing(db.session.get_one(Customer, user.id))


@bp.post("")
@customer_only
def begin() -> Any:
    """Send the code, whoever else has the number."""
    form = PhoneForm()
    if not form.validate_on_submit():
        return _ask(form, 422)
    allowed = {str(one.id): one.id for one in _others()}
    also = [allowed[one] for one in request.form.getlist("also") if one in allowed]
    try:
        session[KEPT] = phone_change.begin(_me(), form.e164, also, *_limits())
    except (ChangeError, otp.TooManyCodes) as error:
        db.session.rollback()
        form.phone.errors = [_sentence(error)]
        return _ask(form, 422 if isinstance(error, ChangeError) else 429)
    db.session.commit()
    return go(url_for("phone.code"))


@bp.get("/code")
@customer_only
def code() -> Any:
    """Where the code is typed. For a fragment: whether another may be asked for by now."""
    form = CodeForm(formdata=None)
    return _code(form, block="resend")


@bp.post("/code")
@customer_only
def confirm() -> Any:
    """Spend a try; on the right code the number is changed."""
    form, token = CodeForm(), session.get(KEPT)
    if phone_change.pending(user.id, token) is None:
        return _over()
    if not form.validate_on_submit():
        return _code(form, 422)
    mine, here = user.id, user.login_token
    verdict = phone_change.confirm(mine, token, form.code.data, here)
    # In every case: a wrong try that is rolled back would be a free one.
    db.session.commit()
    if verdict.result == "ok":
        return _done(verdict.phone)
    if verdict.result == "stale":
        return _over(_("Nomor Anda sudah berubah sementara itu. Periksa dahulu."))
    if verdict.result == "wrong":
        form.code.errors = [_("Kode salah. Sisa %(left)s percobaan.", left=verdict.tries_left)]
    return _code(form, 422)


def _done(phone: str) -> Any:
    session.pop(KEPT, None)
    login.remember_proof(phone)
    said = _("Nomor WhatsApp Anda sudah diganti. Perangkat lain sudah dikeluarkan.")
    if len(by_phone(phone)) > 1:
        # The person holds that phone and would see the same when logging in.
        said += " " + _("Nomor ini dipakai lebih dari satu akun: saat masuk, pilih akun Anda.")
    return go(url_for("home.profile"), said)


@bp.post("/resend")
@customer_only
def resend() -> Any:
    """A new code; the old one dies with it."""
    try:
        session[KEPT] = phone_change.again(_me(), session.get(KEPT), *_limits())
    except otp.TooManyCodes as error:
        db.session.rollback()
        form = CodeForm(formdata=None)
        form.code.errors = [too_many(error.until)]
        return _code(form, 429)
    except ChangeError as error:
        db.session.rollback()
        return _over(str(error))
    db.session.commit()
    return go(url_for("phone.code"), _("Kode baru dikirim. Kode sebelumnya tidak berlaku lagi."))


@bp.post("/cancel")
@customer_only
def cancel() -> Any:
    """Keep the number."""
    phone_change.drop(user.id, session.pop(KEPT, None))
    db.session.commit()
    return go(url_for("home.profile"), _("Nomor Anda tidak diganti."))


def _code(form: CodeForm, status: int = 200, block: str = "form") -> Any:
    """Everything shown comes from the rows, so a reload shows the same."""
    token = session.get(KEPT)
    change, challenge = phone_change.pending(user.id, token), otp.find(token)
    if change is None or challenge is None:
        return _over()
    free_at = otp.resend_at(challenge)
    return page(
        "profile/phone_code.html",
        block,
        _shown(status),
        form=form,
        change=change,
        standing=otp.standing(challenge),
        expires_at=challenge.expires_at,
        tries_left=otp.MAX_TRIES - challenge.tries,
        resend_clock=clock(free_at),
        resend_in=max(0, round((free_at - wall()).total_seconds())),
    )


def _over(said: str = "") -> Any:
    session.pop(KEPT, None)
    said = said or (_("Penggantian nomor sudah berakhir.") if request.method == "POST" else "")
    return go(url_for("phone.ask"), said, "bad")


def _me() -> Customer:
    return db.session.get_one(Customer, user.id)


def _limits() -> tuple[str, int]:
    return request.remote_addr or "", settings.integer("login.codes_per_ip_hour")


def _sentence(error: Exception) -> str:
    return too_many(error.until) if isinstance(error, otp.TooManyCodes) else str(error)


def _shown(status: int) -> int:
    """HTMX swaps a 422 in place; any other error it only reports."""
    return 422 if status == 429 and is_fragment() else status
