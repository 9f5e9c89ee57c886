"""What every job gets: an app context, log fields, a clean session, and no silent failure."""

import functools
import logging
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, current_app, has_app_context

log = logging.getLogger(__name__)
_app: Flask | None = None


def use_app(app: Flask) -> None:
    """The application of this worker process, built once."""
    global _app
    _app = app


def get_app() -> Flask:
    """The worker's application; built on first use when nobody gave one."""
    global _app
    if _app is None:
        from portal import create_app

        _app = create_app()
    return _app


def job(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run inside an app context of its own; an exception is logged with ids only, then raised.

    A job that is called from code that already has a context (scheduler, tests) uses a
    fresh one too, so that its session is its own.
    """

    @functools.wraps(function)
    def run(*args: Any) -> Any:
        app = current_app._get_current_object() if has_app_context() else get_app()  # type: ignore[attr-defined]
        with (
            app.app_context(),
            structlog.contextvars.bound_contextvars(job=function.__name__, ids=list(args)),
        ):
            try:
                return function(*args)
            except Exception:
                log.exception("job %s failed", function.__name__)
                raise

    return run
