"""Meta's window of the Embedded Signup, as development builds open it: a stand-in for the
JavaScript SDK, the page where one chooses, and the same choice by JSON for tests."""

import time
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request

from portal.simulators import signup_world, webhooks
from portal.simulators.signup_meta import app_id, app_secret
from portal.simulators.signup_world import (
    FOREIGN_PHONE,
    FOREIGN_WABA,
    OWN_BUSINESS,
    PHONES,
    WABAS,
    phones_of,
)
from portal.simulators.store import Doc, store

bp = Blueprint("signup_dialog", __name__)

FINISHES = ("FINISH", "FINISH_ONLY_WABA", "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING")
STEPS = (
    "BUSINESS_ACCOUNT_SELECTION",
    "WABA_PHONE_PROFILE_PICKER",
    "WHATSAPP_BUSINESS_PROFILE_SETUP",
    "PHONE_NUMBER_SETUP",
    "PHONE_NUMBER_VERIFICATION",
    "PERMISSIONS",
)
ORDERS = ("event_first", "code_first", "code_only", "event_only")
ERROR: Doc = {
    "error_message": "Your business verification is required to continue.",
    "error_id": "524126",
    "session_id": "f34b51dab5e0498",
}


@bp.get("/signup/sdk.js")
@bp.get("/en_US/sdk.js")
def sdk() -> Response:
    """Stands for connect.facebook.net/en_US/sdk.js."""
    answer = current_app.send_static_file("signup_sdk.js")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@bp.get("/signup/dialog")
def dialog() -> str:
    """The window FB.login opens: `app_id`, `config_id`, `origin` of the page that opened it."""
    choices = [(one, phones_of(one.id)[:6]) for one in WABAS.values() if one.id != FOREIGN_WABA]
    wrong = "" if request.args.get("app_id") == app_id() else "ID aplikasi tidak dikenal."
    if not wrong and not request.args.get("config_id"):
        wrong = "ID konfigurasi (config_id) kosong."
    return render_template(
        "signup.html", choices=choices, finishes=FINISHES, steps=STEPS, orders=ORDERS, wrong=wrong
    )


@bp.post("/signup/finish")
def finish() -> Any:
    """End the window. JSON or form: `outcome` (FINISH…, CANCEL, ERROR), `waba_id`,
    `phone_number_id`, `step`, `token_days` (60; 0 never ends; below 0 has ended), `age` (seconds
    the code has been waiting), `lie` (the window names somebody else's ids), `announce` (0: no
    account_update callback). Answers the code and the event, as the browser would get them."""
    data: Doc = request.get_json(silent=True) or request.form.to_dict()
    outcome = str(data.get("outcome") or "FINISH")
    if outcome not in FINISHES:
        return jsonify(code=None, event=_stopped(outcome, data), waba_id=None)
    phone = PHONES.get(str(data.get("phone_number_id") or ""))
    waba = phone.waba if phone else str(data.get("waba_id") or next(iter(WABAS)))
    if waba not in WABAS:
        return jsonify(error="unknown waba_id"), 400
    days, age = float(data.get("token_days", 60)), float(data.get("age", 0))
    code = signup_world.new_code(waba, str(data.get("app_id") or app_id()), days, age)
    event = _finished(outcome, waba, phone.id if phone else "", bool(data.get("lie")))
    if data.get("announce", "1") not in ("0", 0, False):
        _announce("PARTNER_ADDED", waba)
    return jsonify(code=code, event=event, waba_id=waba)


def _finished(outcome: str, waba: str, phone: str, lie: bool) -> Doc:
    data: Doc = {"waba_id": FOREIGN_WABA if lie else waba, "business_id": WABAS[waba].business}
    if outcome != "FINISH_ONLY_WABA":
        own = phone or next((one.id for one in phones_of(waba)), "")
        data["phone_number_id"] = FOREIGN_PHONE if lie else own
    event = {"type": "WA_EMBEDDED_SIGNUP", "event": outcome, "version": "3"}
    return {**event, "data": {key: value for key, value in data.items() if value}}


def _stopped(outcome: str, data: Doc) -> Doc:
    """Left at a step; or an error the user reported, which Meta also calls CANCEL nowadays."""
    about: Doc = {"current_step": str(data.get("step") or STEPS[0])}
    if outcome != "CANCEL":
        about = {**ERROR, "timestamp": str(int(time.time()))}
    event = "ERROR" if outcome == "ERROR" else "CANCEL"
    return {"type": "WA_EMBEDDED_SIGNUP", "event": event, "version": "3", "data": about}


@bp.post("/signup/event")
def event() -> Any:
    """What the account's owner does later: `waba_id` and `event` PARTNER_REMOVED or
    PARTNER_APP_UNINSTALLED. The tokens end, and the callback comes."""
    data: Doc = request.get_json(silent=True) or request.form.to_dict()
    waba = str(data.get("waba_id", ""))
    if waba not in WABAS:
        return jsonify(error="unknown waba_id"), 400
    for kept in store().all("signup_token"):
        if kept["waba"] == waba:
            store().put("signup_token", kept["token"], {**kept, "revoked": True})
    signup_world.change_waba(waba, shared_at=0)
    _announce(str(data.get("event") or "PARTNER_REMOVED"), waba)
    return jsonify(ok=True)


def _announce(name: str, waba: str) -> None:
    """account_update: its entry names the app owner's portfolio, not the account."""
    info = {"waba_id": waba, "owner_business_id": WABAS[waba].business}
    value: Doc = {"event": name, "waba_info": info}
    change = {"field": "account_update", "value": value}
    entry = {"id": OWN_BUSINESS, "time": int(time.time()), "changes": [change]}
    payload: Doc = {"object": "whatsapp_business_account", "entry": [entry]}
    webhooks.send_signed(store(), payload, app_secret(), 0.3)


@bp.get("/signup.json")
def state() -> Any:
    """What was done to every account and number; PINs are shown, it is a simulator."""
    accounts = {one: signup_world.waba_state(one) for one in WABAS}
    phones = {one: signup_world.phone_state(one) for one in PHONES}
    touched = {one: kept for one, kept in phones.items() if kept["tries"] or kept["pin"]}
    return jsonify(wabas=accounts, phones=touched, tokens=len(store().all("signup_token")))


@bp.post("/signup/reset")
def reset() -> Any:
    """As on the first day."""
    signup_world.forget()
    return jsonify({}) if request.is_json else redirect("/", 303)
