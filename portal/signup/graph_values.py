"""What Meta answers about permissions, accounts and numbers, as small values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from portal.core.driverkit import Permanent
from portal.messaging.drivers._reading import as_dict, as_list, ident, words


class CodeRefused(Permanent):
    """The code is too old, used before, or of another app."""


@dataclass(frozen=True)
class Token:
    """What a code was exchanged for; `seconds` until it expires where Meta says so."""

    value: str = field(repr=False)
    seconds: int | None = None


@dataclass(frozen=True)
class Grant:
    """What a token may do. `accounts` are the WABAs it was given, newest first; None when Meta
    names none, which means all of them. `expires_at` None is never."""

    valid: bool
    app_id: str
    scopes: frozenset[str]
    accounts: tuple[str, ...] | None
    expires_at: datetime | None


@dataclass(frozen=True)
class Number:
    """A phone number of a WABA."""

    id: str
    display: str = ""
    name: str = ""
    status: str = ""
    platform: str = ""
    verification: str = ""

    @property
    def registered(self) -> bool:
        """Whether it already sends through the Cloud API."""
        return self.platform == "CLOUD_API" and self.status == "CONNECTED"


@dataclass(frozen=True)
class Account:
    """A WABA."""

    id: str
    name: str = ""
    currency: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class Subscribed:
    """Our app's subscription to a WABA."""

    callback: str = ""


def moment(seconds: Any) -> datetime | None:
    """POSIX seconds as Meta says when something ends; 0 is never."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds < 2**34:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def targets(data: Mapping[str, Any], scope: str) -> tuple[str, ...] | None:
    """The assets a permission was given for. Absent: all."""
    for one in as_list(data.get("granular_scopes")):
        if as_dict(one).get("scope") == scope:
            listed = as_dict(one).get("target_ids")
            if listed is None:
                return None
            return tuple(found for item in as_list(listed) if (found := ident(item)))
    return () if data.get("granular_scopes") else None


def number_of(said: Mapping[str, Any]) -> Number:
    return Number(
        id=ident(said.get("id")),
        display=words(said.get("display_phone_number"), 40),
        name=words(said.get("verified_name"), 120),
        status=words(said.get("status"), 40).upper(),
        platform=words(said.get("platform_type"), 40).upper(),
        verification=words(said.get("code_verification_status"), 40).upper(),
    )
