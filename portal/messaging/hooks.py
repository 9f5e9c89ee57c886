"""Callbacks of providers: handshake, authentication over the raw bytes, store, answer at once.

Meta's address is fixed and shared by all its channels; every other channel has one of its own
with an unguessable token. Nothing is parsed before the sender is believed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request
from requests.structures import CaseInsensitiveDict
from sqlalchemy import select

from portal.config import Settings
from portal.extensions import csrf, db
from portal.infra import inbox
from portal.infra.http import Http
from portal.messaging import channel_config, meta_app, receipts
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.drivers.events import HookRequest
from portal.messaging.models_channels import Channel
from portal.messaging.registry import REGISTRY
from portal.web.access import public

bp = Blueprint("messaging_hooks", __name__)
MAX_BYTES = 3 * 1024 * 1024
META = "whatsapp.meta"


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
    """Keep one callback of Meta."""
    _keep(META, _configured("meta"))
    return jsonify(ok=True)


@bp.get("/hooks/messaging/<token>")
@public
def channel_challenge(token: str) -> Any:
    """The handshake of any other provider; some only look whether the address answers."""
    _source, [driver] = _of_token(token)
    return Response(driver.answer_challenge(request.args) or "", content_type="text/plain")


@bp.post("/hooks/messaging/<token>")
@csrf.exempt
@public
def channel_receive(token: str) -> Any:
    """Keep one callback of a channel. The answer is empty, unless its driver has one: one
    provider sends whatever it is to the customer as a reply."""
    source, drivers = _of_token(token)
    answer = _keep(source, drivers)
    return Response(status=200) if answer is None else jsonify(answer)


def _configured(kind: str) -> list[MessageDriver]:
    """A driver object per saved channel, in force or not; else the environment's. Of Meta also
    one of the app itself, which is called back before its first channel exists."""
    found = channel_config.every_config(kind)
    if kind == "meta":
        found.append(meta_app.current().hook_values())
    return [REGISTRY.get(kind)(values, Http()) for values in found]


def _of_token(token: str) -> tuple[str, list[MessageDriver]]:
    """The inbox source and driver behind an address; 404 for a token nobody has."""
    found = db.session.execute(
        select(Channel.id, Channel.driver).where(Channel.hook_token == token)
    ).one_or_none()
    if found is None or found.driver not in REGISTRY:
        abort(404)
    values = channel_config.merged_values(found.driver, found.id)
    driver = REGISTRY.get(found.driver)(values, Http())
    return receipts.source_of(found.driver, found.id), [driver]


def _keep(source: str, drivers: Sequence[MessageDriver]) -> Mapping[str, object] | None:
    """Store what one of the drivers believes, and return its answer; 401 otherwise."""
    if (request.content_length or 0) > MAX_BYTES:
        abort(413)
    config: Settings = current_app.extensions["loket.settings"]
    path = request.full_path if request.query_string else request.path
    body = request.get_data(cache=False)
    # Reading the configuration opened a transaction; storing starts its own.
    db.session.rollback()
    asked = HookRequest(
        f"{config.public_url}{path}", CaseInsensitiveDict(request.headers.items()), body
    )
    believer = next((driver for driver in drivers if driver.verify_hook(asked)), None)
    if believer is None:
        abort(401)
    inbox.store(source, believer.redact_hook(body), {"content-type": request.content_type or ""})
    db.session.commit()
    return believer.answer_hook(body)
