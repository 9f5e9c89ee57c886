"""A second small Flask app for development: the providers Loket speaks to, over real HTTP.

A phone that shows the WhatsApp messages, Meta's Graph API, a PHPNuxBill-style gateway, Fonnte,
WatZap, Twilio, GoWA, Telegram, Pakasir v1 and v2 with a pay page, and an access router; each
with faults to switch on. It imports nothing of the product, keeps its state in its own SQLite
file, and refuses to start in production.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> "Flask":
    """Build the simulators; raises RuntimeError in production."""
    if os.environ.get("APP_ENV") == "production":
        raise RuntimeError("The simulators are for development and refuse APP_ENV=production.")
    from flask import Flask, render_template

    from portal.simulators import (
        faults,
        fonnte,
        gateway,
        gowa,
        graph,
        graph_hooks,
        graph_templates,
        inbox,
        pakasir,
        pakasir_orders,
        router,
        signup_dialog,
        signup_oauth,
        telegram,
        telegram_chat,
        twilio,
        watzap,
    )
    from portal.simulators.store import Store

    app = Flask(__name__)
    app.extensions["store"] = Store.from_env()
    modules = (
        inbox,
        faults,
        graph,
        graph_hooks,
        graph_templates,
        signup_oauth,
        signup_dialog,
        gateway,
        fonnte,
        watzap,
        twilio,
        gowa,
        telegram,
        telegram_chat,
        pakasir,
        pakasir_orders,
        router,
    )
    for module in modules:
        app.register_blueprint(module.bp)

    @app.get("/")
    def index() -> str:
        return render_template("index.html")

    return app
