"""Settings > WhatsApp > connect a number: the app's values, attempts, and a person's turns.

What the dialog in the browser posts is in `routes_dialog.py`.
"""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.core.driverkit import Misconfigured
from portal.extensions import db
from portal.infra import audit
from portal.infra.secrets import mask
from portal.messaging import channel_areas, channel_order, channel_page, meta_app
from portal.signup import dialog, service, view, work
from portal.signup.models import Signup
from portal.signup.service import Refused
from portal.web.access import staff
from portal.web.forms import read_config
from portal.web.htmx import go, page

bp = Blueprint("signup", __name__, url_prefix="/admin/settings/whatsapp/connect")
INDEX, SHOW, APP = "signup/index.html", "signup/show.html", "signup/app.html"


@bp.get("")
@staff("settings")
def index() -> Any:
    """Whether numbers can be connected, which are, and a new one."""
    return page(INDEX, **view.index(), typed={}, error="")


@bp.post("")
@staff("settings", fresh=True)
def begin() -> Any:
    """A new attempt, for a brand or areas when named."""
    brand = request.form.get("brand", "").strip()
    areas = channel_areas.known(request.form.getlist("area"))
    app = meta_app.current()
    if not app.ready:
        return go(url_for(".index"), _("Lengkapi Aplikasi Meta dahulu."), "bad")
    try:
        row = service.begin(current_user.id, brand, areas)
    except Refused as error:
        db.session.rollback()
        typed = {"brand": brand, "areas": areas}
        return page(INDEX, status=422, **view.index(), typed=typed, error=str(error))
    db.session.commit()
    return go(url_for(".show", signup_id=row.id))


@bp.get("/app")
@staff("settings")
def app_form() -> Any:
    """The Meta app's values."""
    return page(APP, **_app_context({}, {}))


@bp.post("/app")
@staff("settings", fresh=True)
def save_app() -> Any:
    """Keep them; an empty secret keeps the stored one."""
    try:
        stored = meta_app.stored()
    except Misconfigured:
        stored = {}
    typed = read_config(meta_app.FIELDS, request.form, stored)
    errors = meta_app.save(typed)
    if errors:
        db.session.rollback()
        return page(APP, status=422, **_app_context(typed, errors))
    db.session.commit()
    return go(url_for(".index"), _("Tersimpan."))


def _app_context(typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    app, env = meta_app.current(), meta_app.env_values()
    try:
        stored = meta_app.stored()
    except Misconfigured:
        stored = {}
    fields = [
        {
            "declared": one,
            "value": "" if one.secret else typed.get(one.name, app[one.name]),
            "placeholder": mask(app[one.name]) if one.secret else "",
            "source": "db" if stored.get(one.name) else "env" if env.get(one.name) else "",
            "error": errors.get(one.name, ""),
            "clearable": one.secret and not one.required and bool(stored.get(one.name)),
        }
        for one in meta_app.FIELDS
    ]
    return {
        "app": app,
        "fields": fields,
        "errors": errors,
        "partner_from": meta_app.PARTNER[0],
        "callback": work.callback_url(),
        "site": work.callback_url().removesuffix("/webhook/whatsapp/meta"),
    }


@bp.get("/<int:signup_id>")
@staff("settings")
def show(signup_id: int) -> Any:
    """One attempt: the dialog while it is open, then its steps."""
    row = _found(signup_id)
    context = {**view.show(row), "mine": row.staff_id == current_user.id}
    answer = page(SHOW, block="progress", **context)
    if context["open"] and context["app"].ready:
        dialog.allow(answer, context["app"])
    return answer


@bp.post("/<int:signup_id>/continue")
@staff("settings")
def go_on(signup_id: int) -> Any:
    """Try the waiting step again, now."""
    return _turn(signup_id, service.go_on)


@bp.post("/<int:signup_id>/number")
@staff("settings")
def choose(signup_id: int) -> Any:
    """This number of the account."""
    return _turn(signup_id, lambda row: service.choose_number(row, request.form.get("number", "")))


@bp.post("/<int:signup_id>/pin")
@staff("settings")
def pin(signup_id: int) -> Any:
    """The PIN the number already has."""
    return _turn(signup_id, lambda row: service.give_pin(row, request.form.get("pin", "")))


@bp.post("/<int:signup_id>/stop")
@staff("settings")
def stop(signup_id: int) -> Any:
    """Leave it."""
    return _turn(signup_id, service.give_up)


@bp.post("/<int:signup_id>/main")
@staff("settings")
def use(signup_id: int) -> Any:
    """Make its channel the main one."""
    row = _found(signup_id)
    if row.channel_id is None:
        abort(400)
    try:
        channel_order.promote(row.channel_id)
    except Misconfigured as error:
        db.session.rollback()
        return go(url_for(".show", signup_id=signup_id), error.sentence, "bad")
    db.session.commit()
    return go(url_for("whatsapp_settings.index"), _("Dipakai sebagai saluran utama."))


@bp.post("/pin/<channel_key>")
@staff("settings", fresh=True)
def show_pin(channel_key: str) -> Any:
    """The two-step PIN of a number, once; that it was looked at is written down."""
    about = channel_page.of_channel(channel_key)
    assert about.channel_id is not None
    known = view.pin_of(about.channel_id)
    if not known:
        return go(url_for(".index"), _("Loket tidak menyimpan PIN nomor ini."), "bad")
    audit.record("whatsapp.pin", f"channel:{about.channel_id}", after={"shown": True})
    db.session.commit()
    return page("signup/pin.html", pin=known, about=about)


def _found(signup_id: int) -> Signup:
    return db.session.get(Signup, signup_id) or abort(404)


def _turn(signup_id: int, act: Any) -> Any:
    """What somebody decided about an attempt; the job goes on with it."""
    row = service.locked(signup_id) or abort(404)
    try:
        act(row)
    except Refused as error:
        db.session.rollback()
        row = _found(signup_id)
        return page(SHOW, block="progress", status=422, **view.show(row), error=str(error))
    db.session.commit()
    return go(url_for(".show", signup_id=signup_id))
