"""What the outbox hears, for `portal/reactions.py`."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heard:
    """Somebody wrote to us, told once; `sender` as in `portal.core.recipients`, maybe empty."""

    inbound_id: int
    sender: str = field(repr=False)


@dataclass(frozen=True)
class AccountTold:
    """The provider said something about one of its accounts. `name` is its word, such as
    `account_update.PARTNER_ADDED`; `owner` the business the account belongs to, maybe empty."""

    name: str
    account: str
    owner: str
    blocked: bool
    sentence: str
