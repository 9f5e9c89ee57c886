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
    """200 for whatever was stored, known order or not: nobody learns what exists.

    413 above 64 KiB, 401 when a webhook secret is set and not proven; 5xx only when the
    bytes could not be stored, so that they are sent again.
    """
    # One byte more than we take: a body that names no length is cut off there in silence.
    request.max_content_length = MAX_BYTES + 1
    body = request.get_data(cache=False)
    if len(body) > MAX_BYTES:
        abort(413)
    headers: Any = request.headers  # a Mapping in all but name; case does not matter in it
    if not gateway("pakasir", check=False).verify_hook(headers, body):
        abort(401)
    inbox.store("pakasir", body, headers)
    db.session.commit()
    return jsonify(ok=True)
