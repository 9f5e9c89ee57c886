"""What makes the portal an app on a phone: manifest, icons, the page for no connection.

The service worker keeps that one page and nothing else: no bill is ever stored by it.
"""

from typing import Any

from flask import Blueprint, Response, abort, current_app, make_response, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.config import ROOT
from portal.documents import app_icon
from portal.web.access import public
from portal.web.filters import static_url
from portal.web.htmx import page

bp = Blueprint("app", __name__)
YEAR = "public, max-age=31536000, immutable"


@bp.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """Name, colours and icons for "Add to home screen"."""
    name, _phone, version = current_app.extensions["loket.company"]()
    icons = [
        {
            "src": url_for("app.icon", size=size, v=version),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    told = {
        "id": "/",
        "name": _("Portal %(company)s", company=name),
        "short_name": name[:24],
        "lang": str(get_locale()),
        "start_url": "/?from=app",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f6f9",
        "theme_color": "#0b66c8",
        "icons": icons,
        "shortcuts": [{"name": _("Bayar tagihan"), "url": "/me/pay"}],
    }
    answer = make_response(current_app.json.dumps(told))
    answer.mimetype = "application/manifest+json"
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@bp.get("/icon-<int:size>.png")
@public
def icon(size: int) -> Response:
    """The icon in one of the sizes there are."""
    if size not in app_icon.SIZES:
        abort(404)
    answer = make_response(app_icon.icon(size))
    answer.mimetype = "image/png"
    answer.headers["Cache-Control"] = YEAR
    return answer


@bp.get("/sw.js")
@public
def worker() -> Response:
    """The service worker; its text changes with the page and the colours it keeps."""
    names = ("vendor/pico-2.1.1.min.css", "portal.css", "icons.svg")
    styles = [static_url(name) for name in names]
    kept = [url_for("app.offline"), *styles]
    answer = make_response(f"self.KEEP = {current_app.json.dumps(kept)};\n" + _source())
    answer.mimetype = "application/javascript"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _source() -> str:
    return (ROOT / "portal" / "static" / "worker.js").read_text(encoding="utf-8")


@bp.get("/offline")
@public
def offline() -> Any:
    """What is shown when nothing can be reached; it knows nobody."""
    return page("errors/offline.html")
