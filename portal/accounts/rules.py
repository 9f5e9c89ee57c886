"""How long a login lasts and who needs a second factor, as the owner has set it.

Settings are a feature beside this one, so `portal/assembly.py` hands them over.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app

FRESH = timedelta(minutes=10)
"""How long a proof (password or code) counts before secrets and refunds ask for it again."""


@dataclass(frozen=True)
class Rules:
    """What the settings say. A customer's session lasts as long as it is used."""

    staff_idle: timedelta = timedelta(minutes=30)
    staff_longest: timedelta = timedelta(hours=12)
    customer_idle: timedelta = timedelta(days=60)
    totp_roles: frozenset[str] = frozenset()


def rules() -> Rules:
    """The rules in force."""
    found: Rules = current_app.extensions["loket.login_rules"]()
    return found
