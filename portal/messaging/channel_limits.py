"""A channel's own limits: the form, its checks, presets, and what the values mean in words.

How limits are kept is in `pacing.py` and `limits.py`. Saving them never touches the
configuration's stamp: the channel stays the same one. Nothing here commits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import wall
from portal.messaging import pacing
from portal.messaging.channels import usual_limits
from portal.messaging.drivers.base import Limits
from portal.messaging.limits import local_today
from portal.messaging.models_channels import Channel
from portal.web.filters import date_id

SAMPLE = 300
"""So many messages the sentence below the form speaks of: a month's bills of a small ISP."""
LONGEST_PLAN = 90
"""Days an estimate looks ahead."""
NAMES = (*Limits.STORED, "warm_from")


@dataclass(frozen=True)
class LimitField:
    """One number of the form; `most` is the largest that makes sense."""

    name: str
    label: Any
    help: Any
    most: int


@dataclass(frozen=True)
class Preset:
    """Values filled in by one click; what is not named follows the driver."""

    label: Any
    help: Any
    values: Mapping[str, int]
    warm: bool = False


FIELDS = (
    LimitField("per_second", _l("Pesan per detik"), "", 500),
    LimitField("per_minute", _l("Pesan per menit"), "", 10_000),
    LimitField("per_day", _l("Pesan per hari"), _l("Dihitung per tanggal."), 1_000_000),
    LimitField(
        "recipients_per_day",
        _l("Nomor berbeda per 24 jam"),
        _l("Di Meta: batas tingkat akun Anda (250, 2.000, 10.000, 100.000)."),
        1_000_000,
    ),
    LimitField("spacing_min", _l("Jarak terpendek (detik)"), "", 600),
    LimitField(
        "spacing_max",
        _l("Jarak terpanjang (detik)"),
        _l("Jarak antar pesan diacak di antara keduanya."),
        600,
    ),
)
_QR = {"per_minute": 20, "per_day": 1000, "spacing_min": 3, "spacing_max": 8}
PRESETS: dict[str, Preset] = {
    "official": Preset(
        _l("Nomor resmi (Meta)"),
        _l("80 pesan per detik, tanpa jarak."),
        {"per_second": 80, "per_minute": 0, "per_day": 0, "spacing_min": 0, "spacing_max": 0},
    ),
    "paired": Preset(
        _l("Nomor QR lama"), _l("20 per menit, jarak 3-8 detik, 1.000 per hari."), _QR
    ),
    "fresh": Preset(
        _l("Nomor QR baru (pemanasan)"),
        _l("Sama, tetapi mulai 20 pesan hari ini dan naik tiap hari."),
        _QR,
        warm=True,
    ),
}
Values = dict[str, Any]


def today() -> date:
    """The day that caps of the day are counted by."""
    return local_today(wall())


def stored(channel_id: int) -> Values:
    """What the owner set; None where the driver's own counts."""
    columns = [getattr(Channel, name) for name in NAMES]
    row = db.session.execute(select(*columns).where(Channel.id == channel_id)).one()
    return dict(row._mapping)


def as_typed(values: Mapping[str, Any]) -> dict[str, str]:
    """As the form shows them."""
    return {name: "" if values[name] is None else str(values[name]) for name in NAMES}


def of_preset(name: str) -> Values:
    """The values of a preset. Raises KeyError for an unknown one."""
    preset = PRESETS[name]
    values: Values = {field: preset.values.get(field) for field in Limits.STORED}
    return {**values, "warm_from": today() if preset.warm else None}


def read(kind: str, posted: Mapping[str, str]) -> tuple[Values, dict[str, str]]:
    """The values of a posted form, and sentences by field for what will not do."""
    values: Values = {}
    errors: dict[str, str] = {}
    for field in FIELDS:
        try:
            values[field.name] = _number(posted.get(f"limit-{field.name}", ""), field.most)
        except ValueError as error:
            errors[field.name] = str(error)
    try:
        values["warm_from"] = _day(posted.get("limit-warm_from", ""))
    except ValueError as error:
        errors["warm_from"] = str(error)
    if "spacing_min" not in errors and "spacing_max" not in errors:
        limits = effective(kind, values)
        # No spacing at all needs no shortest one.
        spaced = limits.spacing_max or values["spacing_min"]
        if spaced and limits.spacing_min > limits.spacing_max:
            errors["spacing_min"] = _(
                "Jarak terpendek (%(low)s) lebih besar daripada terpanjang (%(high)s).",
                low=limits.spacing_min,
                high=limits.spacing_max,
            )
    return values, errors


def _number(typed: str, most: int) -> int | None:
    typed = typed.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit()):
        raise ValueError(_("Isi bilangan bulat, misalnya 20. Kosong = bawaan, 0 = tanpa batas."))
    if len(typed) > 9 or int(typed) > most:
        raise ValueError(_("Paling banyak %(most)s.", most=most))
    return int(typed)


def _day(typed: str) -> date | None:
    typed = typed.strip()
    if not typed:
        return None
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        raise ValueError(_("Tanggal tidak sah. Contoh: 2026-11-21.")) from None
    if found > today():
        raise ValueError(_("Pemanasan dihitung sejak nomor mulai dipakai; paling lambat hari ini."))
    if found < today() - timedelta(days=3650):
        raise ValueError(_("Tanggal itu terlalu lama. Kosongkan bila nomor sudah lama dipakai."))
    return found


def effective(kind: str, values: Mapping[str, Any]) -> Limits:
    """The driver's limits with these over them."""
    own = {name: values.get(name) for name in Limits.STORED if values.get(name) is not None}
    return usual_limits(kind).changed(own)


def save(channel_id: int, values: Mapping[str, Any]) -> bool:
    """Store checked values; False when nothing changed. Audited."""
    before = stored(channel_id)
    changed = [name for name in NAMES if before[name] != values[name]]
    if not changed:
        return False
    db.session.execute(
        update(Channel)
        .where(Channel.id == channel_id)
        .values({name: values[name] for name in changed})
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()
    old, new = as_typed(before), as_typed(values)
    audit.record(
        "whatsapp.limits",
        f"channel:{channel_id}",
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )
    return True


def meaning(limits: Limits, warm_from: date | None) -> list[str]:
    """What the values come to, in sentences."""
    found = [_pace(limits)]
    cap = pacing.day_cap(limits, warm_from, today())
    turn = warm_day(warm_from)
    if turn:
        found.append(
            _(
                "Pemanasan hari ke-%(day)s dari %(days)s: hari ini paling banyak %(count)s pesan.",
                day=turn,
                days=pacing.WARM_DAYS,
                count=cap,
            )
        )
    elif cap is not None:
        found.append(_("Sehari paling banyak %(count)s pesan.", count=cap))
    if cap is not None and cap < SAMPLE:
        found.append(_spread(limits, warm_from))
    if limits.recipients_per_day:
        found.append(
            _("Dalam 24 jam paling banyak %(count)s nomor.", count=limits.recipients_per_day)
        )
    return found


def warm_day(warm_from: date | None) -> int:
    """Which day of its warm-up a number is in, from 1; 0 when it is not."""
    if warm_from is None:
        return 0
    days = max((today() - warm_from).days, 0)
    return days + 1 if days < pacing.WARM_DAYS else 0


def _pace(limits: Limits) -> str:
    seconds = pacing.seconds_for(SAMPLE, limits)
    if not seconds:
        return _("Tanpa batas kecepatan: pesan berangkat secepat penyedia menjawab.")
    if seconds < 60:
        return _(
            "Dengan nilai ini %(count)s pesan butuh kira-kira %(seconds)s detik.",
            count=SAMPLE,
            seconds=ceil(seconds),
        )
    if seconds < 2 * 3600:
        return _(
            "Dengan nilai ini %(count)s pesan butuh kira-kira %(minutes)s menit.",
            count=SAMPLE,
            minutes=round(seconds / 60),
        )
    return _(
        "Dengan nilai ini %(count)s pesan butuh kira-kira %(hours)s jam.",
        count=SAMPLE,
        hours=round(seconds / 3600),
    )


def _spread(limits: Limits, warm_from: date | None) -> str:
    """On which day the last of the sample leaves, under the cap of each day."""
    left, day = SAMPLE, today()
    for _turn in range(LONGEST_PLAN):
        left -= pacing.day_cap(limits, warm_from, day) or left
        if left <= 0:
            return _("%(count)s pesan selesai pada %(day)s.", count=SAMPLE, day=date_id(day))
        day += timedelta(days=1)
    return _("%(count)s pesan butuh lebih dari %(days)s hari.", count=SAMPLE, days=LONGEST_PLAN)
