"""An attempt as it was when a step began, and what came of the step: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Attempt:
    """A row as it was when we took it; plain values."""

    id: int
    state: str
    lease: str = field(repr=False)
    event: str
    told_waba_id: str
    told_phone_id: str
    business_id: str
    waba_id: str
    phone_id: str
    channel_id: int | None
    attempts: int
    code_at: datetime | None
    found: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    callback: str = ""
    verify_token: str = field(default="", repr=False)
    known_pin: str = field(default="", repr=False)

    @property
    def token(self) -> str:
        return self.secrets.get("token", "")


@dataclass(frozen=True)
class Outcome:
    """What came of a step. With `need` or `end` the row does not go on to the next."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    need: str = ""
    end: bool = False
    problem: str = ""
    detail: str = ""
    wait: float = 0.0
    burn: bool = False
