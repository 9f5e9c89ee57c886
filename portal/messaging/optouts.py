"""Which optional messages a customer does not want: asked, set and cleared here only.

The outbox asks again right before each message leaves. What a customer cannot refuse (codes,
overdue, isolation, access) is not in `OPTIONAL` and cannot be set. Of reminders a single step
can be refused (`payment_reminder:7` is the one seven days before), or all of them.
"""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.extensions import db
from portal.infra import audit
from portal.infra.database import is_postgres
from portal.infra.timekeeping import now
from portal.messaging.kinds import KINDS
from portal.messaging.models import OptOut
from portal.settings import service as settings

OPTIONAL = tuple(
    kind
    for kind in ("invoice_notification", "payment_reminder", "payment_confirmation", "broadcast")
    if KINDS[kind].optional
)
"""The kinds a customer may refuse, in the order of a customer's month."""
STEPPED = "payment_reminder"
"""The kind that is sent at several distances from the day a bill is due."""
SOURCES = frozenset({"customer", "staff", "reply"})
CHUNK = 500


def step_name(days: int) -> str:
    """What the reminder that many days before is called here."""
    return f"{STEPPED}:{days}"


def _refusable(name: str) -> bool:
    kind, colon, days = name.partition(":")
    if not colon:
        return kind in OPTIONAL
    return kind == STEPPED and days.isascii() and days.isdigit() and len(days) <= 2


class OptOutError(ValueError):
    """This kind cannot be refused, or nobody like that may refuse it."""


def set(customer_id: int, kind: str, source: str) -> None:  # noqa: A001 - optouts.set reads well
    """The customer does not want this kind any more. Raises OptOutError."""
    if not _refusable(kind) or source not in SOURCES:
        raise OptOutError(kind)
    insert = (postgresql if is_postgres() else sqlite).insert(OptOut)
    values = {"customer_id": customer_id, "kind": kind, "source": source, "created_at": now()}
    db.session.execute(
        insert.values(**values).on_conflict_do_nothing(index_elements=["customer_id", "kind"])
    )


def clear(customer_id: int, kind: str) -> None:
    """The customer wants this kind again."""
    db.session.execute(delete(OptOut).where(OptOut.customer_id == customer_id, OptOut.kind == kind))


def is_out(customer_id: int, kind: str) -> bool:
    """Whether this customer refuses this kind."""
    return customer_id in of_many([customer_id], kind)


def of_many(customer_ids: Collection[int], kind: str) -> frozenset[int]:
    """Those of the customers who refuse this kind; a query per 500 of them."""
    found: list[int] = []
    ids = sorted(frozenset(customer_ids))
    for start in range(0, len(ids), CHUNK):
        found += db.session.scalars(
            select(OptOut.customer_id).where(
                OptOut.kind == kind, OptOut.customer_id.in_(ids[start : start + CHUNK])
            )
        ).all()
    return frozenset(found)


def of_customer(customer_id: int) -> frozenset[str]:
    """The kinds this customer refuses."""
    return frozenset(
        db.session.scalars(select(OptOut.kind).where(OptOut.customer_id == customer_id))
    )


def choose(customer_id: int, wanted: Collection[str], source: str) -> bool:
    """Of the optional kinds the customer wants exactly these; False when nothing changed.

    `wanted` names kinds, and steps of reminders; all steps when it names the kind itself.
    Audited with what was refused before and after.
    """
    before = of_customer(customer_id)
    after = _refused(before, wanted)
    for kind in sorted(after - before):
        set(customer_id, kind, source)
    for kind in sorted(before - after):
        clear(customer_id, kind)
    if after == before:
        return False
    audit.record(
        "customer.messages",
        f"customer:{customer_id}",
        before={"refused": sorted(before)},
        after={"refused": sorted(after)},
    )
    return True


def _refused(before: frozenset[str], wanted: Collection[str]) -> frozenset[str]:
    refused = frozenset(kind for kind in OPTIONAL if kind not in wanted) - {STEPPED}
    if STEPPED in wanted:
        return refused
    steps = frozenset(step_name(days) for days in settings.days("reminders.before"))
    if steps.isdisjoint(wanted):
        return refused | {STEPPED}
    # What was said about a step the owner does not use now stays said.
    unused = frozenset(name for name in before if name.startswith(f"{STEPPED}:")) - steps
    return refused | unused | (steps - frozenset(wanted))
