"""Taking the next step of an attempt: claim and commit, ask Meta with nothing open, record and
commit. One step at a time, so that no lane is held up and a crash loses one step at most.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import or_, select, update

from portal.config import Settings
from portal.core.driverkit import DriverError
from portal.extensions import db
from portal.infra import audit, queue
from portal.infra.checkpoints import checkpoint
from portal.infra.database import updated
from portal.infra.http import Http
from portal.infra.locks import LEASE, new_lease_token
from portal.infra.timekeeping import wall
from portal.messaging import meta_app, templates
from portal.signup import connecting, states, steps, trouble
from portal.signup.graph import Graph
from portal.signup.models import Signup, SignupNumber
from portal.signup.outcomes import Attempt, Outcome

OPEN_FOR = timedelta(days=1)
_GRAPH = "loket.signup_graph"


def graph() -> Graph:
    """The client of the app in force. An application may carry its own (tests do)."""
    own: Graph | None = current_app.extensions.get(_GRAPH)
    return own or Graph(meta_app.current(), Http())


def callback_url() -> str:
    """Where Meta is told to call."""
    settings: Settings = current_app.extensions["loket.settings"]
    return f"{settings.public_url}/webhook/whatsapp/meta"


def due(limit: int = 20) -> list[int]:
    """Attempts whose next step nobody is at."""
    return list(
        db.session.scalars(
            select(Signup.id).where(*_takeable()).order_by(Signup.updated_at).limit(limit)
        )
    )


def ring_for_due() -> None:
    """Ring for them; the caller commits."""
    for signup_id in due():
        queue.ring(queue.ADVANCE_SIGNUP, signup_id)


def close_stale() -> None:
    """End what nobody finished in the window within a day; the caller commits."""
    updated(
        update(Signup)
        .where(Signup.state == states.OPEN, Signup.updated_at < wall() - OPEN_FOR)
        .values(
            state=states.ENDED,
            problem=_("Tidak diselesaikan dalam sehari. Mulai lagi."),
            secrets="{}",
            finished_at=wall(),
        )
    )


def advance(signup_id: int) -> bool:
    """Take one step; False when there is none to take or somebody else is at it. Commits."""
    attempt = _claim(signup_id)
    if attempt is None:
        return False
    checkpoint("signup.claimed")
    if attempt.state in (states.CHANNEL, states.TEMPLATES):
        _local(attempt)
    else:
        client = graph()
        outcome = steps.take(attempt, client)
        checkpoint("signup.answered")
        _record(attempt, outcome, partner=client.app.partner)
    checkpoint("signup.recorded")
    return True


# Claiming -------------------------------------------------------------------------------


def _takeable() -> tuple[Any, ...]:
    current = wall()
    return (
        Signup.state.in_(states.WORKING),
        Signup.need.in_((states.NOTHING, states.WAIT)),
        or_(Signup.next_at.is_(None), Signup.next_at <= current),
        or_(Signup.lease_until.is_(None), Signup.lease_until < current),
    )


def _claim(signup_id: int) -> Attempt | None:
    token = new_lease_token()
    taken = updated(
        update(Signup)
        .where(Signup.id == signup_id, *_takeable())
        .values(lease_token=token, lease_until=wall() + LEASE)
    )
    if taken == 0:
        db.session.rollback()
        return None
    meta_app.make_verify_token()
    row = db.session.get(Signup, signup_id, populate_existing=True)
    assert row is not None
    attempt = _snapshot(row, token)
    if row.state in states.ONCE:
        # Whoever finds it done later knows that it may have been us.
        row.found = {**row.found, "asked": row.state}
    db.session.commit()
    return attempt


def _snapshot(row: Signup, lease: str) -> Attempt:
    known = db.session.scalar(select(SignupNumber).where(SignupNumber.phone_id == row.phone_id))
    return Attempt(
        id=row.id,
        state=row.state,
        lease=lease,
        event=row.event,
        told_waba_id=row.told_waba_id,
        told_phone_id=row.told_phone_id,
        business_id=row.business_id or row.told_business_id,
        waba_id=row.waba_id,
        phone_id=row.phone_id,
        channel_id=row.channel_id,
        attempts=row.attempts,
        code_at=row.code_at,
        found=dict(row.found),
        secrets=json.loads(row.secrets),
        callback=callback_url(),
        verify_token=meta_app.current()["verify_token"],
        known_pin=(known.pin or "") if known else "",
    )


# Recording ------------------------------------------------------------------------------


def _held(attempt: Attempt) -> Signup | None:
    """The row, if it is still ours and where it was: a webhook or a person may have ended it."""
    row = db.session.scalars(
        select(Signup)
        .where(
            Signup.id == attempt.id,
            Signup.lease_token == attempt.lease,
            Signup.state == attempt.state,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is not None:
        row.lease_token = row.lease_until = None
        row.updated_at = wall()
    return row


def _record(attempt: Attempt, outcome: Outcome, *, partner: bool) -> None:
    row = _held(attempt)
    if row is not None:
        write(row, outcome, partner=partner)
    db.session.commit()


def write(row: Signup, outcome: Outcome, *, partner: bool) -> None:
    """What a step brought, onto its row."""
    for name, value in outcome.changes.items():
        setattr(row, name, value)
    row.found = {**row.found, **outcome.found}
    if outcome.secrets:
        kept = {**json.loads(row.secrets), **outcome.secrets}
        row.secrets = json.dumps({name: value for name, value in kept.items() if value})
    row.problem, row.detail = outcome.problem[:500], outcome.detail[:500]
    row.need, row.next_at = outcome.need, None
    row.attempts += outcome.burn
    if outcome.end:
        end(row, outcome.problem)
    elif outcome.need == states.WAIT:
        row.next_at = wall() + timedelta(seconds=outcome.wait)
    elif not outcome.need:
        _go_on(row, partner=partner)


def _go_on(row: Signup, *, partner: bool) -> None:
    business_app = row.event == states.BUSINESS_APP
    row.state = states.after(row.state, partner=partner, business_app=business_app)
    row.attempts = 0
    if row.state == states.DONE:
        row.finished_at, row.secrets = wall(), "{}"
    else:
        queue.ring(queue.ADVANCE_SIGNUP, row.id)


def keep_secret(row: Signup, name: str, value: str) -> None:
    """Add one to what the row keeps encrypted."""
    row.secrets = json.dumps({**json.loads(row.secrets), name: value})


def end(row: Signup, problem: str) -> None:
    """It goes no further; its secrets are forgotten. Audited."""
    audit.record(
        "whatsapp.signup", f"signup:{row.id}", before={"step": row.state}, reason=problem[:300]
    )
    row.state, row.need, row.next_at = states.ENDED, states.NOTHING, None
    row.problem, row.secrets, row.finished_at = problem[:500], "{}", wall()
    row.lease_token = row.lease_until = None


# Steps on our own side ------------------------------------------------------------------


def _local(attempt: Attempt) -> None:
    """The channel is written in the transaction that says so; templates are read before it."""
    partner = graph().app.partner
    if attempt.state == states.CHANNEL:
        row = _held(attempt)
        if row is not None:
            try:
                write(row, connecting.connect(row), partner=partner)
            except DriverError as error:
                write(row, trouble.failed(attempt, error), partner=partner)
        db.session.commit()
        return
    _record(attempt, _read_templates(attempt), partner=partner)


def _read_templates(attempt: Attempt) -> Outcome:
    """What the account has approved. A channel that is gone has none to read."""
    if attempt.channel_id is None:
        return Outcome()
    try:
        found = templates.sync(attempt.channel_id)
    except DriverError as error:
        return trouble.failed(attempt, error)
    said: Mapping[str, Any] = {"templates": found.count}
    return Outcome(found=said)
