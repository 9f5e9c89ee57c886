"""Sending webhooks to the portal from a background thread, with a log."""

import hashlib
import hmac
import json
import os
import threading
import time

import requests

from portal.simulators.store import Doc, Store, now


def portal_url() -> str:
    """Where the portal listens."""
    return (os.environ.get("PORTAL_URL") or "http://127.0.0.1:8000").rstrip("/")


def sign(secret: str, body: bytes) -> str:
    """Hex HMAC-SHA256."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def send(
    store: Store,
    path: str,
    payload: Doc,
    headers: dict[str, str],
    delay: float = 0.0,
    times: int = 1,
) -> None:
    """Deliver in the background: 3 tries a copy, half a second apart, 5 s each."""
    body = json.dumps(payload, separators=(",", ":")).encode()

    def run() -> None:
        time.sleep(delay)
        for _ in range(times):
            _deliver(store, path, body, headers)

    threading.Thread(target=run, daemon=True).start()


def _deliver(store: Store, path: str, body: bytes, headers: dict[str, str]) -> None:
    for attempt in range(3):
        try:
            answer = requests.post(
                portal_url() + path,
                data=body,
                headers={"Content-Type": "application/json", **headers},
                timeout=5,
                allow_redirects=False,
            )
            status: int | str = answer.status_code
        except requests.RequestException as error:
            status = type(error).__name__
        store.add(
            "webhook", {"path": path, "body": body.decode(), "status": status, "sent_at": now()}
        )
        if isinstance(status, int) and status < 300:
            return
        time.sleep(0.5 * (attempt + 1))
