"""Everybody's own account: name, e-mail, password, second factor, the devices one is logged in on.

All of it is about whoever is logged in; `routes_resets.py` is about others. Nobody needs a
permission for it, and who must set up a second factor first can open only these pages.
"""

import base64
import json
from typing import Any

from cryptography.fernet import InvalidToken
from flask import Blueprint, Response, abort, current_app, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import door, passwords, people, second_factor, service, sessions
from portal.accounts.models import Staff
from portal.accounts.service import StaffError
from portal.core import qr_image
from portal.extensions import db
from portal.infra.secrets import UndecryptableError, decrypt, encrypt
from portal.web.access import local_path, staff
from portal.web.htmx import go, is_fragment, page

bp = Blueprint("account_security", __name__, url_prefix="/admin/account")
user: Any = current_user
CODES_SECONDS = 1800
PENDING = "totp_new"


def _me() -> Staff:
    return db.session.get_one(Staff, user.id)


@bp.get("")
@staff()
def index() -> Response:
    """The whole account on one page."""
    return _index()


def _index(
    errors: dict[str, str] | None = None, typed: dict[str, str] | None = None, status: int = 200
) -> Response:
    person = _me()
    return page(
        "accounts/account.html",
        status=status,
        person=person,
        typed=typed or {"name": person.name, "email": person.email},
        errors=errors or {},
        devices=sessions.of(sessions.STAFF, person.id),
        codes_left=second_factor.left(person.id),
        must=door.must_enrol(person),
    )


@bp.post("")
@staff(fresh=True)
def save() -> Response:
    """Another name or e-mail. Another e-mail is another login: other devices are logged out."""
    person = _me()
    typed = {name: request.form.get(name, "").strip() for name in ("name", "email")}
    if not typed["name"]:
        return _index({"name": _("Isi nama Anda.")}, typed, 422)
    if len(typed["name"]) > service.LONGEST_NAME:
        long = _("Paling banyak %(limit)s huruf.", limit=service.LONGEST_NAME)
        return _index({"name": long}, typed, 422)
    try:
        changed = people.change(person, role=person.role, **typed)
    except StaffError as error:
        return _index({"email": str(error)}, typed, 422)
    if "email" in changed:
        service.log_in(person)
    db.session.commit()
    said = _("Akun disimpan.") if changed else _("Tidak ada yang berubah.")
    return go(url_for("account_security.index"), said)


@bp.post("/password")
@staff()
def password() -> Response:
    """Another password, after the old one; other devices are logged out."""
    person = _me()
    old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    judged = passwords.strength(new, (person.name, person.email))
    errors = {}
    if not judged.fine:
        errors["new"] = judged.sentence
    elif new != again:
        errors["again"] = _("Keduanya tidak sama.")
    elif not service.proves(person.id, old, ""):
        errors["old"] = second_factor.WRONG_PROOF()
    if errors:
        db.session.commit()  # a failure that is rolled back would be a free try
        return _index(errors, status=422)
    passwords.change(person, new, but=user.login_token)
    db.session.commit()
    said = _("Kata sandi diganti. Perangkat lain sudah keluar. Kekuatan: %(how)s")
    return go(url_for("account_security.index"), said % {"how": judged.sentence})


@bp.post("/password/strength")
@staff()
def strength() -> Response:
    """What is said beside the field while one types."""
    if not is_fragment():
        return go(url_for("account_security.index"))
    judged = passwords.strength(request.form.get("new", ""), (user.name, user.email))
    return page("accounts/account.html", "strength", judged=judged)


@bp.get("/totp")
@staff(fresh=True)
def totp() -> Response:
    """Set up an app: a QR code, the secret in letters, a first code to confirm.

    The secret waits, encrypted, in this browser's cookie: reading a page writes nothing, and an
    app that is there goes on to count until the new one's code fits.
    """
    return _setup_page(_new_secret())


def _new_secret() -> str:
    try:
        return decrypt(session[PENDING].encode())
    except (KeyError, UndecryptableError):
        secret = second_factor.new_secret()
        session[PENDING] = encrypt(secret).decode()
        return secret


def _setup_page(secret: str, error: str = "") -> Response:
    name = current_app.extensions["loket.company"]()[0]
    picture = qr_image.svg(second_factor.address_of(secret, user.email, name))
    return page(
        "accounts/totp.html",
        status=422 if error else 200,
        picture="data:image/svg+xml;base64," + base64.b64encode(picture).decode(),
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        error=error,
        replacing=user.totp_since is not None,
        must=door.must_enrol(user),
    )


@bp.post("/totp")
@staff(fresh=True)
def confirm_totp() -> Response:
    """The app's first code; then the recovery codes are shown, once."""
    if PENDING not in session:
        return go(url_for("account_security.totp"))
    secret, typed = _new_secret(), request.form.get("code", "")[:20]
    codes = second_factor.turn_on(_me(), secret, typed, but=user.login_token)
    if codes is None:
        return _setup_page(secret, _("Kode tidak cocok. Periksa jam ponsel dan coba kode baru."))
    db.session.commit()
    session.pop(PENDING, None)
    return _codes_page(codes)


@bp.post("/totp/codes")
@staff(fresh=True)
def renew_codes() -> Response:
    """Ten new recovery codes, shown once; the old ones end."""
    person = _me()
    if person.totp_since is None:
        return go(url_for("account_security.totp"))
    codes = second_factor.renew_codes(person)
    db.session.commit()
    return _codes_page(codes)


def _codes_page(codes: list[str]) -> Response:
    sealed = encrypt(json.dumps({"of": user.id, "codes": codes})).decode()
    return page("accounts/codes.html", codes=codes, sealed=sealed)


@bp.post("/totp/codes.txt")
@staff()
def codes_file() -> Response:
    """The codes that were just shown, as a file to keep; the page carries them encrypted."""
    cipher = current_app.extensions["loket.secrets"]
    try:
        sealed = request.form.get("sealed", "").encode()
        opened = json.loads(cipher.decrypt(sealed, ttl=CODES_SECONDS))
    except (InvalidToken, ValueError):
        abort(400)
    if not isinstance(opened, dict) or opened.get("of") != user.id:
        abort(400)
    name = current_app.extensions["loket.company"]()[0]
    head = _("Kode pemulihan %(company)s untuk %(email)s. Setiap kode berlaku satu kali.")
    lines = [head % {"company": name, "email": user.email}, "", *opened["codes"], ""]
    answer = Response("\r\n".join(lines), mimetype="text/plain")
    answer.headers["Content-Disposition"] = "attachment; filename=kode-pemulihan.txt"
    return answer


@bp.post("/totp/off")
@staff(fresh=True)
def totp_off() -> Response:
    """Without a second factor from now on."""
    second_factor.turn_off(_me(), but=user.login_token)
    db.session.commit()
    return go(url_for("account_security.index"), _("Kode autentikator dimatikan."), "warn")


@bp.post("/devices/<int:session_id>/end")
@staff()
def end_device(session_id: int) -> Response:
    """Log one of one's own devices out; somebody else's stays as it is."""
    sessions.end_one(sessions.STAFF, user.id, session_id)
    db.session.commit()
    return go(url_for("account_security.index"), _("Perangkat itu sudah keluar."))


@bp.post("/devices/end-others")
@staff()
def end_others() -> Response:
    """Log out everywhere but here."""
    sessions.end_all(sessions.STAFF, user.id, but=user.login_token)
    db.session.commit()
    return go(url_for("account_security.index"), _("Semua perangkat lain sudah keluar."))


@bp.post("/confirm")
@staff()
def confirm() -> Response:
    """The answer to the question before a page that is only read; then on to it."""
    back = local_path(request.args.get("next"), url_for("dashboard.index"))
    if (refused := door.prove(back=back)) is not None:
        return refused
    return go(back)
