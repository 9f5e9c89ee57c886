"""Messages and channels that need a person."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.messaging import channels, template_status
from portal.messaging.models import Message
from portal.messaging.models_inbound import MessageTemplate
from portal.web.todo import TodoItem


def items() -> Iterator[TodoItem]:
    """For the first page."""
    yield from _channels()
    counted = db.session.execute(
        select(Message.state, func.count())
        .where(Message.state.in_(("failed", "unknown", "manual")))
        .group_by(Message.state)
    )
    states = {state: int(count) for state, count in counted}
    for state, title, level in (
        ("unknown", _("Pesan belum pasti sampai"), "warn"),
        ("failed", _("Pesan gagal terkirim"), "warn"),
        ("manual", _("Pesan menunggu dikirim manual"), "info"),
    ):
        count = states.get(state, 0)
        yield TodoItem(state, title, count, "messages.index", level, {"status": state})
    yield _templates()


def _templates() -> TodoItem:
    """Approved texts that carry a kind and cannot, or that somebody should look at."""
    stopped = MessageTemplate.status.in_(template_status.STOPPED)
    count = db.session.scalar(
        select(func.count())
        .select_from(MessageTemplate)
        .where(MessageTemplate.kind != "", or_(stopped, MessageTemplate.problem != ""))
    )
    return TodoItem(
        "templates", _("Template WhatsApp bermasalah"), count or 0, "whatsapp_settings.index"
    )


def _channels() -> Iterator[TodoItem]:
    """Each channel in force that rests or cannot be used, by name when there are several."""
    try:
        in_force = channels.in_order()
    except Misconfigured as error:
        yield _channel("channel", error.sentence)
        return
    if not in_force:
        yield _channel("channel", _("Belum ada driver WhatsApp yang dipilih."))
        return
    several = [*in_force, *channels.beside()]
    for one in several:
        if one.problem:
            words = _("Saluran %(name)s bermasalah: %(why)s", name=one.label, why=one.problem)
        elif one.paused and len(in_force) == 1:
            words = _("Saluran WhatsApp dijeda: %(why)s", why=one.pause_reason)
        elif one.paused:
            words = _("Saluran %(name)s dijeda: %(why)s", name=one.label, why=one.pause_reason)
        else:
            continue
        yield _channel(f"channel-{one.key}", words)


def _channel(key: str, words: str) -> TodoItem:
    return TodoItem(key, words, 1, "whatsapp_settings.index", "bad")
