"""Numbers whose permission ends, that Meta took away, or that wait for a person."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal.extensions import db
from portal.signup import states, tokens
from portal.signup.models import Signup, SignupNumber
from portal.web.todo import TodoItem

PAGE = "signup.index"


def items() -> Iterator[TodoItem]:
    """For the first page."""
    for one in tokens.expiring():
        level = "bad" if one.over else "warn"
        yield TodoItem(f"token-{one.channel_id}", one.sentence, 1, PAGE, level)
    gone = _count(SignupNumber.ended_at.is_not(None))
    yield TodoItem("signup-gone", _("Nomor WhatsApp dilepas Meta"), gone, PAGE, "bad")
    waiting = _count(Signup.state.in_(states.WORKING), Signup.need.in_(states.BY_HAND))
    yield TodoItem("signup-waiting", _("Nomor WhatsApp belum selesai dihubungkan"), waiting, PAGE)


def _count(*conditions: object) -> int:
    return db.session.scalar(select(func.count()).where(*conditions)) or 0  # type: ignore[arg-type]
