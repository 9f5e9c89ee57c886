"""The settings, made from the registry: one group a form, search over all, and what the typed
values would change before they count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, g, request, url_for
from flask_babel import gettext as _

from portal.core.phone import InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.settings import effects, service
from portal.settings.registry import GROUPS, SPECS, SettingSpec, Value
from portal.web.access import staff
from portal.web.htmx import go, page

bp = Blueprint("settings", __name__, url_prefix="/admin/settings")
ALL = "all"


@dataclass(frozen=True)
class Shown:
    """One setting on the page: what its field holds, and where its value comes from."""

    spec: SettingSpec
    value: str
    default: str
    error: str = ""
    since: datetime | None = None

    @property
    def chosen(self) -> bool:
        return self.since is not None


def words(spec: SettingSpec, value: Value) -> str:
    """A value as the form shows it."""
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


def of_group(name: str) -> Sequence[SettingSpec]:
    """The settings of a group; every one for `all`."""
    return [spec for spec in SPECS if name in (ALL, spec.group)]


def _group() -> str:
    wanted = request.values.get("group", "")
    return wanted if wanted in {ALL, *(name for name, _title in GROUPS)} else GROUPS[0][0]


def _typed(specs: Sequence[SettingSpec]) -> dict[str, str]:
    # Several ticked boxes of one name are one list.
    return {spec.key: ", ".join(request.values.getlist(spec.key)) for spec in specs}


def _parsed(
    specs: Sequence[SettingSpec], typed: dict[str, str]
) -> tuple[dict[str, Value], dict[str, str]]:
    """Values, and sentences for those that will not do."""
    values: dict[str, Value] = {}
    errors: dict[str, str] = {}
    for spec in specs:
        try:
            values[spec.key] = service.parse(spec, typed[spec.key])
        except service.InvalidSetting as error:
            errors[spec.key] = str(error)
    return values, errors


def _page(
    group: str, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None
) -> Any:
    """A group's form; with `typed` values also what they would change."""
    specs, rows = of_group(group), service.chosen()
    errors = errors or {}
    shown = [
        Shown(
            spec,
            words(spec, service.get(spec.key)) if typed is None else typed[spec.key],
            words(spec, spec.default),
            errors.get(spec.key, ""),
            rows[spec.key].updated_at if spec.key in rows else None,
        )
        for spec in specs
    ]
    values = _parsed(specs, typed)[0] if typed is not None and not errors else {}
    return page(
        "settings/index.html",
        status=422 if errors else 200,
        groups=GROUPS,
        group=group,
        shown=shown,
        checking=typed is not None and not errors,
        **_foreseen(values),
        **_search(),
    )


def _foreseen(values: dict[str, Value]) -> dict[str, Any]:
    """What the values would change, and the name of exactly these for the form to send back."""
    return {
        "foreseen": effects.foresee(values),
        "seen": effects.digest(values) if values else "",
        "changes": len(effects.changed(values)),
    }


def _search() -> dict[str, Any]:
    text = request.args.get("q", "").strip()[:80]
    folded = text.casefold()
    titles = dict(GROUPS)
    found = [
        (spec, titles[spec.group])
        for spec in SPECS
        if folded
        and folded in f"{spec.label} {spec.help} {spec.key} {titles[spec.group]}".casefold()
    ]
    return {"q": text, "found": found}


@bp.get("")
@staff("settings")
def index() -> Any:
    """One group of settings; `check` shows typed values with what they would change."""
    group = _group()
    if not request.args.get("check"):
        return _page(group)
    specs = of_group(group)
    current = {spec.key: words(spec, service.get(spec.key)) for spec in specs}
    typed = {**current, **{k: v for k, v in _typed(specs).items() if k in request.args}}
    unticked = request.args.get("off", "").split(",")
    typed = {key: "" if key in unticked else value for key, value in typed.items()}
    return _page(group, typed, _parsed(specs, typed)[1])


@bp.get("/effects")
@staff("settings")
def foresee() -> Any:
    """What the form's values would change, for the box under it; asked while typing."""
    specs = of_group(_group())
    values, errors = _parsed(specs, _typed(specs))
    labels = {spec.key: spec.label for spec in specs}
    wrong = [f"{labels[key]}: {sentence}" for key, sentence in errors.items()]
    return page(
        "settings/effects.html",
        block="effects",
        group=_group(),
        wrong=wrong,
        **_foreseen({} if errors else values),
    )


@bp.post("")
@staff("settings", fresh=True)
def save() -> Any:
    """Store everything or nothing; a wrong value is shown beside its field.

    What has an effect is only stored when the form says that it was seen.
    """
    group = _group() if request.form.get("group") else ALL
    specs = of_group(group)
    typed = _typed(specs)
    values, errors = _parsed(specs, typed)
    if errors:
        return _page(group, typed, errors)
    unseen = request.form.get("seen") != effects.digest(values)
    if unseen and effects.foresee(values):
        return go(_check_url(group, values, typed))
    for key, value in values.items():
        service.change(key, value, g.actor or "")
    db.session.commit()
    back = url_for("settings.index", group=None if group == ALL else group)
    return go(back, _("Pengaturan disimpan."))


def _check_url(group: str, values: dict[str, Value], typed: dict[str, str]) -> str:
    """The same form again with what differs, which says what it would change."""
    new = {key: typed[key] for key in effects.changed(values)}
    off = ",".join(key for key, value in new.items() if not value)
    said: dict[str, Any] = {key: value for key, value in new.items() if value}
    return url_for("settings.index", group=group, check=1, off=off or None, **said)
