"""Sending webhooks to the portal from a background thread, with a log."""

import hashlib
import hmac
import json
import os
import threading
import time

import requests

from portal.simulators.store import Doc, Store, now

RETRY_AFTER = (0.5, 1, 2, 3, *[5] * 120)
"""Seconds between tries of one callback."""


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
    """Deliver in the background; what fails is tried again for ten minutes, as Meta would."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    send_body(store, path, body, headers, delay, times)


def send_body(
    store: Store,
    place: str,
    body: bytes,
    headers: dict[str, str],
    delay: float = 0.0,
    times: int = 1,
) -> None:
    """The same for a body that is written already. `place` is a path of the portal, or a whole
    address for providers that are told one with every message."""

    # Now, not at each try: who listens there later was not meant.
    address = place if place.startswith(("http://", "https://")) else portal_url() + place

    def run() -> None:
        time.sleep(delay)
        for _ in range(times):
            _deliver(store, place, address, body, headers)

    threading.Thread(target=run, daemon=True).start()


def send_signed(store: Store, payload: Doc, secret: str, delay: float) -> None:
    """As Meta does: to its one address, signed with the app's secret."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    signature = "sha256=" + sign(secret, body)
    send(store, "/webhook/whatsapp/meta", payload, {"X-Hub-Signature-256": signature}, delay)


def _deliver(store: Store, path: str, address: str, body: bytes, headers: dict[str, str]) -> None:
    for wait in RETRY_AFTER:
        try:
            answer = requests.post(
                address,
                data=body,
                headers={"Content-Type": "application/json", **headers},
                timeout=5,
                allow_redirects=False,
            )
            status: int | str = answer.status_code
        except requests.RequestException as error:
            status = type(error).__name__
        done = isinstance(status, int) and status < 500
        if done or wait == RETRY_AFTER[0]:  # the first try and the last one are worth a line
            entry = {"path": path, "body": body.decode(), "status": status, "sent_at": now()}
            store.add("webhook", entry)
        if done:
            return
        time.sleep(wait)
