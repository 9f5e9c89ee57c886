"""What every edge of the simulated signup shares: errors in Meta's words, who is calling, faults
per step, lists with cursors."""

import base64
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, jsonify, request

from portal.simulators import faults
from portal.simulators.signup_world import (
    FOREIGN_WABA,
    OWN_BUSINESS,
    PHONES,
    SYSTEM_TOKEN,
    WABAS,
    waba_state,
)
from portal.simulators.store import Doc, store

bp = Blueprint("signup_graph", __name__, url_prefix="/graph")
V = "/v<int:version>.0"
MISSING = (
    "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to "
    "missing permissions, or does not support this operation. Please read the Graph API "
    "documentation at https://developers.facebook.com/docs/graph-api"
)
# What a fault of this number says, and with which HTTP status.
KNOWN: dict[int, tuple[str, int]] = {
    1: ("An unknown error occurred", 500),
    2: ("Service temporarily unavailable", 503),
    4: ("(#4) Application request limit reached", 400),
    10: ("(#10) Application does not have permission for this action", 403),
    100: ("(#100) Invalid parameter", 400),
    190: ("Invalid OAuth access token - Cannot parse access token", 401),
    200: ("(#200) You do not have the necessary permissions for this WhatsApp account", 403),
    368: ("(#368) The action attempted has been deemed abusive or is otherwise disallowed", 403),
    80008: ("(#80008) There have been too many calls to this WhatsApp Business account.", 400),
    131031: ("(#131031) Business Account locked", 403),
    133004: ("(#133004) Server Temporarily Unavailable", 503),
    133005: ("(#133005) Two step verification PIN Mismatch", 400),
    133006: ("(#133006) Phone number re-verification needed", 400),
    133008: ("(#133008) Too Many Two step verification PIN Guesses", 400),
    133009: ("(#133009) Two step verification PIN Guessed Too Fast", 400),
    133010: ("(#133010) The account is not registered", 400),
    133015: ("(#133015) Please wait a few minutes before attempting to register", 400),
    133016: ("(#133016) Account register deregister rate limit exceeded", 400),
}


class MetaError(Exception):
    """An error in Meta's envelope."""

    def __init__(  # noqa: PLR0913 - the fields of Meta's envelope
        self, code: int, message: str = "", status: int = 0, *, subcode: int = 0,
        kind: str = "OAuthException", details: str = "",
    ) -> None:  # fmt: skip
        said, usual = KNOWN.get(code, (f"(#{code}) Unknown error", 400))
        super().__init__(message or said)
        self.code, self.message, self.status = code, message or said, status or usual
        self.subcode, self.kind, self.details = subcode, kind, details


@bp.app_errorhandler(MetaError)
def refuse(error: MetaError) -> Any:
    """The envelope."""
    body: Doc = {
        "message": error.message,
        "type": error.kind,
        "code": error.code,
        "fbtrace_id": "A" + secrets.token_hex(8),
    }
    if error.subcode:
        body["error_subcode"] = error.subcode
    if error.details or error.code >= 130_000:
        details = error.details or error.message
        body["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return jsonify(error=body), error.status


def edge(target: str, *rules: str, method: str = "GET") -> Callable[[Any], Any]:
    """Put a view at these rules, behind the faults of one step. It is given them as `fault`."""

    def mark(view: Any) -> Any:
        def run(version: int = 0, **ids: str) -> Any:  # noqa: ARG001 - every version answers alike
            fault = faults.active(target)
            struck = faults.strike(target, fault)
            if struck is not None:
                return struck
            if code := int(fault.get("error", 0)):
                raise MetaError(code)
            answer = view(fault, **ids)
            return faults.after(fault) or answer

        for rule in rules:
            bp.add_url_rule(rule, f"{view.__name__}{len(rule)}", run, methods=[method])
        return view

    return mark


@dataclass(frozen=True)
class Caller:
    """Whose token asks: `system` of the app's owner, `app` itself, or `business` of a signup."""

    kind: str
    waba: str = ""
    app_id: str = ""

    def reaches(self, waba: str) -> bool:
        """Whether this token may see the account."""
        if self.kind == "business":
            return waba == self.waba
        return self.kind == "system" and bool(waba_state(waba)["shared_at"])


def app_id() -> str:
    """The app's id: what META_APP_ID says, else the one of the demo."""
    return os.environ.get("META_APP_ID") or "1041729300000001"


def app_secret() -> str:
    """The app's secret, with which callbacks are signed as well."""
    secret = os.environ.get("META_APP_SECRET") or os.environ.get("META_WA_APP_SECRET")
    return secret or "dev-app-secret"


def given_token() -> str:
    """From the header, else from the query or the form."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else request.values.get("access_token", "")


def caller() -> Caller:
    """Raises MetaError 190 for a token that is none, 463 for one that has expired."""
    token = given_token()
    if not token:
        said = "An access token is required to request this resource."
        raise MetaError(104, said, 400)
    if token == SYSTEM_TOKEN or token == os.environ.get("META_SYSTEM_TOKEN"):
        return Caller("system", app_id=app_id())
    if token == f"{app_id()}|{app_secret()}":
        return Caller("app", app_id=app_id())
    kept = store().get("signup_token", token)
    if kept is None:
        raise MetaError(190)
    if kept.get("revoked"):
        said = "Error validating access token: The user has not authorized application"
        raise MetaError(190, f"{said} {kept['app_id']}.", subcode=458)
    if 0 < int(kept["expires_at"]) <= time.time():
        said = "Error validating access token: Session has expired on"
        when = time.strftime("%A, %d-%b-%y %H:%M:%S UTC", time.gmtime(kept["expires_at"]))
        raise MetaError(190, f"{said} {when}.", subcode=463)
    return Caller("business", kept["waba"], kept["app_id"])


def need_waba(waba: str) -> Caller:
    """Whoever may see this account; raises MetaError 100 as for one that does not exist."""
    who = caller()
    if waba not in WABAS or not who.reaches(waba):
        raise missing(waba)
    return who


def need_phone(phone: str) -> Caller:
    """Whoever may see this number."""
    who = caller()
    if phone not in PHONES or not who.reaches(PHONES[phone].waba):
        raise missing(phone)
    return who


def need_system(business: str = OWN_BUSINESS) -> Caller:
    """Only the owner's system user, and only in the owner's portfolio."""
    who = caller()
    if who.kind != "system":
        raise MetaError(200, "(#200) Requires business_management permission to manage the object")
    if business != OWN_BUSINESS:
        raise missing(business)
    return who


def missing(node: str) -> MetaError:
    """What Meta says of what is not there and of what one may not see."""
    verb = request.method.lower()
    said = MISSING.format(verb=verb, id=node)
    return MetaError(100, said, subcode=33, kind="GraphMethodException")


def chosen(row: Doc, default: str) -> Doc:
    """The asked-for fields of a node, and its id."""
    asked = request.args.get("fields", default).split(",")
    return {name: row[name] for name in asked if name in row} | {"id": row["id"]}


def listed(rows: Sequence[Doc], fault: Doc) -> Any:
    """A page of a list. `empty` hides all of it, `second_page` leaves the first page empty."""
    rows = [] if fault.get("empty") else list(rows)
    limit = min(max(request.args.get("limit", 25, type=int), 1), 100)
    start = _place(request.args.get("after", ""))
    if fault.get("second_page") and start < 0:
        part, reached, more = [], 0, bool(rows)
    else:
        start = max(start, 0)
        part, reached = rows[start : start + limit], start + limit
        more = reached < len(rows)
    answer: Doc = {"data": part}
    if part or more:
        cursor = base64.urlsafe_b64encode(f"p{reached}".encode()).decode()
        answer["paging"] = {"cursors": {"before": "QVFIU", "after": cursor}}
        if more:
            answer["paging"]["next"] = f"{request.base_url}?limit={limit}&after={cursor}"
    return jsonify(answer)


def _place(after: str) -> int:
    """Where a cursor points; -1 without one."""
    if not after:
        return -1
    try:
        return int(base64.urlsafe_b64decode(after).decode().removeprefix("p"))
    except ValueError:
        raise MetaError(131059, "(#131059) Invalid cursor", details="Invalid cursor") from None


def instead(waba: str, fault: Doc) -> str:
    """Somebody else's account when the fault `foreign` is on."""
    return FOREIGN_WABA if fault.get("foreign") else waba
