"""WatZap, as far as Loket uses it: classic and WABA sending, groups, key check, webhook.

JSON with the keys in the body; HTTP 200 even for a no. Any key is good unless it ends in
`invalid`. WABA takes free text only to numbers that wrote in the last 24 hours, and the approved
templates in either way of calling their parameters. `/watzap/dashboard` sets whether the number is
connected; `/watzap/incoming` is somebody writing to it.
"""

import base64
import re
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, jsonify, request

from portal.simulators import faults, inbox, webhooks
from portal.simulators.store import Doc, store
from portal.simulators.templates_meta import CODE_TEXT, GUIDE, PLACE

bp = Blueprint("watzap", __name__, url_prefix="/watzap")

NUMBER = "6281280001111"
GROUPS = {
    "120363046375778543@g.us": {"name": "Teknisi", "participants": []},
    "120363046375778544@g.us": {"name": "Gudang", "participants": []},
}
TEMPLATES = {**GUIDE, "otp_code": CODE_TEXT}
DAY = 24 * 3600


class Refused(Exception):
    """One of WatZap's codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@bp.errorhandler(Refused)
def refuse(error: Refused) -> Any:
    """HTTP 200, like the real one."""
    return jsonify(status=error.code, message=str(error), ack="fatal_error")


def _yes(**more: Any) -> Any:
    return jsonify(status="200", message="Successfully", ack="successfully", **more)


def _body(*, number: bool = True) -> Doc:
    """The request, its keys checked."""
    data = request.get_json(silent=True)
    data = data if isinstance(data, dict) else {}
    if _bad(data.get("api_key")):
        raise Refused("1002", "Invalid API Key")
    if number and _bad(data.get("number_key")):
        raise Refused("1003", "Invalid Number Key")
    return data


def _bad(key: Any) -> bool:
    return not isinstance(key, str) or not key or key.endswith("invalid")


def _state() -> Doc:
    return {"connected": True, "webhook": "", **(store().get("watzap", "number") or {})}


def _change(changed: Doc) -> Doc:
    return store().change("watzap", "number", lambda old: {**(old or {}), **changed})


def _take(data: Doc, to: str, text: str, url: str = "") -> None:
    """Into the phone, unless WatZap would say no."""
    if not _state()["connected"]:
        raise Refused("1004", "Pairing failed")
    if not to or not (text or url):
        raise Refused("1006", "Bad request, parameter is missing")
    if to.endswith("0000000"):
        raise Refused("1006", "Number not registered")
    if re.search(r"\{[^{}]*\|[^{}]*$", text):
        raise Refused("1005", "Dynamic message error")
    if url and urlsplit(url).scheme not in {"http", "https"}:
        raise Refused("1006", "Invalid url")
    inbox.receive("watzap", to, text, media=[url] if url else [])


@bp.post("/v1/send_<what>")
def classic(what: str) -> Any:
    """`message`, `image_url`, `file_url`; the same with `_group`. A file loses its words."""
    fault = faults.active("watzap")
    struck = faults.strike("watzap", fault)
    if struck is not None:
        return struck
    if what not in {
        "message",
        "image_url",
        "file_url",
        "message_group",
        "image_group",
        "file_group",
    }:
        return "Not Found", 404
    data = _body()
    group = what.endswith("_group")
    to = str(data.get("group_id" if group else "phone_no", ""))
    if group != to.endswith("@g.us"):
        raise Refused("1006", "Wrong kind of receiver")
    text = "" if what.startswith("file") else str(data.get("message", ""))
    _take(data, to, text, "" if what.startswith("message") else str(data.get("url", "")))
    return faults.after(fault) or _yes()


@bp.post("/v1/waba_send_<what>")
def official(what: str) -> Any:
    """`message`, `message_template`, `image_url`, `file_url`; answers with a `wamid`."""
    fault = faults.active("watzap")
    struck = faults.strike("watzap", fault)
    if struck is not None:
        return struck
    data = _body(number=False)
    to = str(data.get("phone_no", ""))
    if what == "message_template":
        _take(data, to, _filled(data))
    elif what in {"message", "image_url", "file_url"}:
        if not _wrote_lately(to):
            raise Refused("400", "Re-engagement message")
        url = str(data.get("url") or data.get(what) or "") if what != "message" else ""
        _take(data, to, str(data.get("caption" if url else "message", "")), url)
    else:
        return "Not Found", 404
    wamid = "wamid.HBg" + base64.b64encode(secrets.token_bytes(24)).decode()
    return faults.after(fault) or _yes(data={"wamid": wamid})


def _filled(data: Doc) -> str:
    """The approved text with its values, given as a list or as an object of names."""
    name = str(data.get("template_name", ""))
    if name not in TEMPLATES or "id" not in (data.get("template_language"), data.get("language")):
        raise Refused("400", "template name does not exist in the translation")
    given = data.get("parameters")
    if isinstance(data.get("parameter"), list):
        given = [v for part in data["parameter"] if isinstance(part, dict) for v in part.values()]
    values = [str(value) for value in given] if isinstance(given, list) else []
    if len(values) != len(PLACE.findall(TEMPLATES[name])):
        raise Refused("400", "template: number of parameters does not match")
    return PLACE.sub(lambda place: values[int(place[1]) - 1], TEMPLATES[name])


def _wrote_lately(number: str) -> bool:
    last = (store().get("watzap_wrote", inbox.digits(number)) or {}).get("at", 0)
    return time.time() - float(last) < DAY


@bp.post("/v1/checking_key")
def checking_key() -> Any:
    """The licence of a key, with its numbers."""
    struck = faults.strike("watzap")
    if struck is not None:
        return struck
    try:
        _body(number=False)
    except Refused as error:
        return jsonify(status=False, message=str(error))
    licence = {
        "key": str(store().change("watzap", "licence", lambda old: old or {"key": "demo"})["key"]),
        "wa_number": NUMBER,
        "is_connected": _state()["connected"],
        "expires_on": "2029-11-18 00:00:00",
        "limit_message_per_day": "UNLIMITED",
    }
    return jsonify(status=True, message="Successfully", data={"licenses_key": [licence]})


@bp.post("/v1/groups")
def groups() -> Any:
    """An object named by the groups' ids."""
    _body()
    return _yes(groups=GROUPS)


@bp.post("/v1/<any(set_webhook, get_webhook, unset_webhook):verb>")
def webhook(verb: str) -> Any:
    """Where incoming messages go; only the path counts here."""
    data = _body()
    if verb == "set_webhook":
        _change({"webhook": str(data.get("endpoint_url", ""))})
    elif verb == "unset_webhook":
        _change({"webhook": ""})
    return _yes(data={"endpoint_url": _state()["webhook"]})


@bp.post("/dashboard")
def dashboard() -> Any:
    """Set `connected` (true, false), `number_key`."""
    data = request.get_json(silent=True) or request.form.to_dict()
    if "connected" in data:
        _change({"connected": str(data["connected"]).lower() in {"true", "1"}})
    if data.get("number_key"):
        store().put("watzap", "licence", {"key": str(data["number_key"])})
    return jsonify(_state())


@bp.post("/incoming")
def incoming() -> Any:
    """Somebody writes: `sender`, `message`, `name`."""
    data = request.get_json(silent=True) or request.form.to_dict()
    sender = inbox.digits(str(data.get("sender", "")))
    store().put("watzap_wrote", sender, {"at": time.time()})
    chat = f"{sender}@c.us"
    said = {
        "chat_id": chat,
        "message_id": f"false_{chat}_{secrets.token_hex(10).upper()}",
        "name": str(data.get("name", "")),
        "timestamp": int(time.time()),
        "message_body": str(data.get("message", "")),
        "message_ack": "PENDING",
        "has_media": False,
        "media_mime": "",
        "is_from_me": False,
    }
    if path := urlsplit(str(_state()["webhook"])).path:
        webhooks.send(store(), path, {"type": "incoming_chat", "data": said}, {})
    return jsonify(ok=True)
