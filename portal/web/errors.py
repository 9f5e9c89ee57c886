"""Error pages: a sentence and a way back, for pages and for fragments."""

import logging
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from portal.extensions import db
from portal.web.sessions import in_admin

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(TimeoutError, _database)
    app.register_error_handler(Exception, _crash)


def _show(status: int) -> Response:
    if request.path.startswith(("/webhook", "/hooks")):
        return make_response(jsonify(error=status), status)
    known = status if status in {400, 403, 404, 405, 413, 419, 429, 503} else 500
    template = f"errors/{known}.html"
    return make_response(render_template(template, admin=in_admin(request.path)), status)


def _csrf(_error: CSRFError) -> Response:
    # 419 as HTMX knows it: shown in place, with the advice to reload.
    return _show(419)


def _http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    return _show(error.code)


def _database(error: Exception) -> Response:
    db.session.rollback()
    log.error("database unavailable: %s", type(error).__name__)
    answer = _show(503)
    answer.headers["Retry-After"] = "5"
    return answer


def _crash(error: Exception) -> Response:
    db.session.rollback()
    log.exception("unhandled %s at %s", type(error).__name__, request.endpoint)
    return _show(500)
