"""Twilio's Messages API for WhatsApp, as far as Loket uses it, with signed status callbacks.

Basic authentication with the account or an API key; any password is good unless it ends in
`invalid`, and the account's last one signs the callbacks. A number ending in 0000000 is not on
WhatsApp. The approved contents and what the console does are at `/twilio/console.json` and
`/twilio/console`; `/twilio/incoming` is somebody writing to it.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from portal.simulators import faults, inbox, webhooks
from portal.simulators.store import Doc, store
from portal.simulators.templates_meta import CODE_TEXT, GUIDE, PLACE

bp = Blueprint("twilio", __name__, url_prefix="/twilio")

API = "/2010-04-01/Accounts/<account>"
TEXTS = {**GUIDE, "otp_code": CODE_TEXT}
CONTENTS = {
    "HX" + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(): name for name in TEXTS
}
_TO = re.compile(r"whatsapp:\+\d{8,15}")
_CONTENT = re.compile(r"HX[0-9a-fA-F]{32}")


class Refused(Exception):
    """An error in Twilio's shape."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@bp.errorhandler(Refused)
def refuse(error: Refused) -> Any:
    """Twilio's error body."""
    link = f"https://www.twilio.com/docs/errors/{error.code}"
    body = {"code": error.code, "message": str(error), "more_info": link, "status": error.status}
    return jsonify(body), error.status


def _console() -> Doc:
    """How the account is set up."""
    usual = {"status": "active", "window": "open", "webhook": "", "token": "dev-twilio-token"}
    return {**usual, **(store().get("twilio", "console") or {})}


def _change(changed: Doc) -> None:
    store().change("twilio", "console", lambda old: {**(old or {}), **changed})


def _authorize(account: str) -> None:
    given = request.authorization
    name, password = (given.username or "", given.password or "") if given else ("", "")
    known = name == account or re.fullmatch(r"SK[0-9a-fA-F]{32}", name)
    if not known or not password or password.endswith("invalid"):
        raise Refused(20003, "Authenticate", 401)
    if name == account:
        _change({"token": password})


@bp.post(f"{API}/Messages.json")
def create(account: str) -> Any:
    """Queue one message; what becomes of it is told by callbacks."""
    fault = faults.active("twilio")
    struck = faults.strike("twilio", fault)
    if struck is not None:
        return struck
    _authorize(account)
    form = request.form.to_dict()
    _validate(form)
    text, template, values = _content(form)
    sid = "SM" + secrets.token_hex(16)
    error = _later_error(form)
    if not error:
        media = [form["MediaUrl"]] if form.get("MediaUrl") else []
        inbox.receive("twilio", form["To"], text, template=template, params=values, media=media)
    made = _resource(account, sid, form, text)
    store().put("twilio_message", sid, made)
    _promise(made, form.get("StatusCallback", ""), error, fault)
    return faults.after(fault) or (jsonify(made), 201)


def _validate(form: Doc) -> None:
    if not _TO.fullmatch(str(form.get("To", ""))):
        raise Refused(21211, f"The 'To' number {form.get('To', '')} is not a valid phone number.")
    if not (form.get("From") or form.get("MessagingServiceSid")):
        raise Refused(21603, "A 'From' phone number is required.")
    if form.get("From") and not _TO.fullmatch(str(form["From"])):
        raise Refused(21212, f"The 'From' number {form['From']} is not a valid phone number.")
    if form.get("ContentVariables") and not form.get("ContentSid"):
        raise Refused(21654, "ContentSid Required")
    if len(str(form.get("Body", ""))) > 1600:
        raise Refused(21617, "The concatenated message body exceeds the 1600 character limit.")
    if "_" in str(form.get("StatusCallback", "")).partition("://")[2].partition("/")[0]:
        raise Refused(21609, "The 'StatusCallback' URL is not a valid URL.")
    if not (form.get("Body") or form.get("MediaUrl") or form.get("ContentSid")):
        raise Refused(21619, "A text message body or media urls must be specified.")


def _content(form: Doc) -> tuple[str, str, list[str]]:
    """The words that arrive, the template's name, its values."""
    sid = str(form.get("ContentSid", ""))
    if not sid:
        return str(form.get("Body", "")), "", []
    if not _CONTENT.fullmatch(sid) or sid not in CONTENTS:
        raise Refused(21655, "The ContentSid is invalid")
    text = TEXTS[CONTENTS[sid]]
    places = sorted({int(place) for place in PLACE.findall(text)})
    try:
        given = json.loads(form.get("ContentVariables") or "{}")
        values = [str(given[str(place)]) for place in places]
    except (ValueError, KeyError, TypeError):
        raise Refused(21656, "The ContentVariables Parameter is invalid") from None
    if any(not value or len(value) > 1024 or "\n" in value for value in values):
        raise Refused(63021, "Channel invalid content error")
    filled = PLACE.sub(lambda place: str(given[place[1]]), text)
    return filled, CONTENTS[sid], values


def _later_error(form: Doc) -> int:
    """What WhatsApp says only after Twilio took the message."""
    if str(form["To"]).endswith("0000000"):
        return 63024
    closed = _console()["window"] != "open"
    return 63016 if closed and not form.get("ContentSid") else 0


def _resource(account: str, sid: str, form: Doc, text: str) -> Doc:
    return {
        "sid": sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": text,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "num_media": "1" if form.get("MediaUrl") else "0",
        "status": "accepted" if form.get("MessagingServiceSid") else "queued",
        "to": form["To"],
        "uri": f"/2010-04-01/Accounts/{account}/Messages/{sid}.json",
    }


def _promise(made: Doc, callback: str, error: int, fault: Doc) -> None:
    """Sent and delivered, or undelivered, a little later."""
    states = [(0.3, "undelivered")] if error else [(0.3, "sent"), (0.9, "delivered")]
    store().put(
        "twilio_message",
        str(made["sid"]),
        {**made, "status": states[-1][1], "error_code": error or None},
    )
    if not callback or fault.get("no_webhook"):
        return
    for delay, state in states:
        said = {
            "MessageSid": made["sid"],
            "SmsSid": made["sid"],
            "MessageStatus": state,
            "SmsStatus": state,
            "To": made["to"],
            "From": made["from"] or "whatsapp:+6281280001111",
            "AccountSid": made["account_sid"],
            "ApiVersion": "2010-04-01",
            "ChannelPrefix": "whatsapp",
            **({"ErrorCode": str(error)} if error else {}),
        }
        _tell(callback, said, delay, int(fault.get("duplicate") or 1))


def _tell(address: str, said: Doc, delay: float = 0.0, times: int = 1) -> None:
    """A form, signed over the address and every parameter."""
    text = address + "".join(name + str(said[name]) for name in sorted(said))
    made = hmac.new(str(_console()["token"]).encode(), text.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Twilio-Signature": base64.b64encode(made).decode(),
    }
    webhooks.send_body(store(), address, urlencode(said).encode(), headers, delay, times)


@bp.get(f"{API}/Messages/<sid>.json")
def fetch(account: str, sid: str) -> Any:
    """What is known of a message now."""
    _authorize(account)
    found = store().get("twilio_message", sid)
    if found is None:
        raise Refused(20404, f"The requested resource /Messages/{sid}.json was not found", 404)
    return jsonify(found)


@bp.get(f"{API}.json")
def account_of(account: str) -> Any:
    """The health probe."""
    struck = faults.strike("twilio")
    if struck is not None:
        return struck
    _authorize(account)
    status = _console()["status"]
    return jsonify(sid=account, friendly_name="NusaLink", status=status, type="Full")


@bp.get("/console.json")
def shown() -> Any:
    """How the account is set up, without its token; the approved contents."""
    now = {name: value for name, value in _console().items() if name != "token"}
    return jsonify({**now, "contents": CONTENTS})


@bp.post("/console")
def change() -> Any:
    """Set `status` (active, suspended), `window` (open, closed), `webhook` (whole address)."""
    data = request.get_json(silent=True) or request.form.to_dict()
    _change({name: str(data[name]) for name in ("status", "window", "webhook") if name in data})
    return shown()


@bp.post("/incoming")
def incoming() -> Any:
    """Somebody writes: `sender`, `message`, `name`, and `reply_to` for an answer."""
    data = request.get_json(silent=True) or request.form.to_dict()
    address = str(_console()["webhook"])
    if not address:
        return Response("set the webhook first", 409)
    sid, number = "SM" + secrets.token_hex(16), inbox.digits(str(data.get("sender", "")))
    said = {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "From": f"whatsapp:+{number}",
        "To": "whatsapp:+6281280001111",
        "WaId": number,
        "Body": str(data.get("message", "")),
        "ProfileName": str(data.get("name", "")),
        "NumMedia": "0",
        "MessageType": "text",
        **({"OriginalRepliedMessageSid": data["reply_to"]} if data.get("reply_to") else {}),
    }
    _tell(address, said)
    return jsonify(ok=True, sid=sid)
