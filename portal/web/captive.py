"""Requests that were meant for somebody else and that a router sent here instead.

A walled-off line's port 80 may be turned to the portal, so a request arrives for `detik.com`,
path and all, or it is one of the questions phones ask to find out whether they are behind a wall.
Both are shown the way to the isolation page under our own name. What the page says is in
`portal/dashboard/captive_view.py`. HTTPS cannot be turned cleanly; there the link in the message
on WhatsApp leads in.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, make_response, redirect, request

from portal.config import Settings

PAGE = "/isolir"
# What Android, iOS and macOS, Windows, Firefox and GNOME ask; none of them is a page of ours.
PROBES = frozenset(
    {
        "/generate_204",
        "/gen_204",
        "/hotspot-detect.html",
        "/library/test/success.html",
        "/connecttest.txt",
        "/ncsi.txt",
        "/redirect",
        "/canonical.html",
        "/success.txt",
        "/check_network_status.txt",
        "/nm-check.txt",
    }
)
# Callbacks, probes of our own monitoring, what pages are made of, and links that say themselves
# what they open.
OURS = ("/webhook", "/hooks/", "/healthz", "/readyz", "/metrics", "/static/", "/icon-", "/t/")
PRIVATE = (".local", ".localhost", ".lan", ".internal", ".home", ".test", ".home.arpa")


def foreign(host: str, settings: Settings) -> bool:
    """Whether a `Host` is plainly somebody else's: a name of the internet that is not ours.

    Addresses in numbers and names without a dot or from inside a network are not: that is how a
    portal is reached for a try, from its monitoring or past its proxy.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if "." not in name or name.endswith(PRIVATE) or _is_address(name):
        return False
    ours = {urlsplit(settings.public_url).hostname or ""}
    ours.update(settings.get("PORTAL_HOSTS").replace(",", " ").lower().split())
    return name not in ours


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def turn() -> Any:
    """Before anything else, without cookies, language or database: to the isolation page."""
    if request.method not in {"GET", "HEAD"} or request.path == PAGE:
        return None
    settings: Settings = current_app.extensions["loket.settings"]
    if settings.get("CAPTIVE").lower() == "off":
        return None
    strange = foreign(request.host, settings) and not request.path.startswith(OURS)
    if request.path not in PROBES and not strange:
        return None
    # Never 204 or "Success": that would tell the phone that the internet is there.
    answer = make_response(redirect(settings.public_url + PAGE, 302))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def init_app(app: Flask) -> None:
    """Before every other question about a request."""
    app.before_request(turn)
