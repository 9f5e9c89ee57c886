"""Processing stored callbacks: which feature understands which source."""

from collections.abc import Callable

from jobs.runtime import job
from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra import inbox
from portal.messaging import receipts
from portal.payments import notices

PROCESSORS: dict[str, Callable[[inbox.InboundHook], str]] = {
    "pakasir": notices.process_hook,
    "whatsapp.meta": receipts.process,
}


@job
def process_hook(hook_id: int) -> None:
    """Claim one callback, let its feature act, record the outcome in words.

    A processor may commit by itself (settlement does); it raises DriverError or
    `inbox.NotYet` for "later", anything else is a fault and retried as well.
    """
    hook = inbox.claim(hook_id)
    db.session.commit()
    if hook is None:
        return
    try:
        outcome = PROCESSORS[hook.source](hook)
        inbox.finish(hook, "processed", outcome)
    except inbox.NotYet as later:
        db.session.rollback()
        inbox.postpone(hook, str(later))
    except DriverError as error:
        db.session.rollback()
        inbox.postpone(hook, error.sentence)
    except Exception as error:
        db.session.rollback()
        inbox.postpone(hook, f"kesalahan: {type(error).__name__}")
        db.session.commit()
        raise
    db.session.commit()
