"""Settings > Kabar petugas: who of the ISP is told of what, in which group."""

import secrets
from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import gettext as _

from portal.core.phone import GroupId, InvalidPhone, PhoneNumber
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import now
from portal.messaging import groups, notices
from portal.messaging import service as messaging
from portal.messaging.models import NoticeRecipient
from portal.web.access import staff
from portal.web.htmx import go, page

bp = Blueprint("notices", __name__, url_prefix="/admin/settings/notices")
FORM = "notices/form.html"


@bp.get("")
@staff("settings")
def index() -> Any:
    """Everybody on the list, the environment's groups included."""
    return page("notices/index.html", everybody=notices.everybody(), topics=notices.TOPICS)


@bp.get("/new")
@staff("settings")
def new() -> Any:
    """An empty form; `?variable=` takes over a group of the environment, `?group=` one from
    the list of groups."""
    taken = next(
        (t for t in notices.everybody() if t.variable == request.args.get("variable", "-")), None
    )
    values: dict[str, Any] = {"enabled": True, "topics": []}
    if taken is not None:
        values |= {"name": taken.name, "recipient": taken.recipient, "topics": taken.topics}
    elif chosen := request.args.get("group", ""):
        values |= {"name": request.args.get("name", "")[:80], "recipient": chosen[:60]}
    return page(FORM, row=None, values=values, errors={}, topics=notices.TOPICS)


@bp.get("/groups")
@staff("settings")
def list_groups() -> Any:
    """The groups of the numbers in force, to choose from."""
    return page(
        "notices/groups.html",
        found=groups.ask(),
        known={told.recipient for told in notices.everybody()},
    )


@bp.get("/<int:notice_id>")
@staff("settings")
def edit(notice_id: int) -> Any:
    """One of the list."""
    row = _find(notice_id)
    return page(FORM, row=row, values=_values(row), errors={}, topics=notices.TOPICS)


@bp.post("/new")
@staff("settings")
def create() -> Any:
    """Add somebody."""
    return _save(None)


@bp.post("/<int:notice_id>")
@staff("settings")
def change(notice_id: int) -> Any:
    """Change somebody."""
    return _save(_find(notice_id))


@bp.post("/<int:notice_id>/remove")
@staff("settings")
def remove(notice_id: int) -> Any:
    """Take somebody off the list."""
    row = _find(notice_id)
    audit.record("notice.remove", f"notice:{row.id}", before=_values(row))
    db.session.delete(row)
    db.session.commit()
    return go(url_for(".index"), _("Dihapus dari daftar."))


@bp.post("/try")
@staff("settings")
def try_out() -> Any:
    """Send a test notice to one of the list."""
    recipient = request.form.get("recipient", "")
    if recipient not in {told.recipient for told in notices.everybody()}:
        return go(url_for(".index"), _("Penerima ini tidak ada di daftar."), "bad")
    text = _("Ini kabar uji coba dari Loket.")
    key = f"staff_notice:test:{secrets.token_hex(8)}"
    messaging.queue("staff_notice", recipient, key, {"text": text})
    db.session.commit()
    return go(url_for(".index"), _("Kabar uji coba antre; lihat hasilnya di log pesan."))


def _find(notice_id: int) -> NoticeRecipient:
    return db.session.get(NoticeRecipient, notice_id) or abort(404)


def _values(row: NoticeRecipient) -> dict[str, Any]:
    return {
        "name": row.name,
        "recipient": row.recipient,
        "topics": list(row.topics),
        "stand_in": row.stand_in,
        "enabled": row.enabled,
    }


def _read() -> tuple[dict[str, Any], dict[str, str]]:
    """The typed values and what is wrong with them."""
    typed = request.form
    values: dict[str, Any] = {
        "name": typed.get("name", "").strip(),
        "recipient": typed.get("recipient", "").strip(),
        "topics": [topic for topic in notices.TOPICS if topic in typed.getlist("topics")],
        "stand_in": bool(typed.get("stand_in")),
        "enabled": bool(typed.get("enabled")),
    }
    errors = {}
    if not 1 <= len(values["name"]) <= 80:
        errors["name"] = _("Nama wajib diisi, paling banyak 80 huruf.")
    try:
        values["recipient"] = _address(values["recipient"])
    except (ValueError, InvalidPhone):
        errors["recipient"] = _("Tulis nomor WhatsApp, atau ID grup yang berakhir @g.us.")
    if not values["topics"] and not values["stand_in"]:
        errors["topics"] = _("Pilih paling sedikit satu kabar.")
    return values, errors


def _address(typed: str) -> str:
    """A group id or E.164. Raises ValueError."""
    if "@" in typed:
        return str(GroupId.parse(typed))
    return str(PhoneNumber.parse(typed))


def _save(row: NoticeRecipient | None) -> Any:
    values, errors = _read()
    twin = db.session.query(NoticeRecipient).filter_by(recipient=values["recipient"]).first()
    if not errors and twin is not None and twin is not row:
        errors["recipient"] = _("Nomor atau grup ini sudah ada di daftar.")
    if errors:
        db.session.rollback()
        return page(FORM, status=422, row=row, values=values, errors=errors, topics=notices.TOPICS)
    if values["recipient"].endswith("@g.us"):
        values["stand_in"] = False
    before = _values(row) if row else {}
    if row is None:
        row = NoticeRecipient(created_at=now())
        db.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()
    audit.record("notice.save", f"notice:{row.id}", before=before, after=values)
    db.session.commit()
    return go(url_for(".index"), _("Tersimpan."))
