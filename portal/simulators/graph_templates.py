"""Meta's template edges: list, create, edit, delete, and the callbacks about them.

`POST /templates/event` makes happen what Meta decides by itself: a pause, a quality, another
category. `POST /templates/clear` empties the account.
"""

import os
import secrets
import time
from typing import Any

from flask import Blueprint, jsonify, request

from portal.simulators import faults, signup_assets, signup_nodes, templates_meta, webhooks
from portal.simulators.signup_world import PHONES
from portal.simulators.store import Doc, store
from portal.simulators.templates_meta import Unfit

bp = Blueprint("graph_templates", __name__)


@bp.errorhandler(Unfit)
def unfit(error: Unfit) -> Any:
    """Meta's error envelope, with the words it shows its own users."""
    body: Doc = {
        "message": "Invalid parameter" if error.subcode else f"(#{error.code}) {error.words}",
        "type": "OAuthException",
        "code": error.code,
        "fbtrace_id": secrets.token_hex(6),
    }
    if error.subcode:
        body |= {
            "error_subcode": error.subcode,
            "is_transient": False,
            "error_user_title": "Template tidak dapat dibuat",
            "error_user_msg": error.words,
        }
    return jsonify(error=body), 401 if error.code == 190 else 400


def _enter() -> Any:
    """What a fault answers instead, once the token was looked at."""
    struck = faults.strike("graph")
    if struck is not None:
        return struck
    header = request.headers.get("Authorization", "")
    if not header.startswith("Bearer ") or header.endswith("invalid"):
        raise Unfit("Invalid OAuth access token.", code=190)
    _lose_patience()
    return None


def _lose_patience() -> None:
    """Refuse what is beyond the number of requests somebody set."""
    left = (store().get("template_account", "patience") or {}).get("requests", -1)
    if left == 0:
        raise Unfit("There have been too many calls to this account.", code=80008)
    if left > 0:
        store().put("template_account", "patience", {"requests": left - 1})


@bp.get("/graph/v<int:version>.0/<waba>/message_templates")
def index(version: int, waba: str) -> Any:
    """A page of the list."""
    if (struck := signup_nodes.templates_fault(waba) or _enter()) is not None:
        return struck
    store().put("template_account", "waba", {"id": waba})
    wanted = request.args.get("name", "")
    found = [row for row in templates_meta.rows(store()) if wanted in {"", row["name"]}]
    limit = min(request.args.get("limit", 25, type=int), 100)
    part, cursor, more = templates_meta.page(found, limit, request.args.get("after", ""))
    paging: Doc = {"cursors": {"before": "MAZDZD", "after": cursor}} if part else {}
    if more:
        paging["next"] = f"{request.base_url}?limit={limit}&after={cursor}"
    return jsonify(data=[_shown(row) for row in part], paging=paging)


def _shown(row: Doc) -> Doc:
    return {
        "id": row["id"],
        "name": row["name"],
        "language": row["language"],
        "status": row["status"],
        "category": row["category"],
        "parameter_format": row.get("form", "POSITIONAL"),
        "quality_score": {"score": row["quality"]},
        "rejected_reason": row["reason"],
        "components": row["components"],
    }


@bp.post("/graph/v<int:version>.0/<waba>/message_templates")
def create(version: int, waba: str) -> Any:
    """Take one for review; the verdict comes by callback."""
    if (struck := _enter()) is not None:
        return struck
    store().put("template_account", "waba", {"id": waba})
    row = templates_meta.create(store(), request.get_json(silent=True) or {})
    _promise_verdict(waba, row)
    return jsonify(id=row["id"], status=row["status"], category=row["category"])


@bp.post("/graph/v<int:version>.0/<int:template_id>")
def edit(version: int, template_id: int) -> Any:
    """Another text; or, for a number of the signup, its PIN and its callback address."""
    if str(template_id) in PHONES:
        return signup_assets.configure(str(template_id))
    if (struck := _enter()) is not None:
        return struck
    row = templates_meta.by_id(store(), str(template_id))
    if row is None:
        raise Unfit(f"Object with ID '{template_id}' does not exist")
    data = request.get_json(silent=True) or {}
    _promise_verdict("", templates_meta.edit(store(), row, data.get("components") or []))
    return jsonify(success=True)


@bp.delete("/graph/v<int:version>.0/<waba>/message_templates")
def delete(version: int, waba: str) -> Any:
    """One language or a whole name."""
    if (struck := _enter()) is not None:
        return struck
    gone = templates_meta.delete(
        store(), request.args.get("name", ""), request.args.get("hsm_id", "")
    )
    if not gone:
        raise Unfit("Message template does not exist", 2593002)
    return jsonify(success=True)


@bp.post("/templates/clear")
def clear() -> Any:
    """An empty account."""
    templates_meta.clear(store())
    return jsonify(ok=True)


@bp.post("/templates/patience")
def patience() -> Any:
    """Answer `requests` more, then say that it was too much; -1 answers all."""
    data = request.get_json(silent=True) or {}
    store().put("template_account", "patience", {"requests": int(data.get("requests", -1))})
    return jsonify(ok=True)


@bp.post("/templates/event")
def event() -> Any:
    """`name`, `language` and one of `status`, `quality`, `category`, or `announce` (a category
    that comes tomorrow)."""
    data = request.get_json(silent=True) or {}
    language = str(data.get("language", "id"))
    row = templates_meta.find(store(), str(data.get("name", "")), language)
    if row is None:
        return jsonify(error="no such template"), 404
    if status := data.get("status"):
        changed = templates_meta.change(store(), row, status=str(status))
        _tell("", "message_template_status_update", _status_value(changed))
    elif quality := data.get("quality"):
        templates_meta.change(store(), row, quality=str(quality))
        value = {"previous_quality_score": row["quality"], "new_quality_score": quality}
        _tell("", "message_template_quality_update", value | _named(row))
    elif category := data.get("category"):
        templates_meta.change(store(), row, category=str(category))
        value = {"previous_category": row["category"], "new_category": category}
        _tell("", "template_category_update", value | _named(row))
    elif announced := data.get("announce"):
        value = {
            "new_category": row["category"],
            "correct_category": announced,
            "category_update_timestamp": int(time.time()) + 86_400,
        }
        _tell("", "template_category_update", value | _named(row))
    return jsonify(ok=True)


def _named(row: Doc) -> Doc:
    """As callbacks name a template: the id is a number there, the language has a hyphen."""
    return {
        "message_template_id": int(row["id"]),
        "message_template_name": row["name"],
        "message_template_language": row["language"].replace("_", "-"),
    }


def _status_value(row: Doc) -> Doc:
    return {
        "event": row["status"],
        "reason": row["reason"] or "NONE",
        "message_template_category": row["category"],
        **_named(row),
    }


def _promise_verdict(waba: str, row: Doc) -> None:
    later = row.get("later")
    if later:
        value = {**row, "status": later["status"], "reason": later.get("reason", "NONE")}
        delay = templates_meta.review_seconds() + 0.2
        _tell(waba, "message_template_status_update", _status_value(value), delay)


def _tell(waba: str, field: str, value: Doc, delay: float = 0.1) -> None:
    secret = os.environ.get("META_WA_APP_SECRET") or "dev-app-secret"
    change = {"field": field, "value": value}
    # What Meta decides by itself is about the account somebody last asked about.
    last = (store().get("template_account", "waba") or {}).get("id", "demo-waba")
    entry = {"id": waba or last, "time": int(time.time()), "changes": [change]}
    payload: Doc = {"object": "whatsapp_business_account", "entry": [entry]}
    webhooks.send_signed(store(), payload, secret, delay)
