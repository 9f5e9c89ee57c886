"""Somebody with a browser: keeps cookies, takes the CSRF token from the page, clicks or HTMXes."""

import re
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

from portal.accounts import otp
from portal.accounts.models import OtpChallenge
from portal.extensions import db

_TOKEN = re.compile(r'name="csrf[_-]token"[^>]*?(?:value|content)="([^"]+)"')


def without_token(html: str) -> str:
    """The page apart from its CSRF tokens, in whatever attribute they stand."""
    return re.sub(r"[\w-]{40,}\.[\w-]{5,}\.[\w-]{20,}", "TOKEN", html)


class Visitor:
    """One browser. With `hx` every request is an HTMX fragment request."""

    def __init__(self, app: Flask, hx: bool = False) -> None:
        self.client = app.test_client()
        self.headers = {"HX-Request": "true"} if hx else {}
        self.token = ""

    def get(self, url: str) -> TestResponse:
        return self._seen(self.client.get(url, headers=self.headers))

    def page(self, url: str) -> TestResponse:
        """The whole page, as a click brings it."""
        return self._seen(self.client.get(url))

    def enter(self) -> TestResponse:
        """The staff area's first page; a collector's is the counter."""
        return self._seen(self.client.get("/admin", follow_redirects=True))

    def post(self, url: str, **data: str) -> TestResponse:
        form = {"csrf_token": self.token, **data}
        return self._seen(self.client.post(url, data=form, headers=self.headers))

    def cookie(self) -> str:
        found = self.client.get_cookie("loket")
        return found.value if found else ""

    def logged_in_as(self) -> str | None:
        """`customer:<id>` of this browser's session."""
        with self.client.session_transaction("/") as session:
            identity: str | None = session.get("_user_id")
        return identity.rsplit(":", 1)[0] if identity else None

    def ask_code(self, phone: str) -> TestResponse:
        """From the login page to the code page."""
        self.page("/login")
        answer = self.post("/login", phone=phone)
        if answer.status_code in {204, 303}:
            self.page("/login/code")
        return answer

    def type_code(self, code: str) -> TestResponse:
        return self.post("/login/code", code=code)

    def _seen(self, response: TestResponse) -> TestResponse:
        words = response.text if response.mimetype.startswith("text/") else ""
        if found := _TOKEN.search(words):
            self.token = unescape(found[1])
        return response


def newest_code() -> str:
    """What the last message with a code says (or would say)."""
    db.session.rollback()
    newest = db.session.query(OtpChallenge.id).order_by(OtpChallenge.id.desc()).limit(1).scalar()
    code = otp.code_to_send(newest)
    db.session.rollback()
    assert code is not None, "the newest challenge is dead"
    return code


def other_code(code: str) -> str:
    """A wrong code."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def target(response: TestResponse) -> str:
    """Where a redirect goes, by either way of saying it."""
    return response.headers.get("HX-Redirect") or response.headers.get("Location") or ""
