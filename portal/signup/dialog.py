"""The one page that lets Facebook's script in: its policy, and what the script is told.

Everywhere else the policy of the house stands. The page's own script (`static/signup.js`) loads
the SDK before anybody presses the button, since browsers open a window for a click only.
"""

from flask import Response, current_app

from portal.config import Settings
from portal.messaging.meta_app import App
from portal.web import headers

SCRIPTS = ("https://connect.facebook.net",)
FACEBOOK = ("https://www.facebook.com", "https://web.facebook.com", "https://graph.facebook.com")


def allow(response: Response, app: App) -> Response:
    """Open the policy of this answer for Facebook's SDK, or for a simulator's."""
    settings: Settings = current_app.extensions["loket.settings"]
    own = (app.own_sdk,) if app.own_sdk else ()
    response.headers["Content-Security-Policy"] = headers.policy(
        settings,
        script=own or SCRIPTS,
        connect=own or FACEBOOK,
        frame=own or FACEBOOK,
        image=own or FACEBOOK,
    )
    # The dialog answers its opener, so the two must stay in one group of windows.
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return response
