"""Meta's Graph API, as far as Loket uses it: messages, a health probe, statuses. Templates are in
`graph_templates.py`."""

import base64
import os
import re
import secrets
import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from portal.simulators import faults, inbox, templates_meta, webhooks
from portal.simulators.store import Doc, store

bp = Blueprint("graph", __name__, url_prefix="/graph")

BAD_PARAMETER = re.compile(r"[\n\t]| {5,}")


class Refused(Exception):
    """An error in Meta's shape."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


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
    data: Doc = request.get_json(silent=True) or {}
    if data.get("messaging_product") != "whatsapp" or not data.get("to"):
        raise Refused(100, "messaging_product and to are required")
    to = inbox.digits(str(data["to"]))
    if to.endswith("0000000"):
        raise Refused(131026, "Message undeliverable")
    text, template, params, buttons = _content(data)
    key = str(data.get("biz_opaque_callback_data") or "")
    inbox.receive("meta", to, text, key=key, template=template, params=params, buttons=buttons)
    wamid = "wamid.HBg" + base64.b64encode(secrets.token_bytes(36)).decode()
    if not fault.get("no_webhook"):
        _promise_statuses(phone_id, wamid, to, key)
    return faults.after(fault) or _accepted(to, str(data["to"]), wamid, bool(template))


def _accepted(to: str, given: str, wamid: str, template: bool) -> Response:
    message: Doc = {"id": wamid}
    if template:
        message["message_status"] = "accepted"
    return jsonify(
        messaging_product="whatsapp",
        contacts=[{"input": given, "wa_id": to}],
        messages=[message],
    )


def _content(data: Doc) -> tuple[str, str, list[str], list[str]]:
    """Text, template name, parameters and buttons of a request."""
    if data.get("type") == "template":
        return _template(data.get("template") or {})
    if data.get("type", "text") == "text":
        body = str((data.get("text") or {}).get("body", ""))
        if not body or len(body) > 4096:
            raise Refused(100, "text.body must have 1 to 4096 characters")
        return body, "", [], []
    if data.get("type") == "interactive":
        inner = data.get("interactive") or {}
        return str((inner.get("body") or {}).get("text", "")), "", [], []
    raise Refused(131051, "Unsupported message type")


def _template(template: Doc) -> tuple[str, str, list[str], list[str]]:
    name = str(template.get("name", ""))
    row = _approved(name, str((template.get("language") or {}).get("code")))
    parts = {part.get("type"): part for part in template.get("components") or []}
    values = _values(parts.get("body"))
    if len(values) != templates_meta.count(row):
        raise Refused(132000, f"body: number of localizable_params ({len(values)}) does not match")
    if any(not value for value in values):
        raise Refused(131008, "Required parameter is missing")
    if any(BAD_PARAMETER.search(value) for value in values):
        raise Refused(132018, "Param text cannot have new-line/tab or more than 4 spaces")
    buttons: list[str] = []
    if row["category"] == "AUTHENTICATION":
        if _values(parts.get("button")) != values:
            raise Refused(131008, "buttons: the copy button must carry the code")
        buttons = ["Salin kode"]
    return templates_meta.fill(row, values), name, values, buttons


def _approved(name: str, language: str) -> Doc:
    """The template, if Meta would send it now."""
    row = templates_meta.find(store(), name, language)
    status = row["status"] if row else ""
    if status == "PAUSED":
        raise Refused(132015, f"Template {name} is paused due to low quality")
    if status == "DISABLED":
        raise Refused(132016, f"Template {name} is disabled")
    if row is None or status != "APPROVED":
        raise Refused(132001, f"template name ({name}) does not exist in {language}", 404)
    return row


def _values(component: Doc | None) -> list[str]:
    return [str(item.get("text", "")) for item in (component or {}).get("parameters") or []]


def _promise_statuses(phone_id: str, wamid: str, to: str, key: str) -> None:
    """sent, delivered, read: signed, a little later."""
    secret = os.environ.get("META_WA_APP_SECRET") or "dev-app-secret"
    for delay, state in ((0.3, "sent"), (0.9, "delivered")):
        status: Doc = {
            "id": wamid,
            "status": state,
            "timestamp": str(int(time.time() + delay)),
            "recipient_id": to,
            "biz_opaque_callback_data": key,
        }
        payload = {
            "object": "whatsapp_business_account",
            "entry": [
                {
                    "id": "demo-waba",
                    "changes": [
                        {
                            "field": "messages",
                            "value": {
                                "messaging_product": "whatsapp",
                                "metadata": {"phone_number_id": phone_id},
                                "statuses": [status],
                            },
                        }
                    ],
                }
            ],
        }
        webhooks.send_signed(store(), payload, secret, delay)


@bp.get("/v<int:version>.0/<phone_id>")
def phone(version: int, phone_id: str) -> Any:
    """The health probe."""
    struck = faults.strike("graph")
    if struck is not None:
        return struck
    _authorize()
    return jsonify(
        id=phone_id,
        display_phone_number="+62 812-8000-1111",
        verified_name="NusaLink",
        quality_rating="GREEN",
        status="CONNECTED",
    )
