"""Many customers at once, and short ways to a confirmed broadcast and to what it queued."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select

from jobs.schedule import BY_NAME
from portal.broadcasts import audience as people
from portal.broadcasts import service
from portal.broadcasts.audience import Audience
from portal.broadcasts.models import Broadcast
from portal.customers.models import Customer
from portal.extensions import db
from portal.infra.audit import AuditEntry
from portal.infra.timekeeping import now, today
from portal.messaging.models import Message
from portal.subscriptions.models import Subscription
from tests import factories

BASE = "/admin/broadcasts"


def tick() -> None:
    """What the timetable does with broadcasts, once."""
    BY_NAME["continue_broadcasts"].run()
    db.session.rollback()


def actions() -> list[str]:
    """What was audited about broadcasts, in order."""
    return [
        row.action for row in factories.every(AuditEntry) if row.action.startswith("broadcast.")
    ]


def crowd(count: int, shared_every: int = 0) -> list[int]:
    """So many customers with a running line each; returns their ids.

    With `shared_every` each so-manieth has the phone of the first.
    """
    plan_id = factories.plan().id
    first = (db.session.scalar(select(func.max(Customer.id))) or 0) + 1
    ids = list(range(first, first + count))
    db.session.execute(insert(Customer), [_customer(i, first, shared_every) for i in ids])
    db.session.execute(
        insert(Subscription),
        [
            {
                "customer_id": i, "plan_id": plan_id, "login": f"crowd-{i}", "billing_day": 1,
                "state": "active", "state_since": now(), "started_on": today(),
                "auto_from": today(), "created_at": now(),
            }
            for i in ids
        ],
    )  # fmt: skip
    db.session.commit()
    return ids


def _customer(i: int, first: int, shared_every: int) -> dict[str, Any]:
    shared = shared_every and (i - first) % shared_every == 0
    return {
        "id": i, "number": f"C-{i:06d}", "name": f"Orang {i}", "address": "", "language": "id",
        "phone": "+6281100000000" if shared else f"+62812{20_000_000 + i}",
        "status": "active", "created_at": now(),
    }  # fmt: skip


def draft(body: str = "Ada pemeliharaan.", audience: Audience | None = None) -> int:
    broadcast_id = service.create("Pemeliharaan", body, audience or Audience())
    db.session.commit()
    return broadcast_id


def confirmed(body: str = "Ada pemeliharaan.", audience: Audience | None = None) -> int:
    """A broadcast that was started; nothing of it is queued yet."""
    broadcast_id = draft(body, audience)
    counts = people.count(audience or Audience(), body)
    service.start(broadcast_id, str(counts.messages), untested=True)
    db.session.commit()
    return broadcast_id


def broadcast(broadcast_id: int) -> Broadcast:
    return factories.fresh(Broadcast, broadcast_id)


def queued(broadcast_id: int) -> list[Message]:
    batch = f"broadcast:{broadcast_id}"
    return [row for row in factories.every(Message) if row.batch == batch]


def customers_of(broadcast_id: int) -> Counter[int | None]:
    """How many messages each customer has."""
    rows = db.session.scalars(
        select(Message.customer_id).where(Message.batch == f"broadcast:{broadcast_id}")
    ).all()
    db.session.rollback()
    return Counter(rows)


def once_each(ids: Sequence[int]) -> Counter[int]:
    return Counter(ids)
