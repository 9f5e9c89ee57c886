"""The phone: every message that arrived, as bubbles and as JSON."""

import re
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request
from markupsafe import Markup, escape

from portal.simulators.store import Doc, now, store

bp = Blueprint("inbox", __name__)

KINDS = (
    "otp_code",
    "invoice_notification",
    "payment_reminder",
    "overdue_notice",
    "isolation_notice",
    "payment_confirmation",
    "access_opened",
    "broadcast",
    "staff_notice",
    "customer_notice",
)
KEYS = frozenset({"api_key", "number_key", "access_token"})
_BOT = re.compile(r"/bot[^/]+/")


def digits(text: str) -> str:
    """`628…` from any way of writing a number."""
    only = re.sub(r"\D", "", text)
    return "62" + only[1:] if only.startswith("0") else only


def kind_of(template: str, key: str) -> str:
    """Told by the template's name, else by the idempotency key, which starts with it."""
    if template in KINDS:
        return template
    head = key.split(":", 1)[0]
    return head if head in KINDS else "text"


def receive(driver: str, to: str, text: str, **about: Any) -> int:
    """Put a message into the phone of that number; keeps the raw request for inspection."""
    key, template = str(about.get("key") or ""), str(about.get("template") or "")
    return store().add(
        "message",
        {
            "kind": kind_of(template, key),
            "to": digits(to),
            "text": text,
            "buttons": about.get("buttons") or [],
            "media": about.get("media") or [],
            "received_at": now(),
            "driver": driver,
            "template": template,
            "params": about.get("params") or [],
            "replies": about.get("replies") or [],
            "provider_id": str(about.get("provider_id") or ""),
            "idempotency_key": key,
            "raw": raw_request(),
        },
    )


def answered(number: str, text: str) -> None:
    """Show what the phone's owner said."""
    store().add("answer", {"to": number, "text": text, "received_at": now(), "mine": True})


def raw_request() -> Doc:
    """What was on the wire, credentials masked."""
    secret = {"authorization", "x-api-key", "cookie"}
    headers = {name: "***" if name.lower() in secret else value for name, value in request.headers}
    body = request.get_json(silent=True) or request.form.to_dict()
    if isinstance(body, dict):  # some want their keys here
        body = {name: "***" if name in KEYS else value for name, value in body.items()}
    # gunicorn keeps what was really asked for, percent signs and all
    path = str(request.environ.get("RAW_URI") or request.full_path.rstrip("?"))
    return {
        "method": request.method,
        "path": _BOT.sub("/bot***/", path),
        "headers": headers,
        "body": body,
    }


def _public(message: Doc) -> Doc:
    return {name: value for name, value in message.items() if name != "raw"}


def _of(number: str) -> list[Doc]:
    wanted = digits(number)
    return [_public(message) for message in store().all("message") if message["to"] == wanted]


@bp.get("/inbox/<number>.json")
def number_json(number: str) -> Any:
    """Messages of one number, the newest first."""
    return jsonify(_of(number))


@bp.get("/inbox.json")
def all_json() -> Any:
    """All messages, the newest first; `?since=<id>` only later ones."""
    since = request.args.get("since", 0, type=int)
    limit = request.args.get("limit", 100_000, type=int)
    return jsonify([_public(m) for m in store().all("message", limit) if m["id"] > since])


@bp.get("/inbox/raw/<int:message_id>.json")
def raw(message_id: int) -> Any:
    """The request that brought a message."""
    message = store().by_id("message", message_id)
    if message is None:
        abort(404)
    return jsonify(message["raw"])


@bp.route("/inbox", methods=["DELETE"])
@bp.post("/inbox/clear")
def clear() -> Any:
    """Empty the phone."""
    store().clear("message")
    store().clear("answer")
    return jsonify(ok=True) if request.method == "DELETE" else redirect("/inbox", 303)


@bp.get("/inbox")
@bp.get("/inbox/<number>")
def page(number: str = "") -> str:
    """The phone's screen: a list of chats, and one of them open."""
    number = digits(number or request.args.get("to", ""))
    messages = store().all("message", 3000)
    chats: dict[str, Doc] = {}
    for message in messages:
        chats.setdefault(message["to"], message)
    said = [answer for answer in store().all("answer", 500) if answer["to"] == number]
    there = [message for message in messages if message["to"] == number] + said
    mine = sorted(there, key=lambda one: (one["received_at"], one["id"]))
    return render_template("inbox.html", chats=chats, number=number, messages=mine)


def whatsapp_html(text: str) -> Markup:
    """*bold*, _italic_, ~strike~ and links as WhatsApp shows them; everything else escaped."""
    shown = str(escape(text))
    for mark, tag in (("*", "b"), ("_", "i"), ("~", "s")):
        m = re.escape(mark)
        inside = rf"[^\s{m}][^{m}\n]*?"
        pattern = rf"(?<![\w{m}\u2060]){m}({inside}){m}(?!\w)"
        shown = re.sub(pattern, rf"<{tag}>\1</{tag}>", shown)
    shown = re.sub(r"(https?://[^\s<]+)", r'<a href="\1">\1</a>', shown)
    return Markup(shown.replace("\n", "<br>"))  # noqa: S704 - escaped above


@bp.app_template_filter("whatsapp")
def whatsapp_filter(text: str) -> Markup:
    """For the bubbles."""
    return whatsapp_html(text)
