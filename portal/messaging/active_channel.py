"""One channel in force, as a plain value: what the outbox needs to know to send through it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from portal.core.recipients import PHONE
from portal.infra.http import Http
from portal.infra.timekeeping import wall
from portal.messaging.delivery import Ambiguity
from portal.messaging.drivers.base import Limits, MessageDriver
from portal.messaging.registry import REGISTRY

ENV_KEY = "env"


def reach_of_kind(kind: str) -> str:
    """Whom channels of this driver write to."""
    return REGISTRY.get(kind).reach if kind in REGISTRY else PHONE


@dataclass(frozen=True)
class ActiveChannel:
    """A channel in force. `source`: db or env; `id` None for the environment's.

    `problem` is why it cannot be used at all; then its config is empty. `areas` are those it is
    meant for; without any it is for everybody.
    """

    id: int | None
    kind: str
    config: Mapping[str, str] = field(repr=False)
    name: str = ""
    source: str = "db"
    problem: str = ""
    limits: Limits = field(default_factory=Limits)
    warm_from: date | None = None
    paused_until: datetime | None = None
    pause_kind: str = ""
    pause_reason: str = ""
    on_trial: bool = False
    updated_at: datetime | None = None
    brand: str = ""
    areas: frozenset[int] = frozenset()

    @property
    def key(self) -> str:
        """Names the channel where the environment's must have a name too."""
        return ENV_KEY if self.id is None else str(self.id)

    @property
    def identity(self) -> str:
        """The channel as configured now: another configuration may be another provider."""
        stamp = f"{self.updated_at.timestamp():.6f}" if self.updated_at else "env"
        return f"{self.key}:{self.kind}:{stamp}"[:80]

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or (REGISTRY.get(self.kind).label if self.kind in REGISTRY else self.kind)

    @property
    def reach(self) -> str:
        """Whom it writes to (`portal.core.recipients`)."""
        return reach_of_kind(self.kind)

    @cached_property
    def _driver(self) -> MessageDriver:
        return REGISTRY.get(self.kind)(self.config, Http())

    def driver(self, http: Http | None = None) -> MessageDriver:
        """A driver object with this configuration."""
        return self._driver if http is None else REGISTRY.get(self.kind)(self.config, http)

    @property
    def idempotent(self) -> bool:
        """Whether a repeated key is certainly sent once."""
        return self.driver().idempotent

    @property
    def ambiguity(self) -> Ambiguity:
        """What its provider offers when an answer was lost."""
        if self.idempotent:
            return Ambiguity.KEYED
        return Ambiguity.TELLS if self.driver().echoes_key else Ambiguity.MUTE

    @property
    def secrets(self) -> list[str]:
        """The secret values, so that no log shows them."""
        values = [self.config.get(f.name, "") for f in REGISTRY.get(self.kind).fields if f.secret]
        return [value for value in values if len(value) >= 4]

    @property
    def paused(self) -> bool:
        """Whether nothing is sent through it right now."""
        return self.paused_until is not None and self.paused_until > wall()

    @property
    def usable(self) -> bool:
        """Whether a message may leave through it right now."""
        return not self.problem and not self.paused
