"""Which optional messages a customer does not want: asked, set and cleared here only.

The outbox asks again right before each message leaves. What a customer cannot refuse (codes,
overdue, isolation, access) is not in `OPTIONAL` and cannot be set.
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

OPTIONAL = tuple(
    kind
    for kind in ("invoice_notification", "payment_reminder", "payment_confirmation", "broadcast")
    if KINDS[kind].optional
)
"""The kinds a customer may refuse, in the order of a customer's month."""
SOURCES = frozenset({"customer", "staff", "reply"})
CHUNK = 500


class OptOutError(ValueError):
    """This kind cannot be refused, or nobody like that may refuse it."""


def set(customer_id: int, kind: str, source: str) -> None:  # noqa: A001 - optouts.set reads well
    """The customer does not want this kind any more. Raises OptOutError."""
    if kind not in OPTIONAL or source not in SOURCES:
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

    Audited with what was refused before and after.
    """
    before = of_customer(customer_id)
    after = frozenset(kind for kind in OPTIONAL if kind not in wanted)
    for kind in after - before:
        set(customer_id, kind, source)
    for kind in before - after:
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
