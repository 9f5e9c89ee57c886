"""The only importer of HTMX ideas: page or block from one view, toasts, triggers, redirects.

`page()` renders the whole template, or its named block when HTMX asked for a fragment.
The server picks the block, never the browser.
"""

import json
from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, request


def is_fragment() -> bool:
    """HTMX wants a part of the page, not the page (not boosted, not history)."""
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_block(template: str, block: str, **context: Any) -> str:
    """One block of a template, with the context processors applied."""
    current_app.update_template_context(context)
    source = current_app.jinja_env.get_template(template)
    return "".join(source.blocks[block](source.new_context(context)))


def page(template: str, block: str | None = None, status: int = 200, **context: Any) -> Response:
    """The page, or just `block` for a fragment request.

    Without a block a fragment request gets what is inside of the page: the bases leave out
    everything around it (`fragment()`), so a whole page never ends up inside of another.
    """
    if block and is_fragment():
        return make_response(render_block(template, block, **context), status)
    return make_response(render_template(template, **context), status)


def toast(response: Response, message: str, level: str = "ok", **events: Any) -> Response:
    """Attach a toast, and other events, to a fragment."""
    triggers = {"toast": {"level": level, "message": message}, **events}
    response.headers["HX-Trigger"] = json.dumps(triggers)
    return response


def go(url: str, message: str = "", level: str = "ok") -> Response:
    """After a successful write: 303, or HX-Redirect; the sentence is shown on arrival."""
    if message:
        flash(message, level)
    if is_fragment():
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = url
        return answer
    return redirect(url, 303)  # type: ignore[return-value]
