"""What the pages of connecting a number show. Only reads."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.customers.models import Area
from portal.extensions import db
from portal.infra.timekeeping import wall
from portal.messaging import channel_areas, channels, meta_app
from portal.signup import service, states, tokens
from portal.signup.models import Signup, SignupNumber

SHOWN = 10
SOON = timedelta(minutes=2)
HELP: dict[str, Any] = {
    states.SUBSCRIBE: _l(
        "Meta memanggil alamat webhook Loket saat itu juga, jadi PUBLIC_URL harus https dan dapat "
        "dibuka dari internet."
    ),
    states.ASSIGN: _l(
        "Periksa ID dan izin system user di Business settings > Users > System users."
    ),
    states.SHARE: _l(
        "Token system user perlu izin business_management dan peran Finance Editor, dan ketentuan "
        "Credit Allocation API harus disetujui di Business settings > Payments."
    ),
    states.REGISTER: _l(
        "Nomor harus sudah diverifikasi di WhatsApp Manager > Phone numbers dan tidak sedang "
        "dipakai di aplikasi WhatsApp di HP."
    ),
    states.TEMPLATES: _l(
        "Salurannya sudah tersimpan dan dapat dipakai; hanya template yang belum terbaca."
    ),
}


@dataclass(frozen=True)
class Step:
    """One line of the progress: done, now, later or stopped."""

    name: str
    label: Any
    mark: str


@dataclass(frozen=True)
class Connected:
    """A connected number with its channel."""

    number: SignupNumber
    label: str
    brand: str
    areas: list[str]
    expiring: tokens.Expiring | None


def steps_of(row: Signup, *, partner: bool) -> list[Step]:
    """The steps with how far it is."""
    found = []
    here = row.state if row.state in states.ORDER else _last(row)
    for name in states.shown(partner=partner, business_app=row.event == states.BUSINESS_APP):
        if row.state == states.DONE or states.ORDER.index(name) < states.ORDER.index(here):
            mark = "done"
        elif name == here:
            mark = "stopped" if row.state == states.ENDED or row.need in states.BY_HAND else "now"
        else:
            mark = "later"
        found.append(Step(name, states.LABELS[name], mark))
    return found


def _last(row: Signup) -> str:
    """How far an ended attempt had come, by what it found."""
    if row.channel_id:
        return states.TEMPLATES
    if row.phone_id:
        return states.SUBSCRIBE
    if row.waba_id:
        return states.NUMBER
    if "accounts" in row.found:
        return states.ACCOUNT
    return states.EXCHANGE if row.code_at else states.OPEN


def show(row: Signup) -> dict[str, Any]:
    """Everything about one attempt."""
    app = meta_app.current()
    labels = channels.labels() if row.channel_id else {}
    return {
        "row": row,
        "app": app,
        "states": states,
        "steps": steps_of(row, partner=app.partner),
        "moving": _moving(row),
        "open": row.state == states.OPEN,
        "over": row.state in {states.DONE, states.ENDED},
        "help": HELP.get(row.state, "") if row.need == states.RETRY else "",
        "numbers": row.found.get("numbers") or [],
        "channel_label": labels.get(row.channel_id or 0, ""),
        "state_value": service.state_value(row),
        "areas": channel_areas.names(row.area_ids),
    }


def _moving(row: Signup) -> bool:
    """Whether the page will soon show something else: it asks until then, and no longer."""
    if row.state not in states.WORKING or row.need in states.BY_HAND:
        return False
    return row.next_at is None or row.next_at < wall() + SOON


def index() -> dict[str, Any]:
    """The app's state, what is connected, and the last attempts."""
    app = meta_app.current()
    rows = db.session.scalars(select(Signup).order_by(Signup.id.desc()).limit(SHOWN)).all()
    return {
        "app": app,
        "states": states,
        "attempts": rows,
        "running": [row for row in rows if row.state not in {states.DONE, states.ENDED}],
        "connected": connected(),
        "areas": db.session.scalars(select(Area).order_by(Area.name)).all(),
        "served": channel_areas.served(),
        "labels": channels.labels(),
    }


def connected() -> list[Connected]:
    """The numbers, in the order they were connected."""
    soon = {one.channel_id: one for one in tokens.expiring()}
    brands = {one.id: one.brand for one in channels.everything() if one.id}
    labels, areas = channels.labels(), channel_areas.by_channel()
    return [
        Connected(
            number,
            labels.get(number.channel_id, ""),
            brands.get(number.channel_id, ""),
            channel_areas.names(areas.get(number.channel_id, frozenset())),
            soon.get(number.channel_id),
        )
        for number in db.session.scalars(select(SignupNumber).order_by(SignupNumber.id))
    ]


def pin_of(channel_id: int) -> str:
    """The two-step PIN a number was registered with; empty when Loket did not register it."""
    found = db.session.scalar(select(SignupNumber).where(SignupNumber.channel_id == channel_id))
    return (found.pin or "") if found else ""
