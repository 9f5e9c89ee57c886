"""Fonnte, as far as Loket uses it: send, device, groups, and its callbacks.

Forms only; HTTP 200 even for a no; any device token is good unless it ends in `invalid`. What its
dashboard does is at `/fonnte/dashboard`: where callbacks go, whether the phone is connected, how
much quota is left; `/fonnte/incoming` is somebody writing to it.
"""

import re
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Blueprint, Response, jsonify, request

from portal.simulators import faults, inbox, webhooks
from portal.simulators.store import Doc, store

bp = Blueprint("fonnte", __name__, url_prefix="/fonnte")

DEVICE = "6281280001111"
GROUPS = (
    {"id": "120363046375778543@g.us", "name": "Teknisi"},
    {"id": "120363046375778544@g.us", "name": "Gudang"},
)
LARGEST = 4 * 1024 * 1024
OFFLINE = "request invalid on disconnected device"
_TARGET = re.compile(r"\d{8,15}|[\d-]{5,40}@g\.us")


class Refused(Exception):
    """A no in Fonnte's manner."""


@bp.errorhandler(Refused)
def refuse(error: Refused) -> Any:
    """HTTP 200, like the real one."""
    return jsonify(status=False, reason=str(error), requestid=secrets.randbelow(10**7))


def dashboard() -> Doc:
    """How the device is set up."""
    usual = {"webhook": "", "device_status": "connect", "quota": "1000", "fetched": False}
    return {**usual, **(store().get("fonnte", "device") or {})}


def _authorize() -> None:
    token = request.headers.get("Authorization", "")
    if not token or token.startswith("Bearer ") or token.endswith("invalid"):
        raise Refused("token invalid")


def _struck() -> tuple[Doc, Response | None]:
    fault = faults.active("fonnte")
    return fault, faults.strike("fonnte", fault)


@bp.post("/send")
def send() -> Any:
    """Queue for every target; each gets an id."""
    fault, struck = _struck()
    if struck is not None:
        return struck
    _authorize()
    targets = [one.split("|")[0] for one in request.form.get("target", "").split(",") if one]
    text, url = request.form.get("message", ""), request.form.get("url", "")
    if not targets or not (text or url) or len(text) > 60_000:
        raise Refused("input invalid")
    numbers = [_number(target) for target in targets]
    device = dashboard()
    if device["device_status"] != "connect" and request.form.get("connectOnly") != "false":
        raise Refused(OFFLINE)
    if int(device["quota"]) < len(numbers):
        raise Refused("insufficient quota")
    if url:
        _look_at(url)
    _change({"quota": str(int(device["quota"]) - len(numbers))})
    ids = [_take(number, text, url, fault) for number in numbers]
    return faults.after(fault) or jsonify(
        detail="success! message in queue",
        id=ids,
        process="pending",
        requestid=secrets.randbelow(10**7),
        status=True,
        target=numbers,
    )


def _number(target: str) -> str:
    """The leading zero gives way to the country code, unless that is switched off."""
    code = request.form.get("countryCode", "62")
    if target.startswith("0") and code != "0":
        target = code + target[1:]
    if not _TARGET.fullmatch(target):
        raise Refused("target invalid")
    return target


def _look_at(url: str) -> None:
    """Fonnte fetches the file itself."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Refused("url invalid")
    try:
        with requests.get(url, timeout=3, stream=True) as answer:
            size = int(answer.headers.get("Content-Length") or 0)
            good = answer.status_code == 200
    except (requests.RequestException, ValueError):
        raise Refused("url unreachable") from None
    if not good:
        raise Refused("url unreachable")
    if size > LARGEST:
        raise Refused("file size must under 4MB")


def _take(number: str, text: str, url: str, fault: Doc) -> str:
    count = store().change(
        "counter", "fonnte", lambda old: {"n": (old or {"n": 80_367_169})["n"] + 1}
    )
    own = str(count["n"])
    if number.endswith("0000000"):
        _tell({"id": own, "status": "invalid"}, fault, 0.3)
        return own
    inbox.receive("fonnte", number, text, media=[url] if url else [])
    later = secrets.token_hex(8).upper()
    _tell({"id": own, "stateid": later, "status": "sent", "state": "sent"}, fault, 0.3)
    _tell({"stateid": later, "state": "delivered"}, fault, 0.9)
    return own


def _tell(said: Doc, fault: Doc, delay: float = 0.0) -> None:
    """Call back, where the dashboard says where."""
    path = urlsplit(str(dashboard()["webhook"])).path
    if path and not fault.get("no_webhook"):
        times = int(fault.get("duplicate") or 1)
        webhooks.send(store(), path, {"device": DEVICE, **said}, {}, delay, times)


@bp.post("/device")
def device() -> Any:
    """What the token's phone is."""
    _fault, struck = _struck()
    if struck is not None:
        return struck
    _authorize()
    now = dashboard()
    return jsonify(
        device=DEVICE,
        device_status=now["device_status"],
        expired="18 November 2029",
        messages=16785,
        name="NusaLink",
        package="Super",
        quota=now["quota"],
        status=True,
    )


@bp.post("/fetch-group")
def fetch_group() -> Any:
    """Read the groups from the phone."""
    _authorize()
    if dashboard()["device_status"] != "connect":
        raise Refused(OFFLINE)
    _change({"fetched": True})
    return jsonify(detail="update whatsapp group list success", status=True)


@bp.post("/get-whatsapp-group")
def groups() -> Any:
    """The list as it was fetched last."""
    _authorize()
    if not dashboard()["fetched"]:
        return jsonify(detail="no data found, fetch group first", status=False)
    return jsonify(data=list(GROUPS), detail="success get whatsapp group list", status=True)


def _change(changed: Doc) -> Doc:
    return store().change("fonnte", "device", lambda old: {**(old or {}), **changed})


@bp.get("/dashboard.json")
def shown() -> Any:
    """How the device is set up."""
    return jsonify(dashboard())


@bp.post("/dashboard")
def change() -> Any:
    """Set `webhook` (only its path counts), `device_status` (connect, disconnect), `quota`."""
    data = request.get_json(silent=True) or request.form.to_dict()
    if not str(data.get("quota", "0")).isdecimal():
        return jsonify(error="quota must be a number"), 400
    before = dashboard()["device_status"]
    _change(
        {name: str(data[name]) for name in ("webhook", "device_status", "quota") if name in data}
    )
    after = dashboard()
    if after["device_status"] != before:
        why = "" if after["device_status"] == "connect" else "logged out from phone"
        said = {"status": after["device_status"], "timestamp": int(time.time()), "reason": why}
        _tell(said, {})
    return jsonify(after)


@bp.post("/incoming")
def incoming() -> Any:
    """Somebody writes: `sender`, `message`, `name`; `member` when it is in a group."""
    data = request.get_json(silent=True) or request.form.to_dict()
    said = {name: str(data.get(name, "")) for name in ("sender", "message", "name", "member")}
    known = {"inboxid": secrets.randbelow(10**9), "timestamp": int(time.time())}
    _tell({**said, **known, "url": "", "filename": "", "extension": ""}, {})
    return jsonify(ok=True)
