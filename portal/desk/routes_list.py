"""The customers list for staff: search as you type, filters in the address, saved views, files."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, request, send_file, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.desk import export, filtering, listing, views
from portal.desk.blueprint import bp
from portal.extensions import db
from portal.infra import audit
from portal.web.access import may, may_open, staff
from portal.web.htmx import go, is_fragment, page
from portal.web.setup import row_id


@bp.get("")
@staff("lookup")
def index() -> Any:
    """The list; search and filters bring only its block."""
    wanted = filtering.read(request.args)
    found = listing.one_page(
        wanted,
        after=request.args.get("after", 0, type=row_id),
        before=request.args.get("before", 0, type=row_id),
    )
    answer = page(
        "customers/index.html",
        block="table",
        found=found,
        wanted=wanted,
        total=filtering.count(wanted),
        choices=filtering.choices(),
        views=views.of(current_user.id),
        money=may("customers") or may("counter"),
        bulk=may_open("bulk.choose"),
        undo=request.args.get("undo", 0, type=row_id),
    )
    if is_fragment():  # without the fields that were left empty
        query = wanted.query()
        answer.headers["HX-Push-Url"] = url_for(".index") + (f"?{query}" if query else "")
    return answer


@bp.get("/export")
@staff("customers")
def export_page() -> Any:
    """What would be in the file; with the key that asking gave, the file itself."""
    asked = export.opened(request.args.get("key", ""), current_user.id)
    if asked is None:
        wanted = filtering.read(request.args)
        return page(
            "desk/export.html",
            wanted=wanted,
            total=filtering.count(wanted),
            said=filtering.in_words(wanted),
            most=export.MOST,
        )
    query, kind = asked
    file, name = export.customers_file(filtering.stored(query), kind)
    db.session.rollback()
    return send_file(
        file, mimetype=export.MIME[kind], as_attachment=True, download_name=name, max_age=0
    )


@bp.post("/export")
@staff("customers")
def export_asked() -> Any:
    """Note who takes which customers' data with them, then hand the file out."""
    kind = request.form.get("kind", "")
    wanted = filtering.read(request.form)
    total = filtering.count(wanted)
    if kind not in export.KINDS:
        abort(400)
    if kind == "xlsx" and total > export.MOST:
        here = url_for(".export_page") + "?" + wanted.query()
        return go(here, _("Terlalu banyak untuk XLSX. Unduh sebagai CSV."), "warn")
    said = ", ".join(filtering.in_words(wanted)) or _("semua pelanggan")
    after = {"count": total, "kind": kind, "filter": said}
    audit.record("customers.export", "customers", after=after)
    db.session.commit()
    return go(url_for(".export_page", key=export.key(wanted, kind, current_user.id)))


@bp.post("/views")
@staff("lookup")
def save_view() -> Any:
    """This filter under a name."""
    wanted = filtering.read(request.form)
    here = url_for(".index") + "?" + wanted.query()
    shared = "shared" in request.form and may("customers")
    try:
        row = views.save(current_user.id, request.form.get("name", ""), wanted, shared=shared)
    except views.ViewError as error:
        db.session.rollback()
        return go(here, str(error), "bad")
    done = _("Tampilan “%(name)s” disimpan.", name=row.name)
    db.session.commit()
    return go(here, done)


@bp.post("/views/<int:view_id>/delete")
@staff("lookup")
def delete_view(view_id: int) -> Any:
    """Take one's own view away; the next page offers to bring it back."""
    deleted = views.delete(current_user.id, view_id)
    db.session.commit()
    if not deleted:
        return go(url_for(".index"), _("Tampilan itu tidak ada lagi."), "warn")
    return go(url_for(".index") + "?" + urlencode({"undo": view_id}))


@bp.post("/views/<int:view_id>/restore")
@staff("lookup")
def restore_view(view_id: int) -> Any:
    """Bring a deleted view back."""
    restored = views.restore(current_user.id, view_id)
    db.session.commit()
    if not restored:
        return go(url_for(".index"), _("Tampilan itu tidak ada lagi."), "warn")
    return go(url_for(".index"), _("Tampilan dikembalikan."))
