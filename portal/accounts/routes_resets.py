"""What an owner does for somebody of the staff who lost phone and recovery codes."""

from flask import Blueprint, Response, abort, url_for
from flask_babel import gettext as _

from portal.accounts import second_factor
from portal.accounts.models import Staff
from portal.extensions import db
from portal.web.access import staff
from portal.web.htmx import go

bp = Blueprint("staff_resets", __name__, url_prefix="/admin/staff/<int:staff_id>")


@bp.post("/totp/reset")
@staff("staff", fresh=True)
def reset_totp(staff_id: int) -> Response:
    """The password alone opens again, and the person is logged out everywhere."""
    person = db.session.get(Staff, staff_id) or abort(404)
    back = url_for("staff_people.show", staff_id=person.id)
    if person.totp_since is None:
        return go(back, _("%(name)s tidak memakai kode autentikator.", name=person.name))
    second_factor.turn_off(person)
    db.session.commit()
    said = _("Kode autentikator %(name)s dihapus. Minta dia memasangnya lagi.", name=person.name)
    return go(back, said)
