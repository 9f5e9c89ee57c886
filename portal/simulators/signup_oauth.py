"""The token edges of the simulated signup: a code for a token, and what a token may do."""

import time
from typing import Any

from flask import jsonify, request

from portal.simulators.signup_meta import (
    MetaError,
    V,
    app_id,
    app_secret,
    bp,
    caller,
    edge,
    given_token,
    instead,
)
from portal.simulators.signup_world import (
    FOREIGN_WABA,
    OWN_BUSINESS,
    SCOPES,
    SYSTEM_TOKEN,
    new_token,
)
from portal.simulators.store import Doc, store

__all__ = ["bp"]
CODE_SECONDS = 30


@edge("signup_code", "/oauth/access_token", V + "/oauth/access_token")
def access_token(fault: Doc) -> Any:
    """A code once, within thirty seconds, with the app's id and secret and no redirect_uri."""
    _check_app()
    code = request.args.get("code", "")
    if not code:
        raise MetaError(1, "Missing authorization code", 400)
    used = _use(code)
    if request.args.get("redirect_uri"):
        said = (
            "Error validating verification code. Please make sure your redirect_uri is identical "
            "to the one you used in the OAuth dialog request"
        )
        raise MetaError(100, said, subcode=36008)
    if fault.get("expired"):
        used["days"] = -1
    used["waba"] = instead(used["waba"], fault)
    token, expires = new_token(used)
    answer: Doc = {"access_token": token, "token_type": "bearer"}
    if expires:
        answer["expires_in"] = max(int(expires - time.time()), 0)
    return jsonify(answer)


def _check_app() -> None:
    given = request.args.get("client_id", "")
    if not given:
        raise MetaError(101, "Missing client_id parameter.", 400)
    if given != app_id():
        raise MetaError(101, "Error validating application. Invalid application ID.", 400)
    if not request.args.get("client_secret"):
        raise MetaError(1, "Missing client_secret parameter.", 400)
    if request.args["client_secret"] != app_secret():
        raise MetaError(1, "Error validating client secret.", 400)


def _use(code: str) -> Doc:
    """The code's row, used up by this very question."""
    before: list[Doc] = []

    def use(kept: Doc | None) -> Doc:
        before.append(dict(kept or {}))
        return {**(kept or {}), "used": True}

    if store().get("signup_code", code) is None:
        raise MetaError(100, "Invalid verification code format.")
    store().change("signup_code", code, use)
    row = before[0]
    if row.get("used"):
        raise MetaError(100, "This authorization code has been used.", subcode=36009)
    if row["app_id"] != app_id():
        raise MetaError(100, "Invalid verification code format.")
    if time.time() - float(row["at"]) > CODE_SECONDS:
        raise MetaError(100, "This authorization code has expired.", subcode=36007)
    return row


@edge("signup_debug", "/debug_token", V + "/debug_token")
def debug_token(fault: Doc) -> Any:
    """What a token is, for the app itself, its owner's system user, or the token's own bearer."""
    asked = request.args.get("input_token", "")
    if not asked:
        raise MetaError(100, "(#100) The parameter input_token is required")
    who = caller()
    if who.kind == "business" and asked != given_token():
        said = (
            "(#100) You must provide an app access token, or a user access token that is an owner "
            "or developer of the app"
        )
        raise MetaError(100, said)
    return jsonify(data=_described(asked, fault))


def _described(token: str, fault: Doc) -> Doc:
    if token == SYSTEM_TOKEN:
        return _about({"app_id": app_id(), "issued_at": 0, "expires_at": 0}, [])
    kept = store().get("signup_token", token)
    if kept is None:
        problem = {"code": 190, "message": "Invalid OAuth access token."}
        return {"error": problem, "is_valid": False, "scopes": []}
    kept["expires_at"] = int(time.time()) - 60 if fault.get("expired") else kept["expires_at"]
    targets = [] if fault.get("empty") else [kept["waba"]]
    if fault.get("foreign"):
        targets = [FOREIGN_WABA]
    told = _about(kept, targets)
    if kept.get("revoked") or 0 < int(kept["expires_at"]) <= time.time():
        said = "Error validating access token: Session has expired"
        told |= {"is_valid": False, "error": {"code": 190, "message": said, "subcode": 463}}
    return told


def _about(kept: Doc, targets: list[str]) -> Doc:
    """Without targets the scopes stand for everything the user has, and name nothing."""
    ids = {"target_ids": targets} if targets else {}
    granular = [{"scope": scope, **ids} for scope in SCOPES[:2]]
    granular.append({"scope": SCOPES[2]})
    return {
        "app_id": kept["app_id"],
        "type": "SYSTEM_USER",
        "application": "Loket",
        "data_access_expires_at": kept["expires_at"],
        "expires_at": kept["expires_at"],
        "issued_at": kept["issued_at"],
        "is_valid": True,
        "profile_id": OWN_BUSINESS,
        "scopes": [*SCOPES, "public_profile"],
        "granular_scopes": granular,
        "user_id": "122033445566799",
    }
