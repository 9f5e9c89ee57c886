"""Meta's webhook: handshake, signature over the raw bytes, store, answer at once."""

from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from portal.extensions import csrf, db
from portal.infra import inbox
from portal.infra.http import Http
from portal.messaging import channel_config
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.registry import REGISTRY
from portal.web.access import public

bp = Blueprint("messaging_hooks", __name__)
MAX_BYTES = 3 * 1024 * 1024


def _configured(kind: str) -> list[MessageDriver]:
    """A driver object per saved channel, in force or not; else the environment's."""
    return [REGISTRY.get(kind)(values, Http()) for values in channel_config.every_config(kind)]


@bp.get("/webhook/whatsapp/meta")
@public
def challenge() -> Any:
    """The subscription handshake."""
    answers = (driver.answer_challenge(request.args) for driver in _configured("meta"))
    answer = next((answer for answer in answers if answer is not None), None)
    if answer is None:
        abort(403)
    return Response(answer, content_type="text/plain")


@bp.post("/webhook/whatsapp/meta")
@csrf.exempt
@public
def receive() -> Any:
    """Keep one callback. Nothing is parsed before the signature fits."""
    if (request.content_length or 0) > MAX_BYTES:
        abort(413)
    body = request.get_data(cache=False)
    drivers = _configured("meta")
    # Reading the configuration opened a transaction; storing starts its own.
    db.session.rollback()
    if not any(driver.verify_hook(dict(request.headers), body) for driver in drivers):
        abort(401)
    inbox.store("whatsapp.meta", body, {"content-type": request.content_type or ""})
    db.session.commit()
    return jsonify(ok=True)
