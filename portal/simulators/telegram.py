"""Telegram's Bot API, as far as Loket uses it: messages, photos, buttons, the webhook.

Any token is good unless it ends in `invalid`. A bot may write only to who wrote to it first;
text in HTML must parse as the real one's. The other side, a person with a chat, is in
`telegram_chat.py`.
"""

import base64
import json
import time
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from markupsafe import escape

from portal.simulators import faults, inbox
from portal.simulators.store import Doc, store

bp = Blueprint("telegram", __name__, url_prefix="/telegram")
BOT = {"id": 7000000001, "is_bot": True, "first_name": "NusaLink", "username": "nusalink_bot"}
TAGS = frozenset({"b", "strong", "i", "em", "u", "s", "del", "code", "pre", "a", "blockquote"})
TEXT, CAPTION, DATA = 4096, 1024, 64


class Refused(Exception):
    """A no, with its HTTP status."""

    def __init__(self, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status


class _Reading(HTMLParser):
    """Telegram's HTML: known tags only, closed in order; `text` is what people read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in TAGS or attrs:
            raise Refused(f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise Refused("Bad Request: can't parse entities: Unmatched end tag")

    def handle_comment(self, data: str) -> None:
        raise Refused("Bad Request: can't parse entities: Unsupported start tag")

    def handle_decl(self, decl: str) -> None:
        self.handle_comment(decl)

    def handle_pi(self, data: str) -> None:
        self.handle_comment(data)

    def unknown_decl(self, data: str) -> None:
        self.handle_comment(data)

    def handle_data(self, data: str) -> None:
        self.text += data


@bp.errorhandler(Refused)
def refuse(error: Refused) -> Any:
    """A no in Telegram's manner."""
    return _no(error.status, str(error))


def _no(status: int, description: str, **parameters: int) -> tuple[Response, int]:
    said: Doc = {"ok": False, "error_code": status, "description": description}
    if parameters:
        said["parameters"] = parameters
    return jsonify(said), status


@bp.route("/bot<token>/<method>", methods=["GET", "POST"])
def call(token: str, method: str) -> Any:
    """Any method of the API."""
    fault = faults.active("telegram")
    struck = faults.strike("telegram", fault)
    if struck is not None and struck.status_code == 429:
        return _no(429, "Too Many Requests: retry after 7", retry_after=7)
    if struck is not None:
        return struck
    if token.endswith("invalid"):
        raise Refused("Unauthorized", 401)
    act = METHODS.get(method)
    if act is None:
        raise Refused("Not Found", 404)
    said = request.get_json(silent=True) or request.values.to_dict()
    result = act(said)
    return faults.after(fault) or jsonify(ok=True, result=result)


def hook() -> Doc:
    """Where updates go."""
    return store().get("telegram", "hook") or {"url": "", "secret_token": ""}


def _set_hook(said: Doc) -> bool:
    parts = urlsplit(str(said.get("url", "")))
    near = parts.hostname in {"127.0.0.1", "localhost"}  # the real one wants https
    if parts.scheme != "https" and not near:
        raise Refused("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    kept = {"url": said["url"], "secret_token": str(said.get("secret_token", ""))}
    store().put("telegram", "hook", kept)
    return True


def _delete_hook(_said: Doc) -> bool:
    store().put("telegram", "hook", {"url": "", "secret_token": ""})
    return True


def _hook_info(_said: Doc) -> Doc:
    trouble = store().get("telegram", "trouble") or {}
    return {
        "url": hook()["url"],
        "has_custom_certificate": False,
        "pending_update_count": 0,
        **({"last_error_message": trouble["words"]} if trouble.get("words") else {}),
    }


def _chat(said: Doc) -> Doc:
    number = str(said.get("chat_id", ""))
    chat = store().get("telegram_chat", number)
    if chat is None:
        raise Refused("Bad Request: chat not found")
    if chat.get("blocked"):
        raise Refused("Forbidden: bot was blocked by the user", 403)
    return chat


def _read(said: Doc, name: str, longest: int) -> str:
    """The words as people read them; refuses what Telegram would."""
    text = str(said.get(name) or "")
    if said.get("parse_mode") == "HTML":
        reading = _Reading()
        reading.feed(text)
        reading.close()
        if reading.open:
            raise Refused("Bad Request: can't parse entities: Can't find end tag")
        text = reading.text
    if len(text) > longest:
        raise Refused("Bad Request: message is too long" if name == "text" else CAPTION_LONG)
    return text


CAPTION_LONG = "Bad Request: message caption is too long"


def _keys(said: Doc) -> list[list[Doc]]:
    markup = said.get("reply_markup") or {}
    if isinstance(markup, str):
        markup = json.loads(markup)
    rows: list[list[Doc]] = markup.get("inline_keyboard") or []
    for button in (one for row in rows for one in row):
        kinds = [name for name in ("url", "callback_data", "copy_text") if button.get(name)]
        if not button.get("text") or len(kinds) != 1:
            raise Refused("Bad Request: Text buttons are unallowed in the inline keyboard")
        if len(str(button.get("callback_data", "")).encode()) > DATA:
            raise Refused("Bad Request: BUTTON_DATA_INVALID")
    return rows


def _html(said: Doc, name: str) -> str:
    words = str(said.get(name) or "")
    return words if said.get("parse_mode") == "HTML" else str(escape(words))


def _message(said: Doc) -> Doc:
    text = _read(said, "text", TEXT)
    if not text.strip():
        raise Refused("Bad Request: message text is empty")
    return _take(said, text, _html(said, "text"), {})


def _file(kind: str) -> Any:
    def act(said: Doc) -> Doc:
        text = _read(said, "caption", CAPTION)
        upload = request.files.get(kind)
        if upload is not None:
            data = upload.read()
            if kind == "photo" and not data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF")):
                raise Refused("Bad Request: IMAGE_PROCESS_FAILED")
            body = {"mime": upload.mimetype, "data": base64.b64encode(data).decode()}
            number = store().add("telegram_file", body)
            file = f"/telegram/file/{number}"
        elif str(said.get(kind, "")).startswith("http"):
            file = str(said[kind])
        else:
            raise Refused(f"Bad Request: there is no {kind} in the request")
        return _take(said, text, _html(said, "caption"), {"file": file, "kind": kind})

    return act


def _take(said: Doc, text: str, html: str, more: Doc) -> Doc:
    chat, keys = _chat(said), _keys(said)
    number = _next_number()
    labels = [button["text"] for row in keys for button in row]
    media = [more["file"]] if more else []
    to = f"{chat['id']}"
    own = f"{to}:{number}"
    inbox.receive("telegram", to, text, buttons=labels, media=media, provider_id=own)
    kept = {"chat": to, "message_id": number, "text": text, "html": html, "keys": keys, **more}
    store().add("telegram_message", {**kept, "at": time.time(), "mine": False})
    return {
        "message_id": number,
        "from": BOT,
        "chat": {"id": int(to), "type": "private", "first_name": chat["name"]},
        "date": int(time.time()),
        "text": text,
    }


def _next_number() -> int:
    count = store().change("counter", "telegram", lambda old: {"n": (old or {"n": 100})["n"] + 1})
    return int(count["n"])


def _answered(said: Doc) -> bool:
    number = str(said.get("callback_query_id", ""))
    if store().get("telegram_press", number) is None:
        raise Refused("Bad Request: query is too old and response timeout expired")
    store().put("telegram_press", number, {"answered": True})
    return True


METHODS: dict[str, Any] = {
    "getMe": lambda _said: BOT,
    "setWebhook": _set_hook,
    "deleteWebhook": _delete_hook,
    "getWebhookInfo": _hook_info,
    "sendMessage": _message,
    "sendPhoto": _file("photo"),
    "sendVideo": _file("video"),
    "sendDocument": _file("document"),
    "answerCallbackQuery": _answered,
}
