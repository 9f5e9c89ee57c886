"""What settings would change, said before they are saved.

Features that run by settings name their sentences in `effects.py` (`effects(values)`) and are
named in `portal/assembly.py`. They ask the very functions their jobs run on, once as it is and
once under `service.supposing(values)`. Nothing is written here.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app

from portal.settings import service
from portal.settings.registry import Value


@dataclass(frozen=True)
class Effect:
    """One consequence in words; `level` warn for what somebody would not want to do unasked."""

    sentence: str
    level: str = "info"


Values = Mapping[str, Value]
Source = Callable[[Values], Iterable[Effect]]


def changed(values: Values) -> dict[str, Value]:
    """Those that are not in force already."""
    return {key: value for key, value in values.items() if service.get(key) != value}


def foresee(values: Values) -> list[Effect]:
    """What these values would change; none when nothing that has an effect differs."""
    new = changed(values)
    sources: Sequence[Source] = current_app.extensions.get("loket.effects", ())
    return [effect for source in sources for effect in source(new)] if new else []


def digest(values: Values) -> str:
    """Names a set of values, so that a form can say which effects its person has seen."""
    said = json.dumps(dict(sorted(changed(values).items())))
    return hashlib.sha256(said.encode()).hexdigest()[:16]
