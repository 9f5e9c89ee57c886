"""A WhatsApp gateway in the manner of PHPNuxBill: JSON POST on any path, and the legacy GET."""

import secrets
from typing import Any

from flask import Blueprint, jsonify, request

from portal.simulators import faults, inbox
from portal.simulators.store import Doc, store

_WITHOUT_WORDS = ("interactive", "message", "requestPhoneNumber", "allowEmptyText")
bp = Blueprint("gateway", __name__, url_prefix="/gateway")


def _fail(code: str, message: str, status: int) -> Any:
    return jsonify(ok=False, code=code, message=message), status


def _text(data: Doc) -> str:
    interactive = data.get("interactive") or {}
    message = data.get("message")
    if isinstance(message, dict):
        message = message.get("conversation")
    for candidate in (data.get("text"), data.get("body"), message, interactive.get("text")):
        if isinstance(candidate, str) and candidate:
            return candidate
    return ""


@bp.post("/<path:path>")
def post(path: str) -> Any:
    """`send`, `upsert`, `delete`; the same key twice is delivered once."""
    fault = faults.active("gateway")
    struck = faults.strike("gateway", fault)
    if struck is not None:
        return struck
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        return _fail("BAD_JSON", "body must be a JSON object", 400)
    header, key = request.headers.get("Idempotency-Key", ""), str(data.get("idempotency_key") or "")
    if header and key and header != key:
        return _fail("KEY_MISMATCH", "Idempotency-Key differs from idempotency_key", 400)
    if data.get("action", "send") != "send":
        return jsonify(ok=True, action=data["action"])
    to = inbox.digits(str(data.get("to", "")))
    text = _text(data)
    if data.get("interactive") and fault.get("no_buttons"):
        return _fail("INTERACTIVE_NOT_SUPPORTED", "interactive messages are not supported", 400)
    if not to or not (text or any(data.get(name) for name in _WITHOUT_WORDS)):
        return _fail("INVALID", "to and text are required", 422)
    if to.endswith("0000000"):
        return _fail("NUMBER_NOT_REGISTERED", "number is not on WhatsApp", 422)
    message_id = _deliver_once(key or header, to, text, data)
    return faults.after(fault) or jsonify(ok=True, id=message_id)


def _deliver_once(key: str, to: str, text: str, data: Doc) -> str:
    known = store().get("gateway_key", key) if key else None
    if known is not None:
        return str(known["id"])
    message_id = "gw-" + secrets.token_hex(8)
    if key:
        store().put("gateway_key", key, {"id": message_id})
    interactive = data.get("interactive") or {}
    file = (interactive.get("headerMedia") or {}).get("url")
    inbox.receive(
        "gateway",
        to,
        text,
        key=key,
        buttons=_choices(interactive),
        media=[str(file)] if file else [],
    )
    return message_id


def _choices(interactive: Doc) -> list[str]:
    """What can be pressed: buttons, and the rows of a list."""
    rows = [row for section in interactive.get("sections", []) for row in section.get("rows", [])]
    buttons = [str(button.get("text", "")) for button in interactive.get("buttons", [])]
    return buttons + [str(row.get("title", "")) for row in rows]


@bp.get("/send")
def get() -> Any:
    """The legacy form: number and text in the query."""
    fault = faults.active("gateway")
    struck = faults.strike("gateway", fault)
    if struck is not None:
        return struck
    to, text = inbox.digits(request.args.get("number", "")), request.args.get("text", "")
    if not to or not text:
        return _fail("INVALID", "number and text are required", 422)
    inbox.receive("gateway_get", to, text)
    return faults.after(fault) or jsonify(ok=True, id="gw-" + secrets.token_hex(8))
