"""A driver's declared fields and a channel's limits as the settings page shows them, and back.

Secrets never go to the browser: only the end of a stored one, as a placeholder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import gettext

from portal.core.driverkit import ConfigField, Misconfigured
from portal.infra.secrets import mask
from portal.messaging import channel_config, channel_limits, channels
from portal.messaging.drivers.base import MessageDriver
from portal.messaging.registry import REGISTRY
from portal.web.forms import read_config


@dataclass(frozen=True)
class FieldView:
    """One input. `source`: db, env, default or empty; `steers` others' visibility.

    `clearable`: a stored secret that may be missing; `clearing`: it was just asked to go.
    """

    declared: ConfigField
    value: str = field(repr=False)
    placeholder: str
    source: str
    error: str
    steers: bool
    clearable: bool = False
    clearing: bool = False

    @property
    def name(self) -> str:
        return f"cfg-{self.declared.name}"

    @property
    def clear_name(self) -> str:
        return f"clear-{self.declared.name}"


@dataclass(frozen=True)
class ChannelForm:
    """The form of one driver; `problem` when its saved values cannot be read."""

    driver: type[MessageDriver]
    fields: list[FieldView]
    problem: str = ""


def build(
    kind: str,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    channel_id: int | None = None,
) -> ChannelForm:
    """A channel's form with what is in force, or with what was just typed; without
    `channel_id` the driver's first channel."""
    driver = REGISTRY.get(kind)
    stored, problem = _stored(kind, channel_id)
    env = channels.env_values(kind)
    shown = typed if typed is not None else {**env, **stored}
    steering = {f.shown_when[0] for f in driver.fields if f.shown_when}
    fields = [
        FieldView(
            declared=declared,
            value="" if declared.secret else shown.get(declared.name, ""),
            placeholder=_placeholder(declared, stored, env),
            source=_source(declared, stored, env),
            error=(errors or {}).get(declared.name, ""),
            steers=declared.name in steering,
            clearable=_clearable(declared, stored),
            clearing=_clearable(declared, stored)
            and typed is not None
            and not typed.get(declared.name),
        )
        for declared in driver.fields
        if driver.is_shown(declared, shown)
    ]
    return ChannelForm(driver, fields, problem)


def read(kind: str, posted: Mapping[str, str], channel_id: int | None = None) -> dict[str, str]:
    """The values of a posted form.

    An empty secret that is not to be cleared, and a field that was not on the page, keep what
    is stored.
    """
    fields = REGISTRY.get(kind).fields
    stored, _ = _stored(kind, channel_id)
    values = read_config(fields, posted, stored)
    for declared in fields:
        if f"cfg-{declared.name}" not in posted:
            values[declared.name] = stored.get(declared.name, "")
    return values


def _stored(kind: str, channel_id: int | None) -> tuple[dict[str, str], str]:
    try:
        return channel_config.stored_values(kind, channel_id), ""
    except Misconfigured as error:
        return {}, error.sentence


def _placeholder(declared: ConfigField, stored: Mapping[str, str], env: Mapping[str, str]) -> str:
    known = stored.get(declared.name) or env.get(declared.name, "")
    return mask(known) if declared.secret else declared.default


def _clearable(declared: ConfigField, stored: Mapping[str, str]) -> bool:
    return declared.secret and not declared.required and bool(stored.get(declared.name))


def _source(declared: ConfigField, stored: Mapping[str, str], env: Mapping[str, str]) -> str:
    if stored.get(declared.name):
        return "db"
    if env.get(declared.name):
        return "env"
    return "default" if declared.default else ""


@dataclass(frozen=True)
class LimitView:
    """One limit as an input: what the owner typed, and the driver's own as placeholder."""

    name: str
    label: str
    help: str
    value: str
    placeholder: str
    error: str


@dataclass(frozen=True)
class LimitsForm:
    """The limits of one channel; `sentences` say what they come to."""

    key: str
    fields: list[LimitView]
    warm_from: str
    warm_error: str
    sentences: list[str]


def limits_form(
    kind: str,
    channel_id: int,
    posted: Mapping[str, str] | None = None,
) -> LimitsForm:
    """The limits in force, or what was just typed."""
    if posted is None:
        values = channel_limits.stored(channel_id)
        typed, wrong = channel_limits.as_typed(values), dict[str, str]()
    else:
        values, wrong = channel_limits.read(kind, posted)
        typed = {name: posted.get(f"limit-{name}", "") for name in channel_limits.NAMES}
    usual = channels.usual_limits(kind)
    limits = channel_limits.effective(kind, values)
    warm = values.get("warm_from")
    return LimitsForm(
        key=str(channel_id),
        fields=[
            LimitView(
                field.name,
                str(field.label),
                str(field.help),
                typed[field.name],
                _usual(getattr(usual, field.name)),
                wrong.get(field.name, ""),
            )
            for field in channel_limits.FIELDS
        ],
        warm_from=typed["warm_from"],
        warm_error=wrong.get("warm_from", ""),
        sentences=[] if wrong else channel_limits.meaning(limits, warm),
    )


def _usual(value: int) -> str:
    return gettext("bawaan: %(value)s", value=value or gettext("tanpa batas"))
