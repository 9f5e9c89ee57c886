"""Plans for staff: list, add, change."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, current_app, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.core.cycles import CYCLES, SCHEMES
from portal.core.money import parse_rupiah
from portal.extensions import db
from portal.infra import audit
from portal.plans import service
from portal.plans.models import Plan
from portal.web.access import staff
from portal.web.htmx import go, page
from portal.web.sentences import say

WAYS: dict[str, Any] = {
    "calendar": _l("Bulan berjalan: bulan kalender, terbit pada tanggal tagihan bulan itu"),
    "prepaid": _l("Prabayar: menagih siklus yang dimulai pada tanggal tagihan"),
    "postpaid": _l("Pascabayar: menagih siklus yang berakhir pada tanggal tagihan"),
}
OWN_FIELDS = ("due_days", "grace_days", "public")
bp = Blueprint("plans", __name__, url_prefix="/admin/plans")


def _form(
    plan: Plan | None,
    values: Mapping[str, Any],
    errors: Mapping[str, str],
    price_effect: dict[str, int] | None = None,
) -> Any:
    return page(
        "plans/form.html",
        status=422 if errors else 200,
        plan=plan,
        values=values,
        errors=errors,
        ways=WAYS,
        cycles=CYCLES,
        use=_uses().get(plan.id) if plan else None,
        price_effect=price_effect,
    )


@bp.get("")
@staff("billing")
def index() -> Any:
    """All plans with who is on them; those put away on a list of their own."""
    archived = request.args.get("show") == "archived"
    plans = db.session.scalars(
        select(Plan).where(Plan.active.is_(not archived)).order_by(Plan.price, Plan.name)
    ).all()
    return page("plans/index.html", plans=plans, uses=_uses(), archived=archived, ways=WAYS)


def _uses() -> Mapping[int, Any]:
    """Lines by plan; they live above plans, so the application is asked."""
    found: Mapping[int, Any] = current_app.extensions["loket.plan_uses"]()
    return found


@bp.get("/new")
@staff("billing")
def new() -> Any:
    """An empty form."""
    return _form(None, {}, {})


@bp.get("/<int:plan_id>")
@staff("billing")
def edit(plan_id: int) -> Any:
    """One plan."""
    plan = db.session.get(Plan, plan_id) or abort(404)
    values = {
        "name": plan.name,
        "price": plan.price,
        "billing": plan.billing,
        "cycle_months": plan.cycle_months,
        "issue_day": "" if plan.issue_day is None else plan.issue_day,
        "due_days": "" if plan.due_days is None else plan.due_days,
        "grace_days": "" if plan.grace_days is None else plan.grace_days,
        "public": plan.public,
    }
    return _form(plan, values, {})


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
    values["public"] = bool(form.get("public"))
    _read_terms(form, values, errors)
    return values, errors


def _read_terms(form: Mapping[str, str], values: dict[str, Any], errors: dict[str, str]) -> None:
    """How it is billed."""
    values["billing"] = form.get("billing", "calendar")
    if values["billing"] not in SCHEMES:
        errors["billing"] = _("Pilih cara tagihan.")
    months = form.get("cycle_months", "1").strip()
    values["cycle_months"] = int(months) if months in map(str, CYCLES) else 0
    if not values["cycle_months"]:
        errors["cycle_months"] = _("Siklus 1, 3, 6, atau 12 bulan.")
    day = form.get("issue_day", "").strip()
    if day and not (re.fullmatch("[0-9]{1,2}", day) and 1 <= int(day) <= 28):
        errors["issue_day"] = _("Isi 1 sampai 28, atau kosongkan.")
    else:
        values["issue_day"] = int(day) if day else None


def _unseen_effect(plan: Plan, price: int) -> dict[str, int] | None:
    """What another price means for the lines that follow it; None once it was shown."""
    use = _uses().get(plan.id)
    seen = request.form.get("seen_price", "") == str(price)
    if price == plan.price or use is None or not use.following or seen:
        return None
    return {
        "price": price,
        "before": plan.price,
        "lines": use.following,
        "own": use.own_price,
        "monthly": (price - plan.price) * use.following,
    }


@bp.post("/<int:plan_id>/archive")
@staff("billing")
def archive(plan_id: int) -> Any:
    """Put a plan away, or take it back."""
    plan = db.session.get(Plan, plan_id) or abort(404)
    away = request.form.get("archived") == "1"
    service.archive(plan, archived=away)
    db.session.commit()
    told = _("Paket diarsipkan; langganannya tetap.") if away else _("Paket dipakai lagi.")
    return go(url_for("plans.index"), told)


@bp.post("/new")
@staff("billing")
def create() -> Any:
    """Add a plan."""
    values, errors = _read()
    if not errors and service.by_name(values["name"]):
        errors["name"] = _("Nama paket ini sudah dipakai.")
    if errors:
        return _form(None, request.form, errors)
    plan = service.ensure(values["name"], values["price"])
    for field in (*OWN_FIELDS, *service.TERMS):
        setattr(plan, field, values[field])
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
    terms = {field: values.get(field) for field in service.TERMS}
    if not errors and not service.may_have_terms(plan, terms):
        errors["billing"] = _(
            "Paket ini sudah punya tagihan. Buat paket baru untuk cara tagihan lain."
        )
    if errors:
        return _form(plan, request.form, errors)
    if effect := _unseen_effect(plan, values["price"]):
        db.session.rollback()
        return _form(plan, request.form, {}, effect)
    service.change_price(plan, values["price"])
    fields = ("name", *OWN_FIELDS, *service.TERMS)
    before = {field: getattr(plan, field) for field in fields}
    after = {field: values[field] for field in fields}
    if before != after:
        for field, value in after.items():
            setattr(plan, field, value)
        audit.record("plan.change", f"plan:{plan.id}", before=before, after=after)
    db.session.commit()
    return go(url_for("plans.index"), _("Paket disimpan."))
