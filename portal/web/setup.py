"""Binds the shared web helpers to the application: sessions, locale, headers, filters, errors."""

from typing import Any

from flask import Flask, g, request, session
from flask_babel import get_locale
from flask_login import current_user
from werkzeug.routing import IntegerConverter

from portal.extensions import babel, csrf, login_manager
from portal.web import access, captive, errors, filters, headers, incoming, looks, squeeze
from portal.web.looks import LANGUAGES as LANGUAGES
from portal.web.sessions import TwoSessions

BIGGEST_ID = 2**31 - 1


class RowId(IntegerConverter):
    """`<int:…>` in an address: what is too big for a row id is simply not found."""

    def __init__(self, map: Any, max: int | None = BIGGEST_ID, **kwargs: Any) -> None:
        super().__init__(map, max=max, **kwargs)


def row_id(typed: str) -> int:
    """For `request.args.get(…, type=row_id)`: ValueError outside of what a row id can be."""
    value = int(typed)
    if not 0 < value <= BIGGEST_ID:
        raise ValueError("not a row id")
    return value


def init_app(app: Flask) -> None:
    """Everything a page needs, in the order it takes effect."""
    app.url_map.converters["int"] = RowId
    app.session_interface = TwoSessions()
    captive.init_app(app)
    app.after_request(squeeze.answer)
    incoming.init_app(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    # "strong" ties a session to the IP address: phones change theirs all day.
    login_manager.session_protection = "basic"
    login_manager.user_loader(access.load_user)
    login_manager.unauthorized_handler(access.send_to_login)
    babel.init_app(app, locale_selector=choose_locale)
    app.before_request(remember_language)
    app.before_request(access.guard)
    app.after_request(headers.secure)
    filters.init_app(app)
    looks.init_app(app)
    errors.init_app(app)
    app.jinja_env.globals.update(get_locale=get_locale)


def choose_locale() -> str:
    """What the visitor chose, then the customer's own language, then Indonesian."""
    chosen = session.get("lang") if request else None
    if chosen in LANGUAGES:
        return str(chosen)
    user: Any = current_user if request else None
    language = getattr(user, "language", None)
    return language if language in LANGUAGES else "id"


def remember_language() -> None:
    """`?lang=en` and `?look=dark` on any page switch this browser."""
    looks.remember()
    g.actor = None
