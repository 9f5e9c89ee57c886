"""People on the simulated Telegram: writing to the bot, pressing its buttons, blocking it.

`/telegram` is a small Telegram with as many people as one likes; the same can be done with
JSON: POST `/telegram/chat/<id>/say` (`text`) and `/press` (`message_id`, `data`). Updates go to
the webhook the bot was given, with its secret; a request in the answer is carried out.
"""

import secrets
import threading
import time
from base64 import b64decode
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
)
from markupsafe import Markup

from portal.simulators import faults, inbox
from portal.simulators.store import Doc, now, store
from portal.simulators.telegram import METHODS, Refused, hook
from portal.simulators.webhooks import portal_url

bp = Blueprint("telegram_chat", __name__, url_prefix="/telegram")
TRIES = (0.0, 1.0, 2.0, 4.0, *[8.0] * 30)


@bp.get("")
def people() -> str:
    """Who there is, and a door for somebody new."""
    return render_template("telegram.html", chats=store().all("telegram_chat"), chat=None)


@bp.post("/people")
def join() -> Any:
    """Somebody opens the bot for the first time."""
    number = request.form.get("id", "")
    if not (number.isascii() and number.isdecimal() and 0 < int(number) < 10**15):
        number = str(secrets.randbelow(900_000_000) + 100_000_000)
    _person(int(number), request.form.get("name") or "Budi Santoso")
    return redirect(f"/telegram/chat/{int(number)}", 303)


def _person(number: int, name: str = "Budi Santoso", username: str = "") -> Doc:
    def made(old: Doc | None) -> Doc:
        return old or {"id": number, "name": name, "username": username, "blocked": False}

    return store().change("telegram_chat", str(number), made)


@bp.get("/chat/<int:number>")
def chat(number: int) -> str:
    """One person's screen."""
    return render_template(
        "telegram.html",
        chats=store().all("telegram_chat"),
        chat=store().get("telegram_chat", str(number)) or abort(404),
        messages=_messages(number),
    )


@bp.get("/chat/<int:number>.json")
def as_json(number: int) -> Any:
    """The same for programs, the newest first."""
    return jsonify(_messages(number)[::-1])


def _messages(number: int) -> list[Doc]:
    wanted = str(number)
    found = [one for one in store().all("telegram_message", 3000) if one["chat"] == wanted]
    return sorted(found, key=lambda one: int(one["id"]))


@bp.get("/file/<int:number>")
def file(number: int) -> Any:
    """A file the bot sent."""
    found = store().by_id("telegram_file", number) or abort(404)
    return Response(b64decode(found["data"]), mimetype=found["mime"])


@bp.post("/chat/<int:number>/say")
def say(number: int) -> Any:
    """Write to the bot: `text`; `group` makes it a group's message."""
    said = _said()
    person = _person(number, said.get("name") or "Budi Santoso", said.get("username") or "")
    text = str(said.get("text", ""))
    store().add("telegram_message", {"chat": str(number), "text": text, "mine": True, "at": _at()})
    inbox.answered(str(number), text)
    chat: Doc = {"id": number, "type": "private", "first_name": person["name"]}
    if said.get("group"):
        chat = {"id": -1000000 - number, "type": "supergroup", "title": "Warga"}
    message = {
        "message_id": secrets.randbelow(10**6),
        "from": _from(person),
        "chat": chat,
        "date": int(time.time()),
        "text": text,
    }
    return _send({"message": message}, number)


@bp.post("/chat/<int:number>/press")
def press(number: int) -> Any:
    """Press a button: `data`, below the bot's `message_id`."""
    said, person = _said(), _person(number)
    query = secrets.token_hex(8)
    store().put("telegram_press", query, {"answered": False})
    pressed = {
        "id": query,
        "from": _from(person),
        "message": {
            "message_id": int(said.get("message_id") or 0),
            "chat": {"id": number, "type": "private"},
            "date": int(time.time()),
        },
        "chat_instance": "1",
        "data": str(said.get("data", "")),
    }
    return _send({"callback_query": pressed}, number)


@bp.post("/chat/<int:number>/block")
def block(number: int) -> Any:
    """Block the bot, or let it write again."""

    def turned(old: Doc | None) -> Doc:
        return {**(old or {"id": number, "name": "?"}), "blocked": not (old or {}).get("blocked")}

    store().change("telegram_chat", str(number), turned)
    return _done(number)


def _said() -> Doc:
    return request.get_json(silent=True) or request.form.to_dict()


def _at() -> float:
    return time.time()


def _from(person: Doc) -> Doc:
    known = {"id": person["id"], "is_bot": False, "first_name": person["name"]}
    username = {"username": person["username"]} if person.get("username") else {}
    return {**known, **username, "language_code": "id"}


def _done(number: int) -> Any:
    return jsonify(ok=True) if request.is_json else redirect(f"/telegram/chat/{number}", 303)


def _send(update: Doc, number: int) -> Any:
    """To the webhook, in the background, as often as the fault `duplicate` says."""
    count = store().change("counter", "tg_update", lambda old: {"n": (old or {"n": 5000})["n"] + 1})
    whole = {"update_id": int(count["n"]), **update}
    fault = faults.active("telegram")
    if not fault.get("no_webhook") and hook()["url"]:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        times = int(fault.get("duplicate") or 1)
        threading.Thread(target=_deliver, args=(app, whole, times), daemon=True).start()
    return _done(number)


def _deliver(app: Flask, update: Doc, times: int) -> None:
    with app.app_context():
        kept = hook()
        address = portal_url() + urlsplit(str(kept["url"])).path
        headers = {"X-Telegram-Bot-Api-Secret-Token": str(kept["secret_token"])}
        for _ in range(times):
            _try(address, update, headers)


def _try(address: str, update: Doc, headers: Doc) -> None:
    for wait in TRIES:
        time.sleep(wait)
        try:
            answer = requests.post(
                address, json=update, headers=headers, timeout=5, allow_redirects=False
            )
            trouble = "" if answer.ok else f"Wrong response from the webhook: {answer.status_code}"
        except requests.RequestException as error:
            trouble = f"Connection failed: {type(error).__name__}"
        store().put("telegram", "trouble", {"words": trouble, "at": now()})
        if not trouble:
            return _obey(answer)
        if trouble.startswith("Wrong response from the webhook: 4"):
            return None
    return None


def _obey(answer: requests.Response) -> None:
    """The bot may put one request into its answer; nobody tells it what came of that."""
    try:
        said = answer.json()
    except ValueError:
        return
    act = METHODS.get(str(said.get("method"))) if isinstance(said, dict) else None
    if act is None:
        return
    store().add("telegram_reply", said)
    try:
        act(said)
    except Refused:
        return


@bp.get("/replies.json")
def replies() -> Any:
    """What came back as answers to updates, the newest first."""
    return jsonify(store().all("telegram_reply"))


@bp.app_template_filter("telegram")
def shown(html: str) -> Markup:
    """The bot's HTML: it was read tag by tag when it came, only known ones without attributes."""
    return Markup(html.replace("\n", "<br>"))  # noqa: S704
