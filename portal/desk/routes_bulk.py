"""Bulk actions for staff: whom, what, a preview, confirming, watching, taking back."""

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select

from portal.core.money import format_number
from portal.counter import queries as counter
from portal.customers.models import Customer
from portal.desk import bulk, customer_form, filtering, listing
from portal.desk.actions import Action, WrongParams
from portal.desk.filtering import Filter
from portal.desk.models import BulkItem, BulkRun
from portal.extensions import db
from portal.infra.secrets import new_token
from portal.settings import service as settings
from portal.web.access import may, staff
from portal.web.forms import form_key
from portal.web.htmx import go, page
from portal.web.pagination import paginate
from portal.web.setup import BIGGEST_ID

bp = Blueprint("bulk", __name__, url_prefix="/admin/bulk")

TYPED_ABOVE = 50
"""From here on the count is typed before anything happens."""
STATES: dict[str, tuple[str, Any]] = {
    "waiting": ("warn", _l("Antre")),
    "done": ("ok", _l("Selesai")),
    "skipped": ("mute", _l("Dilewati")),
    "failed": ("bad", _l("Gagal")),
    "undone": ("mute", _l("Diurungkan")),
    "kept": ("warn", _l("Tidak dapat diurungkan")),
}
RUNS: dict[str, tuple[str, Any]] = {
    "running": ("warn", _l("Berjalan")),
    "done": ("ok", _l("Selesai")),
    "stopped": ("mute", _l("Dihentikan")),
    "undoing": ("warn", _l("Sedang diurungkan")),
    "undone": ("mute", _l("Diurungkan")),
}


class Chosen:
    """Whom the form means: the ticked ones, or everybody of the filter."""

    def __init__(self, form: Any) -> None:
        self.wanted: Filter = filtering.read(form)
        self.all = form.get("which") == "all"
        typed = {int(one) for one in form.getlist("id") if one.isdecimal() and len(one) <= 10}
        if self.all:
            self.ids = listing.ids(self.wanted)
        else:
            self.ids = _known(sorted(one for one in typed if 0 < one <= BIGGEST_ID))

    @property
    def about(self) -> str:
        said = filtering.in_words(self.wanted) if self.all else []
        if not self.all:
            return _("%(count)s pelanggan yang dicentang", count=len(self.ids))
        return " · ".join(said) or _("semua pelanggan")

    def fields(self) -> list[tuple[str, Any]]:
        """To be sent along in the next form."""
        if self.all:
            return [("which", "all"), *self.wanted.fields()]
        kept = self.wanted.fields()
        return [("which", "some"), *kept, *(("id", one) for one in self.ids)]


def _known(ids: list[int]) -> list[int]:
    """Those of the ids whom the person may see."""
    found: list[int] = []
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        statement = select(Customer.id).where(Customer.id.in_(part), *counter.seen())
        found += db.session.scalars(statement.order_by(Customer.id))
    return found


def _action(key: str) -> Action:
    action = bulk.ACTIONS.get(key)
    if action is None:
        abort(400)
    if not may(action.permission):
        abort(403)
    return action


@bp.get("")
@staff("customers")
def index() -> Any:
    """The runs so far."""
    found = paginate(select(BulkRun).where(*_seen()).order_by(BulkRun.id.desc()), scalars=True)
    return page("desk/bulk_runs.html", page=found, actions=bulk.ACTIONS, runs=RUNS)


@bp.get("/new")
@staff("customers")
def choose() -> Any:
    """What to do with them."""
    chosen = Chosen(request.args)
    allowed = [one for one in bulk.ACTIONS.values() if may(one.permission)]
    return page("desk/bulk_choose.html", chosen=chosen, actions=allowed)


@bp.post("/form")
@staff("customers")
def form() -> Any:
    """The form of one action."""
    return _form(_action(request.form.get("action", "")), Chosen(request.form))


def _form(action: Action, chosen: Chosen, errors: dict[str, str] | None = None) -> Any:
    return page(
        "desk/bulk_form.html",
        status=422 if errors else 200,
        action=action,
        chosen=chosen,
        errors=errors or {},
        typed=request.form,
        choices=customer_form.choices(),
        promise_days=settings.integer("isolation.promise_days"),
    )


@bp.post("/preview")
@staff("customers")
def check() -> Any:
    """Say what would happen, before it does. Writes nothing."""
    action, chosen = _action(request.form.get("action", "")), Chosen(request.form)
    return _preview(action, chosen)


def _preview(action: Action, chosen: Chosen, error: str = "") -> Any:
    try:
        params = action.read(request.form)
    except WrongParams as wrong:
        return _form(action, chosen, wrong.errors)
    found = bulk.preview(action, chosen.ids, params)
    shown = list(found.left_out)[:200]
    names = dict(
        db.session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(shown))).all()
    )
    return page(
        "desk/bulk_preview.html",
        status=422 if error else 200,
        action=action,
        chosen=chosen,
        said=action.say(params),
        found=found,
        names=names,
        sent=[(name, request.form.get(name, "")) for name in action.fields],
        typed_above=TYPED_ABOVE,
        once=form_key() or new_token(),
        error=error,
    )


@bp.post("")
@staff("customers")
def start() -> Any:
    """Write the run down; a second press of the same form leads to the same run."""
    once = form_key()
    before = db.session.scalar(select(BulkRun).where(BulkRun.once == once)) if once else None
    if before is not None:
        return go(url_for(".show", bulk_id=before.id))
    action, chosen = _action(request.form.get("action", "")), Chosen(request.form)
    try:
        params = action.read(request.form)
    except WrongParams as wrong:
        return _form(action, chosen, wrong.errors)
    found = bulk.preview(action, chosen.ids, params)
    if not once or not found.going:
        return _preview(action, chosen, _("Tidak ada pelanggan yang dapat dikerjakan."))
    if problem := _unconfirmed(found):
        return _preview(action, chosen, problem)
    run = bulk.start(action, chosen.ids, params, chosen.about, current_user.id, once)
    target = url_for(".show", bulk_id=run.id)
    db.session.commit()
    return go(target)


def _unconfirmed(found: bulk.Preview) -> str:
    """Why this was not confirmed as it stands; empty when it was."""
    if request.form.get("seen", "") != found.seen:
        return _("Daftarnya berubah sejak Anda melihatnya. Periksa lagi lalu setujui.")
    typed = request.form.get("count", "").strip().replace(".", "")
    if found.going > TYPED_ABOVE and typed != str(found.going):
        return _("Ketik %(count)s untuk menyetujui.", count=format_number(found.going))
    return ""


def _run(run_id: int) -> BulkRun:
    return db.session.scalar(select(BulkRun).where(BulkRun.id == run_id, *_seen())) or abort(404)


def _seen() -> list[Any]:
    """Of other people's runs a collector sees none: they name customers of other areas."""
    return [BulkRun.staff_id == current_user.id] if counter.is_collector() else []


@bp.get("/<int:bulk_id>")
@staff("customers")
def show(bulk_id: int) -> Any:
    """How far it is, and what became of each customer."""
    run = _run(bulk_id)
    action = bulk.ACTIONS[run.action]
    wanted = request.args.get("state", "")
    rows = (
        select(BulkItem, Customer.name, Customer.number)
        .join(Customer, Customer.id == BulkItem.customer_id)
        .where(BulkItem.run_id == bulk_id)
        .order_by(BulkItem.id)
    )
    if wanted in STATES:
        rows = rows.where(BulkItem.state == wanted)
    counts = bulk.counts(bulk_id)
    moving = run.state in {"running", "undoing"}
    left = counts.get("waiting" if run.state == "running" else "done", 0) if moving else 0
    return page(
        "desk/bulk_run.html",
        block="progress",
        run=run,
        action=action,
        counts=counts,
        left=left,
        moving=moving,
        said=action.say(run.params),
        found=paginate(rows),
        states=STATES,
        runs=RUNS,
        wanted=wanted,
    )


@bp.post("/<int:bulk_id>/stop")
@staff("customers")
def stop(bulk_id: int) -> Any:
    """Nothing more of it."""
    _action(_run(bulk_id).action)
    return _turned(bulk_id, bulk.stop(bulk_id), _("Dihentikan. Yang sudah dikerjakan tetap."))


@bp.post("/<int:bulk_id>/undo")
@staff("customers")
def undo(bulk_id: int) -> Any:
    """Take back what can be taken back."""
    _action(_run(bulk_id).action)
    return _turned(bulk_id, bulk.take_back(bulk_id), _("Sedang diurungkan."))


def _turned(run_id: int, moved: bool, sentence: str) -> Any:
    db.session.commit()
    here = url_for(".show", bulk_id=run_id)
    return go(here, sentence) if moved else go(here, _("Keadaannya sudah berubah."), "warn")
