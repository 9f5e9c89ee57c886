"""Processing stored callbacks: which feature understands which source."""

import logging
import time
from collections.abc import Callable

from jobs.runtime import job
from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra import inbox
from portal.messaging import word
from portal.payments import notices

log = logging.getLogger(__name__)

PROCESSORS: dict[str, Callable[[inbox.InboundHook], str]] = {
    "pakasir": notices.process_hook,
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
        if hook.source.startswith(inbox.STATUS_SOURCE):
            word.process_many([hook])
        else:
            inbox.finish(hook, "processed", PROCESSORS[hook.source](hook))
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


STATUS_SECONDS = 20.0


@job
def process_statuses() -> None:
    """All waiting word about messages, a batch at a time. A batch that fails is taken apart, so
    that one odd callback does not hold up the others."""
    deadline = time.monotonic() + STATUS_SECONDS
    while time.monotonic() < deadline and (hooks := inbox.claim_statuses()):
        ids = [hook.id for hook in hooks]
        try:
            word.process_many(hooks)
            db.session.commit()
        except Exception:
            db.session.rollback()
            log.exception("a batch of statuses failed; one by one")
            inbox.give_back(ids)
            for hook_id in ids:
                process_hook(hook_id)
