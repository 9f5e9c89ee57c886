"""Staff at their browsers, with sessions that age as real ones do, and their phones' codes."""

import pyotp
from flask import Flask

from portal.accounts import second_factor, sessions
from portal.accounts.models import Staff
from portal.core.clock import FixedClock
from portal.customers.models import Customer
from portal.extensions import db
from tests.visitor import Visitor


class Person(Visitor):
    """One browser in the staff area."""

    def cookie_path(self) -> str:
        return "/admin/"

    def identity(self) -> str:
        """What the cookie says, "" when nobody is logged in."""
        with self.client.session_transaction(self.cookie_path()) as session:
            return str(session.get("_user_id", ""))

    def log_in(self, email: str, password: str):  # type: ignore[no-untyped-def]
        self.page("/admin/login")
        return self.post("/admin/login", email=email, password=password)


def seat(app: Flask, person: Staff | Customer, hx: bool = False) -> Person:
    """A browser this person logged in on just now, without the slow password."""
    kind = sessions.STAFF if isinstance(person, Staff) else sessions.CUSTOMER
    token = sessions.open_session(kind, person.id)
    db.session.commit()
    visitor = Person(app, hx)
    with visitor.client.session_transaction("/admin/" if kind == "staff" else "/") as session:
        session["_user_id"], session["_fresh"] = f"{kind}:{person.id}:{token}", True
        session.permanent = kind == sessions.CUSTOMER
    return visitor


def arm(person: Staff) -> tuple[str, list[str]]:
    """Give this person a second factor, as long ago that its first code is over; the secret and
    the recovery codes."""
    secret = second_factor.new_secret()
    row = db.session.get_one(Staff, person.id)
    at = second_factor.wall()
    codes = second_factor.turn_on(row, secret, pyotp.TOTP(secret).at(at), but=None)
    assert codes is not None
    row.totp_step = 0
    db.session.commit()
    db.session.expunge_all()
    return secret, codes


def code(secret: str, clock: FixedClock) -> str:
    """What the app shows now."""
    return pyotp.TOTP(secret).at(clock.wall())
