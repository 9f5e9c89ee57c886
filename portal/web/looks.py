"""How the visitor wants the pages: language and light or dark, and the links that switch.

Both are kept in the signed session cookie of this browser, so the first byte of a page is in the
right colours and nothing is switched by a script.
"""

from typing import Any

from flask import Flask, current_app, request, session, url_for

LANGUAGES = ("id", "en")
LOOKS = ("light", "dark")
SWITCHES = ("lang", "look")


def remember() -> None:
    """`?lang=en` and `?look=dark` on any page switch this browser; `auto` follows the phone."""
    wanted = request.args.get("lang")
    if wanted in LANGUAGES:
        session["lang"] = wanted
        session.permanent = True
    look = request.args.get("look")
    if look in LOOKS:
        session["look"] = look
        session.permanent = True
    elif look == "auto":
        session.pop("look", None)


def shade() -> str:
    """`light` or `dark` as chosen; empty follows the phone."""
    found = session.get("look") if request else None
    return str(found) if found in LOOKS else ""


def switch_url(**switched: Any) -> str:
    """This page again with something switched. After a form that has no page of its own: home."""
    rule = request.url_rule
    if rule is None or request.endpoint is None or "GET" not in (rule.methods or set()):
        return url_for("home.index", **switched) if "home" in current_app.blueprints else "/"
    # `_scheme`, `_anchor` and the like would be orders to url_for, not filters of the page.
    ours = {*SWITCHES, *(request.view_args or {}), "endpoint"}
    kept = {
        name: request.args.getlist(name)
        for name in request.args
        if name not in ours and not name.startswith("_")
    }
    return url_for(request.endpoint, **(request.view_args or {}) | kept | switched)


def init_app(app: Flask) -> None:
    """Template globals."""
    app.jinja_env.globals.update(shade=shade, switch_url=switch_url)
