"""How money, dates and phones look on a page; template globals. Formatting only."""

import hashlib
import json
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, url_for
from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from portal.config import ROOT
from portal.core.money import format_number, format_rupiah
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.core.recipients import PREFIX, TelegramChat
from portal.infra import timekeeping
from portal.web import access
from portal.web.htmx import is_fragment


def rupiah(amount: int) -> str:
    """`Rp150.000` in both languages."""
    return format_rupiah(amount)


def number(count: int) -> str:
    """`12.500`, as people write counts here."""
    return format_number(count)


def date_id(day: date | None) -> str:
    """`21 Nov 2026`, of a date or of an aware datetime; an em dash for none."""
    if isinstance(day, datetime):
        day = day.astimezone(timekeeping.zone()).date()
    return "—" if day is None else format_date(day, "d MMM yyyy")


def datetime_id(stamp: datetime | None) -> str:
    """`21 Nov 2026 14.03 WIB`, from an aware UTC datetime."""
    if stamp is None:
        return "—"
    local = stamp.astimezone(timekeeping.zone())
    return f"{format_date(local.date(), 'd MMM yyyy')} {local:%H.%M} {zone_name(local)}"


def time_id(stamp: datetime | None) -> str:
    """`14.03 WIB`."""
    if stamp is None:
        return "—"
    local = stamp.astimezone(timekeeping.zone())
    return f"{local:%H.%M} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """WIB, WITA or WIT, else the zone's own name."""
    hours = int((local.utcoffset() or timekeeping.zone().utcoffset(local)).total_seconds() // 3600)  # type: ignore[union-attr]
    return {7: "WIB", 8: "WITA", 9: "WIT"}.get(hours, local.tzname() or "")


def period_name(period: str) -> str:
    """`November 2026` from `2026-11`."""
    year, month = period.split("-")
    return format_date(date(int(year), int(month), 1), "MMMM yyyy")


def pretty_json(text: str) -> str:
    """JSON indented for people; anything else as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return text


def days_left(day: date) -> str:
    """How far a due date is, in words."""
    left = (day - timekeeping.today()).days
    if left > 0:
        return _("%(days)s hari lagi", days=left)
    return _("hari ini") if left == 0 else _("lewat %(days)s hari", days=-left)


def phone_masked(phone: str) -> str:
    """`+62 812-••••-7890`, or `tg:12••••789` of a chat on Telegram."""
    if phone.startswith(PREFIX):
        return TelegramChat.parse(phone).for_log().replace("*", "•")
    return _phone(phone, "mask")


def phone_local(phone: str) -> str:
    """`0812-3456-7890`."""
    return _phone(phone, "local")


def _phone(phone: str, form: str) -> str:
    try:
        number = PhoneNumber.parse(phone)
    except InvalidPhone:
        return phone
    return number.mask() if form == "mask" else number.local()


@cache
def _version(path: Path, _modified: float) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def static_url(name: str) -> str:
    """A static file's URL with its content hash, cacheable for a year."""
    path = ROOT / "portal" / "static" / name
    version = _version(path, path.stat().st_mtime) if path.is_file() else "0"
    return url_for("static", filename=name, v=version)


def _company() -> SimpleNamespace:
    from flask import current_app

    read = current_app.extensions["loket.company"]
    name, phone, icon = read()
    return SimpleNamespace(name=name, cs_phone=phone, cs_phone_wa=phone.lstrip("+"), icon=icon)


def _language() -> str:
    return str(get_locale())


def init_app(app: Flask) -> None:
    """Register filters, globals and the `_ui` macros."""
    for function in (
        rupiah,
        number,
        date_id,
        datetime_id,
        time_id,
        period_name,
        days_left,
        pretty_json,
        phone_masked,
        phone_local,
    ):
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.globals.update(
        static_url=static_url,
        may_open=access.may_open,
        language=_language,
        fragment=is_fragment,
    )
    app.context_processor(lambda: {"company": _company(), "today": timekeeping.today()})
    _register_macros(app)


def _register_macros(app: Flask) -> None:
    """Each `_ui/<name>.html` becomes the global `<name>`: rendering a single block does
    not see a template's own imports."""
    folder = ROOT / "portal" / "templates" / "_ui"
    for path in sorted(folder.glob("*.html")):
        app.jinja_env.globals[path.stem] = _Macro(app, path.stem)


class _Macro:
    """Loads its macro at the first call, when the template context exists."""

    def __init__(self, app: Flask, name: str) -> None:
        self._app, self._name = app, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        template = self._app.jinja_env.get_template(f"_ui/{self._name}.html")
        macro = getattr(template.module, self._name)
        return macro(*args, **kwargs)
