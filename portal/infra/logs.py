"""Logging: one line per event, request and job ids attached, personal data masked.

The masks are a net under the rule that nobody logs such things in the first place.
"""

import logging
import re
import sys
from typing import Any

import structlog

_PHONE = re.compile(r"(?<!\d)(\+?62|0)8\d{7,11}(?!\d)")
_QUERY_SECRET = re.compile(r"(?i)\b(api_key|access_token|token|secret|key)=([^&\s\"']+)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}")


def redact_secrets(text: str) -> str:
    """Mask keys and tokens that slipped into a text."""
    text = _QUERY_SECRET.sub(r"\1=[disembunyikan]", text)
    return _BEARER.sub(r"\1 [disembunyikan]", text)


def redact(text: str) -> str:
    """Mask phone numbers and secrets that slipped into a text."""
    text = redact_secrets(text)
    return _PHONE.sub(lambda match: match[0][:5] + "****" + match[0][-3:], text)


def _redact_event(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


def configure(level: str, *, as_json: bool) -> None:
    """Send everything, ours and the libraries', through one redacting formatter."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # RQ logs job arguments and urllib3 logs URLs: ids and keys have no place there.
    for noisy in ("rq", "rq.worker", "rq.job", "alembic", "werkzeug"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # Its warning about malformed headers names the whole address.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
