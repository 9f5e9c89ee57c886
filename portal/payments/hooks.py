"""Pakasir's webhook: store the raw bytes, answer at once; acting comes later."""

from typing import Any

from flask import Blueprint, abort, jsonify, request

from portal.extensions import csrf, db
from portal.infra import inbox
from portal.payments.registry import gateway
from portal.web.access import public

bp = Blueprint("payment_hooks", __name__)
MAX_BYTES = 64 * 1024


@bp.post("/webhooks/pakasir")
@csrf.exempt
@public
def pakasir() -> Any:
    """200 for whatever was stored, known order or not: nobody learns what exists."""
    if (request.content_length or 0) > MAX_BYTES:
        abort(413)
    body = request.get_data(cache=False)
    if len(body) > MAX_BYTES:
        abort(413)
    if not gateway("pakasir", check=False).verify_hook(request.headers, body):
        abort(401)
    inbox.store("pakasir", body, request.headers)
    db.session.commit()
    return jsonify(ok=True)
