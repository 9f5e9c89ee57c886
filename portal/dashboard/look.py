"""Light or dark: what this browser's person chose for the staff area; else the device decides."""

from flask import Response, request

COOKIE = "loket_theme"
THEMES = ("auto", "light", "dark")
YEAR = 365 * 86_400


def chosen() -> str:
    """auto, light or dark."""
    theme = request.cookies.get(COOKIE, "")
    return theme if theme in THEMES else "auto"


def remember(answer: Response, theme: str, secure: bool) -> Response:
    """Keep the choice in this browser for a year; `auto` forgets it."""
    if theme == "auto":
        answer.delete_cookie(COOKIE, path="/admin")
    elif theme in THEMES:
        answer.set_cookie(
            COOKIE,
            theme,
            max_age=YEAR,
            path="/admin",
            secure=secure,
            httponly=True,
            samesite="Lax",
        )
    return answer
