"""What the outbox hears, for `portal/reactions.py`."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heard:
    """Somebody wrote to us, told once; `sender` as in `portal.core.recipients`, maybe empty."""

    inbound_id: int
    sender: str = field(repr=False)
