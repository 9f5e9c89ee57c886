"""The settings form, made from the registry."""

from typing import Any

from flask import Blueprint, g, request, url_for
from flask_babel import gettext as _

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.settings import service
from portal.settings.registry import GROUPS, SPECS, SettingSpec
from portal.web.access import staff
from portal.web.htmx import go, page

bp = Blueprint("settings", __name__, url_prefix="/admin/settings")


def shown(spec: SettingSpec) -> str:
    """A value as the form shows it."""
    value = service.get(spec.key)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if spec.kind == "bool":
        return "y" if value else ""
    if spec.kind == "phone" and value:
        try:
            return PhoneNumber.parse(str(value)).local()
        except InvalidPhone:
            return str(value)
    return str(value)


@bp.get("")
@staff("settings")
def index() -> Any:
    """All settings, by group."""
    values = {spec.key: shown(spec) for spec in SPECS}
    return page("settings/index.html", groups=GROUPS, specs=SPECS, values=values, errors={})


@bp.post("")
@staff("settings")
def save() -> Any:
    """Store everything or nothing; a wrong value is shown beside its field."""
    # Several ticked boxes of one name are one list.
    typed = {spec.key: ", ".join(request.form.getlist(spec.key)) for spec in SPECS}
    errors: dict[str, str] = {}
    parsed = {}
    for spec in SPECS:
        try:
            parsed[spec.key] = service.parse(spec, typed[spec.key])
        except service.InvalidSetting as error:
            errors[spec.key] = str(error)
    if errors:
        return page(
            "settings/index.html",
            status=422,
            groups=GROUPS,
            specs=SPECS,
            values=typed,
            errors=errors,
        )
    for key, value in parsed.items():
        service.change(key, value, g.actor or "")
    db.session.commit()
    return go(url_for("settings.index"), _("Pengaturan disimpan."))
