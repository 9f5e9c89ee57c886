"""What staff must still prove before a view runs: a second factor their role needs, and, for
delicate views (`fresh=True`), password or code once more.

Asking again loses nothing: what was typed travels with the question, encrypted, in a hidden
field, and the form goes to the address it was meant for. So it works for pages, fragments and
without scripts, and nothing of it is stored.
"""

import json
from typing import Any

from cryptography.fernet import InvalidToken
from flask import Response, abort, current_app, g, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.accounts import second_factor, service, sessions
from portal.accounts.rules import FRESH, rules
from portal.extensions import db
from portal.infra.secrets import encrypt
from portal.web.access import address_parts, local_path, send_to_login
from portal.web.htmx import go, is_fragment, page
from portal.web.incoming import Storable

OWN = "account_security"
KEPT, PASSWORD, CODE = "_kept", "_password", "_code"
KEPT_SECONDS = 3600


def check(view: Any) -> Any:
    """None when the view may run, else the answer instead of it."""
    if must_enrol(current_user) and request.blueprint != OWN:
        return go(url_for("account_security.totp"), _("Pasang kode autentikator dulu."), "warn")
    if not getattr(view, "fresh", False):
        return None
    kept = _kept() if KEPT in request.form else None
    if not sessions.is_fresh():
        if kept is None or request.method == "GET":
            return ask()
        if (refused := prove(request.form[KEPT])) is not None:
            return refused
    if kept is not None:
        request.__dict__.pop("values", None)
        request.__dict__["form"] = Storable([*kept, ("csrf_token", request.form["csrf_token"])])
    return None


def must_enrol(person: Any) -> bool:
    """Whether this person's role needs a second factor they do not have."""
    return person.totp_since is None and person.role in rules().totp_roles


def ask(kept: str = "", error: str = "", back: str = "") -> Response:
    """The question for password or code. As a fragment it takes the place of the page's content;
    its own form is a plain one."""
    if request.method == "GET" or request.blueprint == OWN and request.endpoint == CONFIRM:
        where = back or _here()
        action = url_for(CONFIRM, next=where)
    else:
        where, action = _cameby(), request.full_path.rstrip("?")
        kept = kept or _sealed()
    answer = page(
        "accounts/step_up.html",
        "content",
        422,
        action=action,
        back=where,
        kept=kept,
        error=error,
        with_code=current_user.totp_since is not None,
        minutes=int(FRESH.total_seconds() // 60),
        files=any(file.filename for file in request.files.values()),
    )
    if is_fragment():
        answer.headers["HX-Retarget"] = "#content"
        answer.headers["HX-Reswap"] = "innerHTML show:window:top"
    return answer


CONFIRM = "account_security.confirm"


def prove(kept: str = "", back: str = "") -> Response | None:
    """Check what was typed into the question. None when it fits; then it is committed."""
    typed, code = request.form.get(PASSWORD, ""), request.form.get(CODE, "")
    fits = service.proves(current_user.id, typed, code)
    # In every case: a failure that is rolled back would be a free try.
    db.session.commit()
    if not fits:
        return ask(kept, second_factor.WRONG_PROOF(), back)
    if not sessions.prove():
        return send_to_login()
    db.session.commit()
    return None


def _here() -> str:
    """The page a GET was for; of a fragment, the page it is part of."""
    if is_fragment():
        return local_path(address_parts(request.headers.get("HX-Current-URL"))[0], "/admin")
    return request.full_path.rstrip("?")


def _cameby() -> str:
    """The page whose form this is, to go back to."""
    came, query = address_parts(request.headers.get("HX-Current-URL") or request.referrer)
    return local_path(f"{came}?{query}" if query else came, url_for("dashboard.index"))


def _sealed() -> str:
    """What was typed, for this session and address only."""
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in ("csrf_token", PASSWORD, CODE)
    ]
    return encrypt(json.dumps({"for": _purpose(), "form": fields})).decode()


def _kept() -> list[tuple[str, str]]:
    """What was typed before the question; 400 for anything that is not ours, or an hour old."""
    cipher = current_app.extensions["loket.secrets"]
    try:
        opened = json.loads(cipher.decrypt(request.form[KEPT].encode(), ttl=KEPT_SECONDS))
    except (InvalidToken, ValueError):
        abort(400)
    if opened["for"] != _purpose():
        abort(400)
    return [(name, value) for name, value in opened["form"]]


def _purpose() -> list[Any]:
    return [g.login_session[0], request.full_path]
