"""An access router: who is open, who is walled off."""

from typing import Any

from flask import Blueprint, jsonify, request

from portal.simulators import faults
from portal.simulators.store import Doc, now, store

bp = Blueprint("router", __name__, url_prefix="/router")


@bp.before_request
def guard() -> Any:
    """Faults and the token, before anything."""
    if request.method != "GET" and not request.headers.get("X-Router-Token"):
        return jsonify(error="token missing"), 401
    return faults.strike("router")


def _user(login: str) -> Doc:
    return store().get("router", login) or {"login": login, "state": "open", "changed_at": None}


@bp.get("/users.json")
def users() -> Any:
    """Every login the router was told about."""
    return jsonify(store().all("router"))


@bp.get("/users/<login>")
def user(login: str) -> Any:
    """One login; an unknown one is open."""
    return jsonify(_user(login))


@bp.put("/users/<login>")
def change(login: str) -> Any:
    """Open or wall off; saying it twice changes nothing."""
    state = (request.get_json(silent=True) or {}).get("state")
    if state not in {"open", "isolated"}:
        return jsonify(error="state must be open or isolated"), 422
    if _user(login)["state"] != state:
        store().put("router", login, {"login": login, "state": state, "changed_at": now()})
    return jsonify(_user(login))


@bp.get("/sessions/<address>")
def session(address: str) -> Any:
    """Who has this address now; nobody unless somebody said so."""
    return jsonify(store().get("router-session", address) or {"login": ""})


@bp.put("/sessions/<address>")
def connect(address: str) -> Any:
    """Let a login have this address: `{"login": "budi"}`."""
    login = str((request.get_json(silent=True) or {}).get("login") or "")
    store().put("router-session", address, {"login": login})
    return jsonify(login=login)


@bp.post("/users/<login>/disconnect")
def disconnect(login: str) -> Any:
    """End the running session."""
    return jsonify(ok=True)
