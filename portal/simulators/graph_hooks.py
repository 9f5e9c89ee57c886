"""What Meta calls back about messages: statuses with their price, and what customers send.

`POST /inbox/<number>/reply` makes the phone's owner write or press: `text`, or `message` (its id)
and `reply` (the number of the button); `hidden` keeps the phone number from the portal.
"""

import base64
import os
import secrets
import time
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, request

from portal.simulators import inbox, webhooks
from portal.simulators.store import Doc, now, store

bp = Blueprint("graph_hooks", __name__)
WINDOW = 24 * 3600
OUTSIDE: Doc = {
    "code": 131047,
    "title": "Re-engagement message",
    "message": "Re-engagement message",
    "error_data": {"details": "More than 24 hours have passed since the customer last replied."},
}


def new_wamid() -> str:
    """An id as Meta makes them."""
    return "wamid.HBg" + base64.b64encode(secrets.token_bytes(36)).decode()


def window_open(number: str) -> bool:
    """Whether that phone wrote within 24 hours."""
    last = store().get("last_word", number)
    return last is not None and time.time() - float(last["at"]) < WINDOW


def promise_statuses(phone_id: str, wamid: str, to: str, key: str, category: str) -> None:
    """sent and delivered: signed, a little later."""
    free = category == "service" or (category == "utility" and window_open(to))
    pricing = {
        "billable": not free,
        "pricing_model": "PMP",
        "type": "free_customer_service" if free else "regular",
        "category": category,
    }
    for delay, state in ((0.3, "sent"), (0.9, "delivered")):
        status = _status(wamid, state, to, key, delay) | {"pricing": pricing}
        _tell(phone_id, {"contacts": [_contact(to)], "statuses": [status]}, delay)


def promise_failure(phone_id: str, wamid: str, to: str, key: str, error: Doc) -> None:
    """failed, as Meta says it: without contacts."""
    status = _status(wamid, "failed", to, key, 0.3) | {"errors": [error]}
    _tell(phone_id, {"statuses": [status]}, 0.3)


def _status(wamid: str, state: str, to: str, key: str, delay: float) -> Doc:
    status: Doc = {
        "id": wamid,
        "status": state,
        "timestamp": str(int(time.time() + delay)),
        "recipient_id": to,
        "recipient_user_id": user_id(to),
    }
    return {**status, "biz_opaque_callback_data": key} if key else status


def user_id(number: str) -> str:
    """The name Meta gives a person whose number it hides."""
    return f"ID.{9 * int(number)}"


def _contact(number: str, hidden: bool = False) -> Doc:
    made: Doc = {"profile": {"name": "Pelanggan"}, "user_id": user_id(number)}
    return made if hidden else {**made, "wa_id": number}


def _tell(phone_id: str, value: Doc, delay: float) -> None:
    secret = os.environ.get("META_WA_APP_SECRET") or "dev-app-secret"
    about = {"display_phone_number": "6281280001111", "phone_number_id": phone_id}
    whole = {"messaging_product": "whatsapp", "metadata": about, **value}
    change = {"field": "messages", "value": whole}
    entry = {"id": "demo-waba", "changes": [change]}
    payload: Doc = {"object": "whatsapp_business_account", "entry": [entry]}
    webhooks.send_signed(store(), payload, secret, delay)


@bp.post("/inbox/<number>/reply")
def reply(number: str) -> Any:
    """The phone's owner writes or presses a button."""
    number = inbox.digits(number)
    data: Doc = request.get_json(silent=True) or request.form.to_dict()
    said = _said(number, data)
    if said is None:
        abort(400)
    shown, message = said
    wamid = new_wamid()
    sender = {"from_user_id": user_id(number)} | ({} if data.get("hidden") else {"from": number})
    whole = {**sender, "id": wamid, "timestamp": str(int(time.time())), **message}
    store().put("last_word", number, {"at": time.time()})
    inbox.answered(number, shown)
    phone_id = os.environ.get("META_WA_PHONE_NUMBER_ID") or "1"
    contacts = [_contact(number, bool(data.get("hidden")))]
    _tell(phone_id, {"contacts": contacts, "messages": [whole]}, 0.1)
    if request.is_json:
        return jsonify(ok=True, id=wamid, at=now())
    return redirect(f"/inbox/{number}", 303)


def _said(number: str, data: Doc) -> tuple[str, Doc] | None:
    """What the phone shows, and the message as Meta tells it."""
    text = str(data.get("text") or "").strip()
    if text:
        return text, {"type": "text", "text": {"body": text[:4096]}}
    try:
        found = store().by_id("message", int(data.get("message", 0)))
        pressed = ((found or {}).get("replies") or [])[int(data.get("reply", 0))]
    except (TypeError, ValueError, IndexError):
        return None
    if found is None or found["to"] != number:
        return None
    context = {"context": {"from": "6281280001111", "id": found.get("provider_id", "")}}
    label, kind = str(pressed["label"]), str(pressed["type"])
    if kind == "button":
        inner: Doc = {"payload": pressed["id"], "text": label}
        return label, {**context, "type": "button", "button": inner}
    chosen = {"id": pressed["id"], "title": label}
    if description := pressed.get("description"):
        chosen["description"] = description
    inner = {"type": kind, kind: chosen}
    return label, {**context, "type": "interactive", "interactive": inner}
