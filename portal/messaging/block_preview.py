"""Everything a preview says about a message: its bubble, and what each channel makes of it.

Reads only: which channels are in force, which files are ours.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import url_for
from flask_babel import gettext as _

from portal.media import service as media
from portal.messaging import attachments, block_view, channel_view, channels, texts
from portal.messaging.block_view import Shown
from portal.messaging.channel_view import ChannelView
from portal.messaging.models import Message
from portal.messaging.texts import Composed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Preview:
    """A message's bubble, and a note per channel in force; no notes without a block."""

    shown: Shown
    channels: Sequence[ChannelView] = ()


def of(kind: str, composed: Composed) -> Preview:
    """The preview of a message of this kind."""
    return Preview(bubble(composed), notes(kind, composed))


def of_message(message: Message) -> Preview:
    """The message as it was written or would be now, its code hidden. A message our code cannot
    put together has no words."""
    code = "••••••" if message.kind == "otp_code" else None
    params = {**message.params, "pay_link": texts.hidden_link()}
    try:
        made = texts.compose(message.kind, message.language, params, code, body=message.body)
    except Exception as error:
        log.warning("message %s cannot be rendered: %s", message.id, type(error).__name__)
        return Preview(block_view.of("", None))
    return of(message.kind, made)


def bubble(composed: Composed) -> Shown:
    """What a phone shows of it."""
    return block_view.of(composed.text, composed.block, _picture)


def notes(kind: str, composed: Composed) -> list[ChannelView]:
    """What each channel in force makes of a block, the one to use first first."""
    if composed.block is None:
        return []
    found = []
    file, gone = None, False
    try:
        file = attachments.of(composed.block)
    except attachments.Gone:
        gone = True
    for channel in channels.in_order():
        if channel.problem:
            continue
        view = channel_view.view(channel.label, channel.driver(), kind, composed, file)
        if view is not None:
            found.append(_without_file(view) if gone else view)
    return found


def _without_file(view: ChannelView) -> ChannelView:
    words = _("Berkasnya sudah dihapus karena umurnya: pesan akan gagal. Unggah lagi.")
    return replace(view, level="bad", notes=[words])


def _picture(url: str) -> str:
    """Where a browser finds an image of ours; the page may not load those of others."""
    own = media.by_url(url)
    if own is None or own.kind != "image":
        return ""
    return url_for("media.show", media_token=own.token, filename=own.filename)
