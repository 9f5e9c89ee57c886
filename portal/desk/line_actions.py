"""Bulk actions on lines and promises: change of plan, pause, promise of payment."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import extract, func, or_, select

from portal.desk.actions import Action, Params, Skip, WrongParams
from portal.desk.models import BulkRun
from portal.extensions import db
from portal.infra.timekeeping import today
from portal.invoices import lifecycle
from portal.invoices.billing import BILLED_STATES
from portal.invoices.models import Invoice
from portal.network import promises
from portal.network.models_isolation import PaymentPromise
from portal.plans.models import Plan
from portal.settings import service as settings
from portal.subscriptions.models import PlanChange, Subscription
from portal.web.filters import date_id
from portal.web.parsing import parse_day
from portal.web.sentences import say
from portal.web.setup import row_id


def _reason(form: Mapping[str, str], errors: dict[str, str]) -> str:
    words = form.get("reason", "").strip()[:200]
    if not words:
        errors["reason"] = _("Tulis alasannya.")
    return words


def _day(form: Mapping[str, str], name: str, errors: dict[str, str]) -> str:
    try:
        return parse_day(form.get(name, "")).isoformat()
    except ValueError as error:
        errors[name] = say(error)
        return ""


def _lines(ids: Sequence[int], states: Sequence[str]) -> dict[int, list[Subscription]]:
    found: dict[int, list[Subscription]] = {}
    for line in db.session.scalars(
        select(Subscription)
        .where(Subscription.customer_id.in_(ids), Subscription.state.in_(states))
        .order_by(Subscription.id)
    ):
        found.setdefault(line.customer_id, []).append(line)
    return found


def _changing(lines: Mapping[int, Sequence[Subscription]]) -> set[int]:
    """Lines that wait for another plan."""
    ids = [line.id for group in lines.values() for line in group]
    return set(
        db.session.scalars(
            select(PlanChange.subscription_id).where(
                PlanChange.subscription_id.in_(ids),
                PlanChange.applied_at.is_(None),
                PlanChange.cancelled_at.is_(None),
            )
        )
    )


# --- change of plan


def _read_plan(form: Mapping[str, str]) -> Params:
    errors: dict[str, str] = {}
    reason, plan = _reason(form, errors), None
    with suppress(ValueError):
        plan = db.session.get(Plan, row_id(form.get("to_plan", "")))
    if plan is None or not plan.active:
        errors["to_plan"] = _("Pilih paket lain.")
    if errors or plan is None:
        raise WrongParams(errors)
    return {"plan": plan.id, "name": plan.name, "reason": reason}


def _same_plan(ids: Sequence[int], params: Params) -> dict[int, str]:
    plan = db.session.get_one(Plan, params["plan"])
    lines = _lines(ids, BILLED_STATES)
    waiting, found = _changing(lines), {}
    for customer_id in ids:
        mine = lines.get(customer_id, [])
        fit = [line for line in mine if lifecycle.is_choice(line, plan)]
        if not mine:
            found[customer_id] = _("Tidak ada layanan yang berjalan.")
        elif not fit:
            found[customer_id] = _("Sudah memakai paket itu.")
        elif all(line.id in waiting for line in fit):
            found[customer_id] = _("Masih ada pergantian paket yang menunggu.")
    return found


def _change_plan(_run: BulkRun, customer_id: int, params: Params) -> dict[str, Any]:
    if why := _same_plan([customer_id], params).get(customer_id):
        raise Skip(why)
    plan = db.session.get_one(Plan, params["plan"])
    lines = _lines([customer_id], BILLED_STATES)
    waiting, changed, made = _changing(lines), [], {}
    for line in lines[customer_id]:
        if line.id in waiting or not lifecycle.is_choice(line, plan):
            continue
        quote = lifecycle.quote_change(line.id, plan.id, at_once=False)
        lifecycle.change_plan(
            line.id, plan.id, at_once=False, expected=quote.difference, reason=params["reason"]
        )
        changed.append(line.id)
        if (row := lifecycle.waiting_change(line.id)) is not None:
            made[str(line.id)] = row.id
    return {"lines": changed, "made": made}


def _keep_plan(_customer_id: int, _params: Params, before: dict[str, Any]) -> None:
    called_off = [
        lifecycle.cancel_change(line_id, "aksi massal diurungkan")
        for line_id in before["lines"]
        if _still_ours(line_id, before, lifecycle.waiting_change)
    ]
    if not any(called_off):
        raise Skip(_("Paketnya sudah berganti."))


def _still_ours(line_id: int, before: Mapping[str, Any], current: Callable[[int], Any]) -> bool:
    """Whether what is on now is what the run made: what somebody asked for since is theirs."""
    lifecycle.hold(line_id)
    row = current(line_id)
    return row is not None and row.id == before.get("made", {}).get(str(line_id))


# --- pause


def _read_pause(form: Mapping[str, str]) -> Params:
    errors: dict[str, str] = {}
    reason, wake_on = _reason(form, errors), _day(form, "wake_on", errors)
    if wake_on and not today().isoformat() < wake_on:
        errors["wake_on"] = _("Tanggal kembali harus sesudah hari ini.")
    if errors:
        raise WrongParams(errors)
    return {"wake_on": wake_on, "reason": reason}


def _not_running(ids: Sequence[int], _params: Params) -> dict[int, str]:
    lines = _lines(ids, ("active",))
    waiting, found = _changing(lines), {}
    for customer_id in ids:
        mine = lines.get(customer_id, [])
        if not mine:
            found[customer_id] = _("Tidak ada layanan aktif.")
        elif all(line.id in waiting for line in mine):
            found[customer_id] = _("Masih ada pergantian paket yang menunggu.")
    return found


def _pause(_run: BulkRun, customer_id: int, params: Params) -> dict[str, Any]:
    if why := _not_running([customer_id], params).get(customer_id):
        raise Skip(why)
    lines = _lines([customer_id], ("active",))
    waiting, made = _changing(lines), {}
    wake_on = date.fromisoformat(params["wake_on"])
    for line in lines[customer_id]:
        if line.id not in waiting:
            made[str(line.id)] = lifecycle.pause(line.id, wake_on, params["reason"]).id
    return {"lines": [int(one) for one in made], "made": made}


def _wake(_customer_id: int, _params: Params, before: dict[str, Any]) -> None:
    woken = [
        lifecycle.wake(line_id, "aksi massal diurungkan")
        for line_id in before["lines"]
        if _still_ours(line_id, before, lifecycle.open_pause)
    ]
    if not any(woken):
        raise Skip(_("Sudah tidak cuti."))


def _catch_up(before: dict[str, Any]) -> None:
    for line_id in before.get("lines", ()):
        lifecycle.catch_up(line_id)


# --- promise


def _read_promise(form: Mapping[str, str]) -> Params:
    errors: dict[str, str] = {}
    reason, until = _reason(form, errors), _day(form, "until_on", errors)
    longest = settings.integer("isolation.promise_days")
    if until and not 0 <= (date.fromisoformat(until) - today()).days <= longest:
        errors["until_on"] = _("Paling jauh %(days)s hari dari sekarang.", days=longest)
    if errors:
        raise WrongParams(errors)
    return {"until_on": until, "reason": reason}


def _no_promise(ids: Sequence[int], _params: Params) -> dict[int, str]:
    owing = set(
        db.session.scalars(
            select(Invoice.customer_id)
            .where(Invoice.customer_id.in_(ids), Invoice.state == "open")
            .distinct()
        )
    )
    mine = PaymentPromise.customer_id.in_(ids)
    current = PaymentPromise.withdrawn_on.is_(None), PaymentPromise.until_on >= today()
    running = set(db.session.scalars(select(PaymentPromise.customer_id).where(mine, *current)))
    used, most = _promises_used(ids), settings.integer("isolation.promises_per_year")
    found = {}
    for customer_id in ids:
        if customer_id not in owing:
            found[customer_id] = _("Tidak ada tagihan terbuka.")
        elif customer_id in running:
            found[customer_id] = _("Masih ada janji bayar yang berlaku.")
        elif used.get(customer_id, 0) >= most:
            found[customer_id] = _("Jatah janji bayar tahun ini sudah habis.")
    return found


def _promises_used(ids: Sequence[int]) -> dict[int, int]:
    """How many of the year's promises each has made, as `promises.left_this_year` counts them."""
    counts = db.session.execute(
        select(PaymentPromise.customer_id, func.count())
        .where(
            PaymentPromise.customer_id.in_(ids),
            extract("year", PaymentPromise.made_on) == today().year,
            or_(
                PaymentPromise.withdrawn_on.is_(None),
                PaymentPromise.withdrawn_on > PaymentPromise.made_on,
            ),
        )
        .group_by(PaymentPromise.customer_id)
    )
    return {customer_id: count for customer_id, count in counts}


def _promise(_run: BulkRun, customer_id: int, params: Params) -> dict[str, Any]:
    if why := _no_promise([customer_id], params).get(customer_id):
        raise Skip(why)
    until = date.fromisoformat(params["until_on"])
    return {"promise": promises.make(customer_id, until, params["reason"]).id}


def _withdraw(customer_id: int, _params: Params, before: dict[str, Any]) -> None:
    if not promises.withdraw(customer_id, before["promise"], "aksi massal diurungkan"):
        raise Skip(_("Janjinya sudah berakhir."))


PLAN = Action(
    "plan",
    _l("Ganti paket mulai periode berikutnya"),
    _l("Setiap layanan yang berjalan berganti pada awal siklusnya yang berikut."),
    "package",
    "billing",
    ("to_plan", "reason"),
    _read_plan,
    lambda params: f"{params['name']} · {params['reason']}",
    _same_plan,
    _change_plan,
    _l("Dapat diurungkan selama paketnya belum berganti."),
    _keep_plan,
)
PAUSE = Action(
    "pause",
    _l("Cuti"),
    _l("Layanan aktif ditutup mulai hari ini dan dibuka lagi pada tanggal yang dipilih."),
    "player-pause",
    "billing",
    ("wake_on", "reason"),
    _read_pause,
    lambda params: f"{date_id(date.fromisoformat(params['wake_on']))} · {params['reason']}",
    _not_running,
    _pause,
    _l("Mengurungkan berarti mengakhiri cuti saat itu; hari yang sudah lewat tetap tidak ditagih."),
    _wake,
    _catch_up,
)
PROMISE = Action(
    "promise",
    _l("Catat janji bayar"),
    _l("Sampai hari itu tidak diisolir; yang sedang diisolir dibuka."),
    "clock",
    "customers",
    ("until_on", "reason"),
    _read_promise,
    lambda params: f"{date_id(date.fromisoformat(params['until_on']))} · {params['reason']}",
    _no_promise,
    _promise,
    _l("Dapat diurungkan pada hari yang sama tanpa mengurangi jatah; isolir lalu diputuskan lagi."),
    _withdraw,
)
