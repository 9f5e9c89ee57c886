"""Applications served over real HTTP for the length of a test, and what they were told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from portal.extensions import db
from portal.infra.inbox import InboundHook
from portal.messaging import word

WAIT = 20


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of an application that listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(WAIT)


def until(question: Callable[[], Any], what: str) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {WAIT} s for {what}")


def heard(count: int) -> list[str]:
    """Wait for that many callbacks, act on them as the worker does; the hooks' states.

    Nothing is held open while waiting: on SQLite the portal could not store them.
    """

    def stored() -> list[int]:
        ids = list(db.session.scalars(db.select(InboundHook.id)))
        db.session.rollback()
        return ids if len(ids) >= count else []

    hooks = [db.session.get_one(InboundHook, one) for one in until(stored, f"{count} callbacks")]
    word.process_many(hooks)
    db.session.commit()
    return [hook.state for hook in hooks]
