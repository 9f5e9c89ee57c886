"""What the owner hands out to the staff, for the house of every route."""

from datetime import timedelta

from portal.accounts.models_sessions import PasswordLink
from portal.extensions import db
from portal.infra.secrets import digest
from portal.infra.timekeeping import wall

TOKEN = "k" * 43


def invited(staff_id: int) -> dict[str, str]:
    """A link with which this person may set a password; flushed."""
    about = {"created_at": wall(), "expires_at": wall() + timedelta(hours=1)}
    db.session.add(PasswordLink(staff_id=staff_id, token_hash=digest(TOKEN), **about))
    db.session.flush()
    return {"link_token": TOKEN}
