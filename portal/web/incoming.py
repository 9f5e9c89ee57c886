"""What a browser sends, as the product reads it: no character that a database refuses.

PostgreSQL stores neither NUL nor half a surrogate pair; both come with pasted text and from
probing tools, and are nothing anybody meant to type. They are dropped here, once, for every
form and every filter. The raw bodies of callbacks are left alone: they are kept as they came.
"""

import re
from typing import Any

from flask import Flask, abort, request, session
from htmx_flask import Htmx
from htmx_flask.requests import HtmxAwareRequest
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Storable(ImmutableMultiDict[str, Any]):
    """The values of an address or a form without what cannot be stored; files as they are."""

    def __init__(self, mapping: Any = None) -> None:
        pairs = () if mapping is None else iter_multi_items(mapping)
        super().__init__([(_clean(name), _clean(value)) for name, value in pairs])


LARGE: dict[str, int] = {}
"""Path -> bytes its requests may have, where that is more than MAX_CONTENT_LENGTH; of people who
are logged in, for a form is read before anybody asks who sends it."""


class Incoming(HtmxAwareRequest):
    """A request whose `args` and `form` hold only what can be stored."""

    parameter_storage_class = Storable

    @property
    def max_content_length(self) -> int | None:
        """What a view set for itself, else of this address, or what holds for all."""
        own = self.__dict__.get("_own_limit")
        large = LARGE.get(self.path) if session and session.get("_user_id") else None
        return own or large or super().max_content_length

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self.__dict__["_own_limit"] = value


def init_app(app: Flask) -> None:
    """Every request is an `Incoming` one, HTMX's headers included."""
    Htmx().init_app(app)
    app.request_class = Incoming
    app.before_request(refuse_odd_paths)


def refuse_odd_paths() -> None:
    """Nothing has such an address: 404 instead of asking the database for it."""
    if _UNSTORABLE.search(request.path):
        abort(404)


def _clean(value: Any) -> Any:
    return _UNSTORABLE.sub("", value) if isinstance(value, str) else value
