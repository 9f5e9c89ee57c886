"""A customer changes the number: a code to the new one proves it, the old one is told.

What is under way is a row, found again by the token this browser keeps, so a reload or a switch
to WhatsApp loses nothing. A number may be another customer's too: several may share one, and
nobody is told whose it is. Nothing here commits.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from portal.accounts import otp, sessions
from portal.accounts.otp import Owner, Verdict
from portal.customers.events import PhoneChanged
from portal.customers.models import Customer
from portal.customers.models_phone import PhoneChange
from portal.customers.service import by_phone
from portal.extensions import db
from portal.infra import audit, events
from portal.infra.database import is_postgres, updated
from portal.infra.timekeeping import now, wall

ASKED_PER_DAY = 8
"""Codes one customer may have sent to new numbers in a day: each may cost money, and may be a
stranger's phone."""
DONE_PER_DAY = 3
DAY = timedelta(days=1)
UNDER_WAY = timedelta(hours=1)


class ChangeError(ValueError):
    """It cannot be done; a sentence for the person."""


def begin(customer: Customer, phone: str, also: Collection[int], ip: str, per_ip_hour: int) -> str:
    """Send a code to the new number (E.164); returns the token this browser keeps.

    `also` are ids of customers of the same number that are to change with it; whoever is not
    one of `sharing` is left out. Raises ChangeError, otp.TooManyCodes.
    """
    _one_at_a_time(customer.id)
    if phone == customer.phone:
        raise ChangeError(_("Itu nomor Anda yang sekarang."))
    _not_too_often(customer.id)
    token = otp.request_code(phone, Owner(customer.id, customer.language), ip, per_ip_hour)
    db.session.execute(
        update(PhoneChange)
        .where(PhoneChange.customer_id == customer.id, PhoneChange.state == "pending")
        .values(state="replaced", ended_at=now())
    )
    challenge = otp.find(token)
    assert challenge is not None
    db.session.add(
        PhoneChange(
            customer_id=customer.id,
            challenge_id=challenge.id,
            old_phone=customer.phone,
            new_phone=phone,
            also=sorted({one.id for one in sharing(customer)} & set(also)),
            created_at=now(),
        )
    )
    db.session.flush()
    return token


def again(customer: Customer, token: str | None, ip: str, per_ip_hour: int) -> str:
    """Another code for what is under way; the old one dies. Raises as `begin`."""
    change = pending(customer.id, token)
    if change is None:
        raise ChangeError(_("Penggantian nomor sudah berakhir. Mulai lagi."))
    return begin(customer, change.new_phone, change.also, ip, per_ip_hour)


def pending(customer_id: int, token: str | None) -> PhoneChange | None:
    """What this browser has under way for this customer."""
    challenge = otp.find(token)
    if challenge is None:
        return None
    return db.session.scalar(
        select(PhoneChange).where(
            PhoneChange.challenge_id == challenge.id,
            PhoneChange.customer_id == customer_id,
            PhoneChange.state == "pending",
            PhoneChange.created_at > now() - UNDER_WAY,
        )
    )


def drop(customer_id: int, token: str | None) -> None:
    """The customer thinks better of it."""
    change = pending(customer_id, token)
    if change is not None:
        change.state, change.ended_at = "dropped", now()


def sharing(customer: Customer) -> Sequence[Customer]:
    """Other customers whose messages go to the same number."""
    if not customer.phone:
        return ()
    found = by_phone(customer.phone)
    return [one for one in found if one.id != customer.id and one.phone == customer.phone]


def confirm(customer_id: int, token: str | None, typed: str, here: str) -> Verdict:
    """Spend a try; on the right code change the number and log every other device out.

    `here` is the token of the session that stays. The caller must commit in every case: a wrong
    try that is rolled back is a free one. `stale` says that the number changed meanwhile.
    """
    change = pending(customer_id, token)
    if change is None:
        return Verdict("expired")
    verdict = otp.verify(token, typed)
    if verdict.result != "ok":
        return verdict
    ended = update(PhoneChange).where(PhoneChange.id == change.id, PhoneChange.state == "pending")
    if updated(ended.values(state="done", ended_at=now()), refresh=True) != 1:
        return Verdict("expired")
    people = _held([customer_id, *change.also])
    if not people or people[0].id != customer_id or people[0].phone != change.old_phone:
        change.state = "replaced"
        return Verdict("stale")
    for person in people:
        if person.phone == change.old_phone:
            _change(person, change, here if person.id == customer_id else None)
    return verdict


def _held(ids: list[int]) -> list[Customer]:
    """The customers, locked in the order of their ids; the first asked for comes first."""
    found = db.session.scalars(
        select(Customer)
        .where(Customer.id.in_(ids), Customer.status == "active")
        .order_by(Customer.id)
        .with_for_update(of=Customer)
        .execution_options(populate_existing=True)
    ).all()
    return sorted(found, key=lambda person: person.id != ids[0])


def _change(person: Customer, change: PhoneChange, here: str | None) -> None:
    before = {"phone": person.phone, "phone_alt": person.phone_alt}
    person.phone = change.new_phone
    if person.phone_alt == person.phone:
        person.phone_alt = None
    after = {"phone": person.phone, "phone_alt": person.phone_alt}
    audit.record("customer.phone", f"customer:{person.id}", before=before, after=after)
    sessions.end_all(sessions.CUSTOMER, person.id, but=here)
    db.session.flush()
    events.emit(PhoneChanged(change.id, person.id, change.old_phone, change.new_phone))


def _one_at_a_time(customer_id: int) -> None:
    """Requests that race are counted one after the other; SQLite's writers already are."""
    if is_postgres():
        lock = func.pg_advisory_xact_lock(func.hashtext(f"phone-change:{customer_id}"))
        db.session.execute(select(lock))


def _not_too_often(customer_id: int) -> None:
    today = PhoneChange.customer_id == customer_id, PhoneChange.created_at > now() - DAY
    rows = db.session.scalars(select(PhoneChange.state).where(*today)).all()
    if rows.count("done") >= DONE_PER_DAY:
        raise ChangeError(_("Nomor sudah beberapa kali diganti hari ini. Hubungi CS."))
    if len(rows) >= ASKED_PER_DAY:
        raise otp.TooManyCodes(wall() + timedelta(hours=1))
