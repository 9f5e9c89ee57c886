"""What people do with a broadcast: draft, test, start, pause, resume, cancel, copy.

Every change of state is a guarded UPDATE, so a second click or a second person changes nothing.
Nothing here commits but `send_test`, which hands a message over in the middle.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from portal.broadcasts import audience as people
from portal.broadcasts import expansion, wording
from portal.broadcasts.audience import Audience
from portal.broadcasts.models import Broadcast
from portal.core.phone import PhoneNumber
from portal.extensions import db
from portal.infra import audit, queue
from portal.infra.database import updated
from portal.infra.timekeeping import now
from portal.messaging import sending
from portal.messaging import service as messaging
from portal.messaging.models import Message

TICK = "continue_broadcasts"
TWICE = timedelta(minutes=10)
LEFT = ("leased", "sending", "accepted", "sent", "delivered", "read", "manual")


class BroadcastError(ValueError):
    """It cannot be done so; a sentence in the visitor's language."""


def subject(broadcast_id: int) -> str:
    """Its name in the audit log."""
    return f"broadcast:{broadcast_id}"


def create(title: str, body: str, audience: Audience) -> int:
    """A new draft; returns its id. The same draft sent twice by one person is one draft."""
    author, values = getattr(g, "actor", None) or "system", audience.json()
    recent = db.session.scalars(
        select(Broadcast).where(
            Broadcast.state == "draft",
            Broadcast.created_by == author,
            Broadcast.title == title,
            Broadcast.created_at > now() - TWICE,
        )
    )
    for row in recent:
        if (row.body, row.audience) == (body, values):
            return row.id
    row = Broadcast(
        title=title, body=body, audience=values, created_at=now(), created_by=author[:80]
    )
    db.session.add(row)
    db.session.flush()
    return row.id


def edit(broadcast_id: int, title: str, body: str, audience: Audience) -> None:
    """Change a draft; another text must be tested anew. Raises BroadcastError."""
    row = expansion.locked(broadcast_id)
    if row is None or row.state != "draft":
        raise BroadcastError(_("Siaran ini sudah dikirim; salin dulu untuk mengubahnya."))
    if row.body != body:
        row.tested_at = None
    row.title, row.body, row.audience = title, body, audience.json()
    db.session.flush()


def copy(broadcast: Broadcast) -> int:
    """A new draft with the same text and filter; returns its id."""
    audience = {name: value for name, value in broadcast.audience.items() if name != "through"}
    return create(broadcast.title, broadcast.body, Audience.stored(audience))


def remove(broadcast_id: int) -> bool:
    """Throw a draft away; False when it is none any more. Audited."""
    gone = db.session.execute(
        delete(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.state == "draft")
        .returning(Broadcast.title)
    ).scalar()
    if gone is not None:
        audit.record("broadcast.remove", subject(broadcast_id), before={"title": gone})
    return gone is not None


def tests_so_far(broadcast_id: int) -> int:
    """How many test messages were asked for."""
    prefix = f"broadcast:test:{broadcast_id}:"
    found = select(func.count()).where(Message.dedupe_key.startswith(prefix, autoescape=True))
    return db.session.scalar(found) or 0


def send_test(broadcast: Broadcast, number: PhoneNumber, turn: int) -> int:
    """Send the text to one number now, whatever the hour; returns the message's id.

    `turn` counts the tests: a second click has the same one and sends nothing. Commits.
    Raises BroadcastError when it was sent before or did not leave.
    """
    broadcast_id, body = broadcast.id, broadcast.body
    person = people.example(Audience.stored(broadcast.audience)) or wording.Example()
    message_id = messaging.queue(
        "broadcast",
        str(number),
        f"broadcast:test:{broadcast_id}:{turn}",
        wording.params(body, person),
    )
    if message_id is None:
        raise BroadcastError(_("Pesan uji ini sudah dikirim."))
    audit.record("broadcast.test", subject(broadcast_id), after={"message": message_id})
    db.session.commit()
    sending.deliver(message_id)
    message = db.session.get_one(Message, message_id, populate_existing=True)
    if message.state not in LEFT:
        raise BroadcastError(
            message.reason or _("Pesan uji menunggu: saluran sedang dijeda atau dimatikan.")
        )
    # Only what was really tested counts: somebody may have edited the draft meanwhile.
    updated(
        update(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.body == body)
        .values(tested_at=now())
    )
    db.session.commit()
    return message_id


def start(broadcast_id: int, typed: str, *, untested: bool) -> None:
    """Confirm a draft by its number of messages. Audited. Raises BroadcastError."""
    row = expansion.locked(broadcast_id)
    if row is None or row.state != "draft":
        raise BroadcastError(_("Siaran ini sudah dimulai."))
    if row.tested_at is None and not untested:
        raise BroadcastError(_("Kirim uji dulu ke nomor Anda, atau centang kirim tanpa uji."))
    audience = Audience.stored(row.audience)
    counts = people.count(audience, row.body)
    if not counts.messages:
        raise BroadcastError(_("Tidak ada yang akan menerima siaran ini."))
    if typed.replace(".", "").strip() != str(counts.messages):
        raise BroadcastError(
            _("Ketik %(count)s untuk mengirim: sebanyak itu pesannya.", count=counts.messages)
        )
    row.audience = {**audience.json(), "through": people.newest_customer()}
    row.state, row.total, row.started_at = "queueing", counts.messages, now()
    db.session.flush()
    after: dict[str, Any] = {
        "messages": counts.messages,
        "audience": row.audience,
        "tested": row.tested_at is not None,
    }
    audit.record("broadcast.start", subject(broadcast_id), after=after)
    queue.ring(queue.RUN_SCHEDULED, TICK)


def pause(broadcast_id: int) -> bool:
    """Let nothing more leave; False when there is nothing to pause. Audited."""
    if not _move(broadcast_id, ("queueing", "sending"), "paused"):
        return False
    held = messaging.hold(expansion.batch_of(broadcast_id))
    audit.record("broadcast.pause", subject(broadcast_id), after={"waiting": held})
    return True


def resume(broadcast_id: int) -> bool:
    """Go on where it was; what waited is fresh again. Audited."""
    # Back to the queueing: it goes on after the cursor, or finds that everybody has theirs.
    if not _move(broadcast_id, ("paused",), "queueing"):
        return False
    expansion.refresh(broadcast_id)
    released = messaging.release(expansion.batch_of(broadcast_id))
    audit.record("broadcast.resume", subject(broadcast_id), after={"waiting": released})
    queue.ring(queue.RUN_SCHEDULED, TICK)
    return True


def cancel(broadcast_id: int, reason: str) -> bool:
    """End it: what has not left stays. False when it is over already. Audited."""
    if not _move(broadcast_id, ("queueing", "sending", "paused"), "cancelled"):
        return False
    dropped = expansion.drop_waiting(broadcast_id, expansion.CANCELLED)
    audit.record(
        "broadcast.cancel", subject(broadcast_id), after={"cancelled": dropped}, reason=reason[:200]
    )
    return True


def _move(broadcast_id: int, states: Collection[str], to: str) -> bool:
    """On PostgreSQL this waits for a chunk under way, so what follows sees its messages."""
    moved = update(Broadcast).where(Broadcast.id == broadcast_id, Broadcast.state.in_(states))
    return updated(moved.values(state=to), refresh=True) == 1
