"""What Meta's callbacks mean for attempts and connected numbers. Only rows are written here.

`PARTNER_ADDED` finishes what a browser closed early; what takes an account away from us stops its
channels for good and asks for the shared credit line back.
"""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import wall
from portal.messaging import channels, meta_app, meters, numbers
from portal.messaging.events import AccountTold
from portal.signup import states, work
from portal.signup.models import Signup, SignupNumber
from portal.signup.service import wake

ADDED = frozenset({"PARTNER_ADDED", "PARTNER_APP_INSTALLED"})
EARLY = (states.OPEN, states.EXCHANGE, states.INSPECT, states.ACCOUNT)
HOUR = timedelta(hours=1)
GONE = frozenset(
    {"PARTNER_REMOVED", "PARTNER_APP_UNINSTALLED", "ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED"}
)


def hear(event: AccountTold) -> None:
    """In the caller's transaction; may come twice."""
    name = event.name.removeprefix("account_update.")
    if name in ADDED:
        _added(event)
    elif name in GONE:
        _gone(event)


def _added(event: AccountTold) -> None:
    """The account for the newest attempt of the last hour that does not know its own yet; unless
    another one of these days named it, which then is what Meta speaks of. Of two people at it at
    once nobody knows whose it is: their own windows tell."""
    of_today = Signup.created_at > wall() - work.OPEN_FOR
    named = (Signup.told_waba_id == event.account) | (Signup.waba_id == event.account)
    known = db.session.scalar(select(Signup.id).where(of_today, named).limit(1))
    mine = named if known else (Signup.told_waba_id == "") & (Signup.updated_at > wall() - HOUR)
    rows = db.session.scalars(
        select(Signup)
        .where(Signup.state.in_(EARLY), of_today, mine)
        .order_by(Signup.id.desc())
        .with_for_update()
    ).all()
    if not rows or (not known and len({one.staff_id for one in rows}) > 1):
        return
    row = rows[0]
    row.told_waba_id, row.business_id = event.account, event.owner[:40]
    row.updated_at = wall()
    if row.state != states.OPEN:
        wake(row)
    elif not _with_own_token(row):
        row.problem = f"{states.WITHOUT_CODE} {states.AGAIN}"


def _with_own_token(row: Signup) -> bool:
    """A Solution Partner's own token opens the accounts its clients share: no code is needed."""
    app = meta_app.current()
    if not app.partner:
        return False
    work.keep_secret(row, "token", app["system_token"])
    row.state = states.INSPECT
    wake(row)
    return True


def _gone(event: AccountTold) -> None:
    reason = event.sentence
    for number in db.session.scalars(
        select(SignupNumber).where(
            SignupNumber.waba_id == event.account, SignupNumber.ended_at.is_(None)
        )
    ):
        number.ended_at, number.ended_why = wall(), reason[:500]
        if number.credit == "shared":
            number.credit, number.credit_try_at = "revoke", wall()
        audit.record("whatsapp.signup", f"channel:{number.channel_id}", reason=reason[:300])
    for channel_id in numbers.of_account(event.account):
        channel = channels.by_key(str(channel_id))
        if channel is not None and channel.pause_kind != "manual":
            meters.pause_by_hand(channel.key, reason)
    for row in db.session.scalars(
        select(Signup).where(Signup.waba_id == event.account, Signup.state.in_(states.WORKING))
    ):
        work.end(row, _("Meta mencabut akses ke akun ini. %(why)s", why=reason))
