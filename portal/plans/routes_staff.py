"""Plans for staff: list, add, change."""

import re
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.core.money import parse_rupiah
from portal.extensions import db
from portal.infra import audit
from portal.plans import service
from portal.plans.models import Plan
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say

bp = Blueprint("plans", __name__, url_prefix="/admin/plans")


@bp.get("")
@staff("billing")
def index() -> Any:
    """All plans."""
    plans = db.session.scalars(select(Plan).order_by(Plan.price, Plan.name)).all()
    return page("plans/index.html", plans=plans)


@bp.get("/new")
@staff("billing")
def new() -> Any:
    """An empty form."""
    return page("plans/form.html", plan=None, values={}, errors={})


@bp.get("/<int:plan_id>")
@staff("billing")
def edit(plan_id: int) -> Any:
    """One plan."""
    plan = db.session.get(Plan, plan_id) or abort(404)
    values = {
        "name": plan.name,
        "price": plan.price,
        "due_days": "" if plan.due_days is None else plan.due_days,
        "grace_days": "" if plan.grace_days is None else plan.grace_days,
    }
    return page("plans/form.html", plan=plan, values=values, errors={})


def _read() -> tuple[dict[str, Any], dict[str, str]]:
    """The typed values and what is wrong with them."""
    form = request.form
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    name = form.get("name", "").strip()
    values["name"] = name
    if not 1 <= len(name) <= 120:
        errors["name"] = _("Nama paket wajib diisi, paling banyak 120 huruf.")
    try:
        values["price"] = parse_rupiah(form.get("price", ""))
        if not 0 < values["price"] <= 10**9:
            raise ValueError(_("Harga harus lebih dari nol."))
    except ValueError as error:
        errors["price"] = say(error)
    for field in ("due_days", "grace_days"):
        typed = form.get(field, "").strip()
        if typed and not (re.fullmatch("[0-9]{1,2}", typed) and int(typed) <= 90):
            errors[field] = _("Isi 0 sampai 90 hari, atau kosongkan.")
        else:
            values[field] = int(typed) if typed else None
    return values, errors


@bp.post("/new")
@staff("billing")
def create() -> Any:
    """Add a plan."""
    values, errors = _read()
    if not errors and service.by_name(values["name"]):
        errors["name"] = _("Nama paket ini sudah dipakai.")
    if errors:
        return page("plans/form.html", status=422, plan=None, values=request.form, errors=errors)
    plan = service.ensure(values["name"], values["price"])
    plan.due_days, plan.grace_days = values["due_days"], values["grace_days"]
    db.session.commit()
    return go(url_for("plans.index"), _("Paket ditambahkan."))


@bp.post("/<int:plan_id>")
@staff("billing")
def save(plan_id: int) -> Any:
    """Change a plan; issued invoices keep their price."""
    plan = db.session.get(Plan, plan_id) or abort(404)
    values, errors = _read()
    other = service.by_name(values["name"])
    if not errors and other is not None and other.id != plan.id:
        errors["name"] = _("Nama paket ini sudah dipakai.")
    if errors:
        return page("plans/form.html", status=422, plan=plan, values=request.form, errors=errors)
    service.change_price(plan, values["price"])
    fields = ("name", "due_days", "grace_days")
    before = {field: getattr(plan, field) for field in fields}
    after = {field: values[field] for field in fields}
    if before != after:
        for field, value in after.items():
            setattr(plan, field, value)
        audit.record("plan.change", f"plan:{plan.id}", before=before, after=after)
    db.session.commit()
    return go(url_for("plans.index"), _("Paket disimpan."))
