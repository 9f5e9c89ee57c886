"""GoWA 9 (go-whatsapp-web-multidevice), as far as Loket uses it, with signed receipts.

Any name and password are good unless the password ends in `invalid`; a device id ending in
`invalid` does not exist; a number ending in 0000000 is not on WhatsApp. The webhook is set as on
the real one (`PATCH /gowa/devices/<id>/webhook`); `/gowa/phone` takes the phone away, brings it
back, or puts WhatsApp's lock on new chats; `/gowa/incoming` is somebody writing to it.
"""

import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, Response, jsonify, request

from portal.simulators import faults, inbox, webhooks
from portal.simulators.store import Doc, store

bp = Blueprint("gowa", __name__, url_prefix="/gowa")

JID = "6281280001111@s.whatsapp.net"
GROUPS = (
    {"JID": "120363046375778543@g.us", "Name": "Teknisi", "ParticipantCount": 4},
    {"JID": "120363046375778544@g.us", "Name": "Gudang", "ParticipantCount": 3},
)
_ADDRESS = re.compile(r"[1-9]\d{5,14}@s\.whatsapp\.net|[\d-]{5,40}@g\.us")


class Refused(Exception):
    """A no in GoWA's shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@bp.errorhandler(Refused)
def refuse(error: Refused) -> Any:
    """GoWA's error body."""
    return jsonify(code=error.code, message=str(error), results=None), error.status


def _phone() -> Doc:
    usual = {"connected": "1", "logged_in": "1", "timelock": "0"}
    return {**usual, **(store().get("gowa", "phone") or {})}


def _door() -> tuple[Doc, Any]:
    """Faults, then password and device, as the real one asks for them in this order."""
    fault = faults.active("gowa")
    struck = faults.strike("gowa", fault)
    if struck is not None:
        return fault, struck
    given = request.authorization
    if given is not None and str(given.password or "").endswith("invalid"):
        return fault, Response("Unauthorized", 401)
    if unquote(request.headers.get("X-Device-Id", "")).endswith("invalid"):
        raise Refused(404, "DEVICE_NOT_FOUND", "device not found; create a device first")
    return fault, None


def _online() -> None:
    phone = _phone()
    if phone["logged_in"] != "1":
        raise Refused(401, "AUTHENTICATION_ERROR", "you are not logged in")
    if phone["connected"] != "1":
        message = "you are not connect to services server, please reconnect"
        raise Refused(401, "AUTHENTICATION_ERROR", message)


def _recipient(given: Any) -> str:
    jid = str(given or "")
    if not jid or jid.startswith("0"):
        raise Refused(400, "VALIDATION_ERROR", "phone: cannot be blank.")
    if "@" not in jid:  # the real one guesses by length
        jid += "@s.whatsapp.net" if len(jid) <= 15 else "@g.us"
    _online()
    if not _ADDRESS.fullmatch(jid) or jid.startswith("628") and "0000000@" in jid:
        raise Refused(400, "INVALID_JID", "user is not registered")
    if _phone()["timelock"] == "1" and jid.endswith("@s.whatsapp.net"):
        raise Refused(429, "WA_REACHOUT_TIMELOCK", "error 463 (reach-out timelock)")
    return jid


@bp.post("/send/message")
def text() -> Any:
    """JSON only."""
    fault, struck = _door()
    if struck is not None:
        return struck
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or not data.get("message"):
        raise Refused(400, "VALIDATION_ERROR", "message: cannot be blank.")
    jid = _recipient(data.get("phone"))
    return _take(jid, str(data["message"]), [], fault)


@bp.post("/send/<any(image, video, file):field>")
def media(field: str) -> Any:
    """A form with the file, or with its address."""
    fault, struck = _door()
    if struck is not None:
        return struck
    if not request.content_type.startswith("multipart/form-data"):
        raise Refused(400, "VALIDATION_ERROR", "multipart/form-data expected")
    upload, url = request.files.get(field), request.form.get(f"{field}_url", "")
    if upload is None and not url:
        raise Refused(400, "VALIDATION_ERROR", f"either {field} or {field}_url must be provided")
    if upload and field == "image" and upload.mimetype not in {"image/jpeg", "image/png"}:
        raise Refused(400, "VALIDATION_ERROR", "your image is not allowed. please use jpg/jpeg/png")
    jid = _recipient(request.form.get("phone"))
    name = f"{upload.filename} ({len(upload.read())} byte)" if upload else url
    return _take(jid, request.form.get("caption", ""), [name], fault)


def _take(jid: str, words: str, files: list[str], fault: Doc) -> Any:
    own = "3EB0" + secrets.token_hex(9).upper()
    inbox.receive("gowa", jid.partition("@")[0], words, media=files)
    if not fault.get("no_webhook"):
        _ack(own, jid, "delivered", 0.6, int(fault.get("duplicate") or 1))
    shown = {"message_id": own, "status": f"Message sent to {jid}"}
    done = jsonify(code="SUCCESS", message=shown["status"], results=shown)
    return faults.after(fault) or done


def _ack(own: str, jid: str, kind: str, delay: float, times: int = 1) -> None:
    payload = {
        "ids": [own],
        "chat_id": jid,
        "from": jid if jid.endswith("@s.whatsapp.net") else "6281290000009@s.whatsapp.net",
        "receipt_type": kind,
        "receipt_type_description": "means the message was delivered to the device.",
    }
    _tell({"event": "message.ack", "timestamp": _now(), "payload": payload}, delay, times)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _tell(said: Doc, delay: float = 0.0, times: int = 1) -> None:
    """Call back, signed, where a device was told to."""
    hook = store().get("gowa", "webhook") or {}
    if not hook.get("webhook_url"):
        return
    body = json.dumps({"device_id": JID, **said}, separators=(",", ":")).encode()
    signature = "sha256=" + webhooks.sign(str(hook.get("webhook_secret") or "secret"), body)
    headers = {"X-Hub-Signature-256": signature}
    webhooks.send_body(store(), str(hook["webhook_url"]), body, headers, delay, times)


@bp.patch("/devices/<device_id>/webhook")
def webhook(device_id: str) -> Any:
    """`webhook_url` and `webhook_secret`; an empty address switches it off."""
    _fault, struck = _door()
    if struck is not None:
        return struck
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or "webhook_url" not in data:
        raise Refused(400, "VALIDATION_ERROR", "webhook_url is required")
    store().put("gowa", "webhook", data)
    results = {"device_id": device_id, "webhook_url": data["webhook_url"]}
    return jsonify(code="SUCCESS", message="Device webhook updated", results=results)


@bp.get("/app/status")
def status() -> Any:
    """The health probe."""
    _fault, struck = _door()
    if struck is not None:
        return struck
    phone = _phone()
    found = {
        "is_connected": phone["connected"] == "1",
        "is_logged_in": phone["logged_in"] == "1",
        "device_id": unquote(request.headers.get("X-Device-Id", "")) or "default",
        "jid": JID if phone["logged_in"] == "1" else "",
    }
    return jsonify(code="SUCCESS", message="Connection status retrieved", results=found)


@bp.get("/user/my/groups")
def groups() -> Any:
    """The groups of the paired number."""
    _fault, struck = _door()
    if struck is not None:
        return struck
    _online()
    return jsonify(
        code="SUCCESS", message="Success get list groups", results={"data": list(GROUPS)}
    )


@bp.post("/phone")
def phone() -> Any:
    """Set `connected`, `logged_in`, `timelock` to 0 or 1."""
    data = request.get_json(silent=True) or request.form.to_dict()
    changed = {name: str(data[name]) for name in _phone() if name in data}
    now = store().change("gowa", "phone", lambda old: {**(old or {}), **changed})
    return jsonify({**_phone(), **now})


@bp.post("/incoming")
def incoming() -> Any:
    """Somebody writes: `sender`, `message`, `name`, and `reply_to` for an answer."""
    data = request.get_json(silent=True) or request.form.to_dict()
    jid = f"{inbox.digits(str(data.get('sender', '')))}@s.whatsapp.net"
    payload = {
        "id": "3A" + secrets.token_hex(9).upper(),
        "chat_id": jid,
        "from": jid,
        "from_name": str(data.get("name", "")),
        "timestamp": _now(),
        "is_from_me": False,
        "body": str(data.get("message", "")),
        **({"replied_to_id": data["reply_to"]} if data.get("reply_to") else {}),
    }
    _tell({"event": "message", "payload": payload})
    return jsonify(ok=True, id=payload["id"])
