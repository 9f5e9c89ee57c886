"""Reading and changing settings. Values are cached for the length of one app context."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, time
from typing import Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select

from portal.core import ahead
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import now
from portal.settings.models import Setting
from portal.settings.registry import BY_KEY, SettingSpec, Value
from portal.web.sentences import say

LONGEST_TEXT = 120


class InvalidSetting(ValueError):
    """The value will not do; the message is a sentence in Indonesian."""


def _stored() -> dict[str, str]:
    if "settings" not in g:
        g.settings = {row.key: row.value for row in db.session.scalars(select(Setting))}
    found: dict[str, str] = g.settings
    return found


def get(key: str) -> Value:
    """The value of a declared setting; raises KeyError for an unknown key."""
    spec = BY_KEY[key]
    raw = _stored().get(key)
    value: Value = spec.default if raw is None else json.loads(raw)
    return value


def text(key: str) -> str:
    return str(get(key))


def integer(key: str) -> int:
    value = get(key)
    if not isinstance(value, int):
        raise TypeError(f"setting {key} is not a number")
    return value


def flag(key: str) -> bool:
    return bool(get(key))


def days(key: str) -> list[int]:
    value = get(key)
    if not isinstance(value, list):
        raise TypeError(f"setting {key} is not a list of days")
    return [int(item) for item in value]


def words(key: str) -> list[str]:
    value = get(key)
    if not isinstance(value, list):
        raise TypeError(f"setting {key} is not a list")
    return [str(item) for item in value]


@contextmanager
def supposing(values: Mapping[str, Value]) -> Iterator[None]:
    """Within it these values count as if they were stored; nothing is written, so only read."""
    stored = _stored()
    g.settings = {**stored, **{key: json.dumps(value) for key, value in values.items()}}
    try:
        yield
    finally:
        g.settings = stored


def is_default(key: str) -> bool:
    """Whether nobody chose a value for it."""
    return key not in _stored()


def chosen() -> dict[str, Setting]:
    """The rows of what somebody chose, by key: when and by whom."""
    return {row.key: row for row in db.session.scalars(select(Setting)) if row.key in BY_KEY}


def internal(key: str, default: Any = None) -> Any:
    """A value the system keeps for itself (demo clock, last runs), not editable."""
    raw = _stored().get(f"internal.{key}")
    return default if raw is None else json.loads(raw)


def fresh_internal(key: str, default: Any = None) -> Any:
    """The same, past the cache: another process may just have written it."""
    raw = db.session.scalar(select(Setting.value).where(Setting.key == f"internal.{key}"))
    return default if raw is None else json.loads(raw)


def set_internal(key: str, value: Any) -> None:
    """Keep a value for the system itself; no audit."""
    _write(f"internal.{key}", value, "system")


def parse(spec: SettingSpec, raw: str) -> Value:
    """Turn what was typed into a value; raises InvalidSetting."""
    raw = raw.strip()
    if spec.kind == "bool":
        return raw in {"1", "y", "on", "true"}
    if spec.kind == "phone":
        return _parse_phone(raw)
    if spec.kind == "days":
        return list(dict.fromkeys(_parse_int(spec, part) for part in _parts(raw)))
    if spec.kind == "int":
        return _parse_int(spec, raw)
    if spec.kind == "time":
        return _parse_time(raw)
    if spec.kind == "dates":
        return sorted({_parse_date(part) for part in _parts(raw)})
    if spec.kind in {"choices", "choice"}:
        return _parse_choices(spec, _parts(raw))
    if spec.kind == "ahead":
        return _parse_ahead(raw)
    return _parse_text(spec, raw)


def _parse_text(spec: SettingSpec, raw: str) -> str:
    if not raw and not spec.optional:
        raise InvalidSetting(_("Isian ini wajib diisi."))
    limit = spec.maximum if spec.maximum < LONGEST_TEXT * 10 else LONGEST_TEXT
    if len(raw) > limit:
        raise InvalidSetting(_("Paling banyak %(limit)s huruf.", limit=limit))
    return raw


def _parts(raw: str) -> list[str]:
    return [part.strip() for part in raw.replace(";", ",").split(",") if part.strip()]


def _parse_time(raw: str) -> str:
    try:
        return time.fromisoformat(raw.replace(".", ":").zfill(5)).strftime("%H:%M")
    except ValueError:
        raise InvalidSetting(_("Tulis jam seperti 08:00.")) from None


def _parse_date(raw: str) -> str:
    try:
        return date.fromisoformat(raw).isoformat()
    except ValueError:
        raise InvalidSetting(
            _("%(date)s bukan tanggal. Tulis seperti 2026-12-25.", date=raw[:20])
        ) from None


def _parse_choices(spec: SettingSpec, chosen: list[str]) -> str | list[str]:
    known = [value for value, _label in spec.options]
    if not set(chosen) <= set(known) or (spec.kind == "choice" and len(chosen) != 1):
        raise InvalidSetting(_("Pilihan tidak dikenal."))
    if spec.kind == "choice":
        return chosen[0]
    return [value for value in known if value in chosen]


def _parse_ahead(raw: str) -> str:
    try:
        return ahead.written(ahead.parse(raw))
    except ahead.BadRule as error:
        said = {
            "form": _("Ini tidak terbaca. Tulis seperti 3 = 5 persen; 12 = 1 bulan gratis."),
            "range": _("Pakai 1-12 bulan, paling banyak 100 persen, dan gratis kurang dari itu."),
            "twice": _("Jumlah bulan itu sudah ada."),
        }
        raise InvalidSetting(f"“{error.rule[:40]}”: {said[error.why]}") from None


def _parse_phone(raw: str) -> str:
    if not raw:
        return ""
    try:
        return str(PhoneNumber.parse(raw))
    except InvalidPhone as error:
        raise InvalidSetting(say(error)) from None


def _parse_int(spec: SettingSpec, raw: str) -> int:
    try:
        value = int(raw.strip().replace(".", ""))
    except ValueError:
        raise InvalidSetting(_("Isi dengan angka bulat.")) from None
    if not spec.minimum <= value <= spec.maximum:
        raise InvalidSetting(
            _("Isi antara %(low)s dan %(high)s.", low=spec.minimum, high=_dotted(spec.maximum))
        )
    return value


def _dotted(number: int) -> str:
    """`1.000.000`, as people write it here."""
    return f"{number:,}".replace(",", ".")


def change(key: str, value: Value, actor: str = "") -> None:
    """Store a setting and audit the difference; a value already in force changes nothing.

    The default is not stored: whoever goes back to it follows it from then on.
    """
    before = get(key)
    if value == before:
        return
    if value == BY_KEY[key].default:
        _forget(key)
    else:
        _write(key, value, actor)
    audit.record("settings.change", f"setting:{key}", before={"v": before}, after={"v": value})


def _write(key: str, value: Any, actor: str) -> None:
    row = db.session.get(Setting, key) or Setting(key=key)
    row.value, row.updated_at, row.updated_by = json.dumps(value), now(), actor
    db.session.add(row)
    _stored()[key] = row.value


def _forget(key: str) -> None:
    row = db.session.get(Setting, key)
    if row is not None:
        db.session.delete(row)
    _stored().pop(key, None)
