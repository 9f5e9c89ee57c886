"""What every driver family shares: declared config, capabilities, errors, the folder scan.

A *driver* is code that speaks to one provider. It exposes one `DRIVER` class in its
module; `Registry` finds it by scanning the family's folder. Drivers raise the error
classes below and nothing else; what each one does to a message, a charge or a router
command is decided by the feature that called (see `portal/messaging/delivery.py`).
"""

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar


class DriverError(Exception):
    """A provider call that did not succeed.

    `sentence` is for the operator, in Indonesian; `detail` is the provider's own words,
    already redacted. Neither ever holds a secret, a code or a full phone number.
    """

    def __init__(
        self,
        sentence: str,
        *,
        detail: str = "",
        code: str = "",
        http_status: int | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.detail = detail
        self.code = code
        self.http_status = http_status
        self.outcome_unknown = outcome_unknown


class Retryable(DriverError):
    """Not accepted, worth another try. With `outcome_unknown` it may have been accepted."""


class RateLimited(DriverError):
    """Refused for now; `retry_after` in seconds does not burn an attempt.

    `recipient_only`: too much for this recipient, others are welcome.
    """

    def __init__(
        self, sentence: str, *, retry_after: int = 60, recipient_only: bool = False, **rest: Any
    ) -> None:
        super().__init__(sentence, **rest)
        self.retry_after = retry_after
        self.recipient_only = recipient_only


class Permanent(DriverError):
    """This one will never be accepted; others may be. `elsewhere`: another channel may well
    accept it, since the reason lies in this one's rules."""

    def __init__(self, sentence: str, *, elsewhere: bool = False, **rest: Any) -> None:
        super().__init__(sentence, **rest)
        self.elsewhere = elsewhere


class Misconfigured(DriverError):
    """Nothing will be accepted until a person repairs the configuration."""


class Capability(StrEnum):
    """What a driver can do; shown by `flask drivers` and checked before queueing."""

    TEXT = "text"
    TEMPLATE = "template"
    TEMPLATE_ADMIN = "template_admin"
    INTERACTIVE = "interactive"
    MEDIA = "media"
    GROUP = "group"
    STATUS_CHECK = "status_check"
    DELIVERY_HOOK = "delivery_hook"
    INBOUND = "inbound"
    SETS_HOOK = "sets_hook"
    IDEMPOTENT = "idempotent"


@dataclass(frozen=True)
class ConfigField:
    """One field of a driver's configuration, from which form and masking are made.

    `check` returns a sentence in Indonesian when the value will not do, else None.
    `env` names the environment variable the field falls back to. `choices` turns the
    field into a select; `shown_when` (field, value) hides it otherwise.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = False
    default: str = ""
    env: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    shown_when: tuple[str, tuple[str, ...]] | None = None
    check: Callable[[str], str | None] | None = None


@dataclass(frozen=True)
class Health:
    """The answer of a driver's `check()`."""

    ok: bool
    sentence: str
    details: Mapping[str, str]


class Driver:
    """Base of all families: a kind, a label, declared config and capabilities."""

    kind: ClassVar[str]
    label: ClassVar[str]
    fields: ClassVar[tuple[ConfigField, ...]] = ()
    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    @classmethod
    def check_config(cls, config: Mapping[str, str]) -> dict[str, str]:
        """Errors by field name, as sentences; empty when the config will do.

        Drivers with rules across fields extend this.
        """
        errors: dict[str, str] = {}
        for field in cls.fields:
            value = (config.get(field.name) or "").strip()
            if not cls.is_shown(field, config):
                continue
            if not value:
                if field.required:
                    errors[field.name] = f"{field.label} wajib diisi."
            elif field.choices and value not in dict(field.choices):
                errors[field.name] = f"Pilihan {field.label} tidak dikenal."
            elif field.check and (sentence := field.check(value)):
                errors[field.name] = sentence
        return errors

    @classmethod
    def is_shown(cls, field: ConfigField, config: Mapping[str, str]) -> bool:
        """Whether the field applies under the other values."""
        if field.shown_when is None:
            return True
        name, values = field.shown_when
        default = next((f.default for f in cls.fields if f.name == name), "")
        return (config.get(name) or default) in values


D = TypeVar("D", bound=Driver)


class Registry(Generic[D]):
    """The drivers of one family, found by scanning its folder once."""

    def __init__(self, package: ModuleType, base: type[D]) -> None:
        self._package = package
        self._base = base
        self._found: dict[str, type[D]] | None = None

    def _scan(self) -> dict[str, type[D]]:
        found: dict[str, type[D]] = {}
        for info in pkgutil.iter_modules(self._package.__path__):
            if info.name == "base":
                continue
            name = f"{self._package.__name__}.{info.name}"
            driver = getattr(import_module(name), "DRIVER", None)
            if driver is None:
                continue
            if not (isinstance(driver, type) and issubclass(driver, self._base)):
                raise TypeError(f"{name}.DRIVER must subclass {self._base.__name__}")
            if driver.kind in found:
                raise ValueError(f"two drivers call themselves {driver.kind!r}")
            found[driver.kind] = driver
        return found

    @property
    def all(self) -> dict[str, type[D]]:
        """Drivers by kind. Raises TypeError or ValueError on a bad declaration."""
        if self._found is None:
            self._found = self._scan()
        return self._found

    def get(self, kind: str) -> type[D]:
        """The driver of that kind; raises KeyError when there is none."""
        return self.all[kind]

    def __iter__(self) -> Iterator[type[D]]:
        return iter(sorted(self.all.values(), key=lambda driver: driver.label))

    def __contains__(self, kind: object) -> bool:
        return kind in self.all
