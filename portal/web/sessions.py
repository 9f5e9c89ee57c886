"""Two signed session cookies: one for staff (path /admin), one for customers.

So a staff login and a customer login live side by side in one browser, and the staff
cookie is never sent along with a customer page.
"""

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin


def in_admin(path: str) -> bool:
    """Whether a URL path belongs to the staff area."""
    return path == "/admin" or path.startswith("/admin/")


class TwoSessions(SecureCookieSessionInterface):
    """Chooses cookie name and path by the URL."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nobody's cookie goes out with an answer that anybody in between may keep."""
        if response.cache_control.public:
            response.vary.add("Cookie")
            return
        super().save_session(app, session, response)

    def get_cookie_name(self, app: Flask) -> str:
        return "loket_staff" if in_admin(request.path) else "loket"

    def get_cookie_path(self, app: Flask) -> str:
        return "/admin" if in_admin(request.path) else "/"
