"""Loket: the billing portal of an Indonesian ISP. `create_app` puts the house together."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from portal.config import Settings
    from portal.core.clock import Clock


def create_app(settings: "Settings | None" = None, clock: "Clock | None" = None) -> "Flask":
    """Build the application.

    Raises ConfigError listing every bad environment key. Imports are inside, so that
    the simulators and the runner can import `portal` without the whole product.
    """
    from flask import Flask

    from portal import assembly
    from portal.config import Settings

    settings = settings or Settings.from_env()
    app = Flask(__name__)
    assembly.configure(app, settings)
    assembly.bind_extensions(app, settings, clock)
    assembly.register_features(app)
    return app
