"""Security headers and the Content-Security-Policy, in one place.

`form-action` covers the redirect after a form too, so the payment page's origin must be
named there or Chromium blocks "Bayar" without a word.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Response, current_app, request

from portal.config import Settings


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def payment_origins(settings: Settings) -> list[str]:
    """Origins a customer is sent to for paying."""
    urls = (
        settings.get("PAKASIR_BASE_URL", "https://app.pakasir.com"),
        settings.get("PAKASIR_PUBLIC_DOMAIN"),
    )
    return sorted({origin for origin in map(_origin, urls) if origin})


def policy(
    settings: Settings,
    *,
    script: Sequence[str] = (),
    connect: Sequence[str] = (),
    frame: Sequence[str] = (),
    image: Sequence[str] = (),
) -> str:
    """The whole policy; no inline script or style anywhere. The origins given are let in too: only
    the page that connects a WhatsApp number needs any (`portal/signup/dialog.py`)."""
    pay = " ".join(payment_origins(settings))
    frames = f"frame-src 'self' {' '.join(frame)}; " if frame else ""
    return (
        f"default-src 'self'; script-src {_own(script)}; style-src 'self'; "
        f"img-src 'self' data:{''.join(f' {origin}' for origin in image)}; "
        f"connect-src {_own(connect)}; {frames}form-action 'self' {pay}; "
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )


def _own(more: Sequence[str]) -> str:
    return " ".join(("'self'", *more))


def secure(response: Response) -> Response:
    """Add the headers; pages with personal data are never cached by anybody."""
    settings: Settings = current_app.extensions["loket.settings"]
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy(settings))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if settings.public_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
        headers.add("Vary", "HX-Request")
    return response
