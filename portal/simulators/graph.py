"""Meta's Graph API, as far as Loket uses it: messages, files, a health probe. Templates are in
`graph_templates.py`, callbacks in `graph_hooks.py`."""

import base64
import secrets
from typing import Any

from flask import Blueprint, Response, jsonify, request

from portal.simulators import (
    faults,
    graph_content,
    graph_hooks,
    inbox,
    signup_assets,
    signup_nodes,
)
from portal.simulators.graph_content import Refused
from portal.simulators.store import Doc, store

bp = Blueprint("graph", __name__, url_prefix="/graph")

MB = 1024 * 1024
MIMES = {
    "image/jpeg": 5 * MB,
    "image/png": 5 * MB,
    "video/mp4": 16 * MB,
    "video/3gpp": 16 * MB,
    "application/pdf": 100 * MB,
    "text/plain": 100 * MB,
}


@bp.errorhandler(Refused)
def refuse(error: Refused) -> Any:
    """Meta's error envelope."""
    body = {
        "message": f"(#{error.code}) {error.message}",
        "type": "OAuthException",
        "code": error.code,
        "error_data": {"messaging_product": "whatsapp", "details": error.message},
        "fbtrace_id": secrets.token_hex(6),
    }
    return jsonify(error=body), error.status


def _authorize() -> None:
    header = request.headers.get("Authorization", "")
    if not header.startswith("Bearer ") or header.endswith("invalid"):
        raise Refused(190, "Invalid OAuth access token.", 401)


@bp.post("/v<int:version>.0/<phone_id>/messages")
def messages(version: int, phone_id: str) -> Any:
    """Accept one message, put it into the phone, promise statuses."""
    fault = faults.active("graph")
    struck = faults.strike("graph", fault)
    if struck is not None:
        return struck
    _authorize()
    signup_assets.must_be_registered(phone_id)
    data: Doc = request.get_json(silent=True) or {}
    if data.get("messaging_product") != "whatsapp" or not data.get("to"):
        raise Refused(100, "messaging_product and to are required")
    to = inbox.digits(str(data["to"]))
    if to.endswith("0000000"):
        raise Refused(131026, "Message undeliverable")
    content = graph_content.read(data)
    key, wamid = str(data.get("biz_opaque_callback_data") or ""), graph_hooks.new_wamid()
    outside = bool(fault.get("window")) and not content.template
    if outside and not graph_hooks.window_open(to):
        graph_hooks.promise_failure(phone_id, wamid, to, key, graph_hooks.OUTSIDE)
        return _accepted(to, str(data["to"]), wamid, template=False)
    about = {**vars(content), "key": key, "provider_id": wamid}
    inbox.receive("meta", to, about.pop("text"), **about)
    if not fault.get("no_webhook"):
        graph_hooks.promise_statuses(phone_id, wamid, to, key, content.category)
    return faults.after(fault) or _accepted(to, str(data["to"]), wamid, bool(content.template))


def _accepted(to: str, given: str, wamid: str, template: bool) -> Response:
    message: Doc = {"id": wamid}
    if template:
        message["message_status"] = "accepted"
    return jsonify(
        messaging_product="whatsapp",
        contacts=[{"input": given, "wa_id": to, "user_id": graph_hooks.user_id(to)}],
        messages=[message],
    )


@bp.post("/v<int:version>.0/<phone_id>/media")
def upload(version: int, phone_id: str) -> Any:
    """Keep a file for thirty days."""
    struck = faults.strike("graph")
    if struck is not None:
        return struck
    _authorize()
    given = request.files.get("file")
    if request.form.get("messaging_product") != "whatsapp" or given is None:
        raise Refused(100, "messaging_product and file are required")
    mime = given.mimetype or request.form.get("type", "")
    if mime not in MIMES:
        raise Refused(131053, f"Media upload error: unsupported type {mime}")
    content = given.read()
    if len(content) > MIMES[mime]:
        raise Refused(131053, "Media upload error: the file is too large")
    media_id = str(secrets.randbelow(10**16) + 10**15)
    kept = {"mime": mime, "content": base64.b64encode(content).decode()}
    store().put("graph_media", media_id, kept)
    return jsonify(id=media_id)


@bp.get("/media/<media_id>")
def file(media_id: str) -> Any:
    """The file itself, as the phone shows it."""
    kept = store().get("graph_media", media_id)
    if kept is None:
        raise Refused(100, "Unsupported get request. Object does not exist", 404)
    return Response(base64.b64decode(kept["content"]), content_type=kept["mime"])


@bp.get("/v<int:version>.0/<phone_id>")
def phone(version: int, phone_id: str) -> Any:
    """The health probe; and the accounts, numbers and allocations of the signup."""
    struck = faults.strike("graph")
    if struck is not None:
        return struck
    known_there = signup_nodes.answer(phone_id)
    if known_there is not None:
        return known_there
    _authorize()
    if (kept := store().get("graph_media", phone_id)) is not None:
        url = f"{request.host_url}graph/media/{phone_id}"
        return jsonify(id=phone_id, messaging_product="whatsapp", url=url, mime_type=kept["mime"])
    known: Doc = {
        "display_phone_number": "+62 812-8000-1111",
        "verified_name": "NusaLink",
        "quality_rating": "GREEN",
        "status": "CONNECTED",
        "throughput": {"level": "STANDARD"},
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "health_status": {"can_send_message": "AVAILABLE", "entities": []},
    }
    asked = request.args.get("fields", "display_phone_number,verified_name").split(",")
    return jsonify({"id": phone_id} | {name: known[name] for name in asked if name in known})
