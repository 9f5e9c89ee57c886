"""`/healthz` (alive), `/readyz` (may take traffic), `/metrics` (token or loopback)."""

from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from portal.config import Settings
from portal.extensions import db
from portal.health import checks
from portal.health.metrics import collect
from portal.infra.secrets import same
from portal.web.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> Any:
    """The process answers; nothing else is asked."""
    return jsonify(ok=True)


@bp.get("/readyz")
@public
def readyz() -> Any:
    """The database is there and current. Redis may be away: pages work without it."""
    try:
        found = checks.database()
    except Exception as error:
        db.session.rollback()
        return jsonify(ok=False, database=type(error).__name__), 503
    ok = found.level == "ok"
    return jsonify(ok=ok, database=found.sentence, redis=checks.bell().level == "ok"), (
        200 if ok else 503
    )


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Counts for Prometheus, without personal data."""
    settings: Settings = current_app.extensions["loket.settings"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    local = request.remote_addr in {"127.0.0.1", "::1"} and not settings.trusted_proxies
    if not (local or (settings.metrics_token and same(given, settings.metrics_token))):
        abort(403)
    return Response(generate_latest(collect()), content_type=CONTENT_TYPE_LATEST)
