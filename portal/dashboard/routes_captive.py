"""`/isolir`: where a walled-off line's browser ends up, without a login."""

from typing import Any

from flask import Blueprint

from portal.web.access import public
from portal.web.htmx import page

bp = Blueprint("captive", __name__)


@bp.get("/isolir")
@public
def show() -> Any:
    """Why the internet may be off, and the ways to pay; nothing about anybody."""
    return page("home/isolated.html")
