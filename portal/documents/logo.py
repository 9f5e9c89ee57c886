"""Taking in the logo, and whose name stands on a document.

Files for messages end after a week, so the logo is no such file: it is a row of its own. It is
judged and written anew by the same code, then made small and laid on white, as paper is.
"""

import hashlib
import io
from typing import IO

from flask import current_app
from flask_babel import gettext as _
from PIL import Image

from portal.config import Settings
from portal.core.phone import InvalidPhone, PhoneNumber
from portal.documents.facts import Identity
from portal.documents.models import CompanyLogo
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import now
from portal.media import service as media
from portal.settings import service as settings

MOST_SIDES = (600, 240)
"""Sharp enough for print at the size it has on A4."""


def prepared(upload: IO[bytes]) -> bytes:
    """The picture as it will be kept. Asks no database. Raises media.Refused."""
    data, form = media.examine(upload)
    if form.kind != "image":
        raise media.Refused(_("Logo harus berupa gambar JPG, PNG, atau WebP."))
    with Image.open(io.BytesIO(data)) as image:
        drawn = image.convert("RGBA")
    drawn.thumbnail(MOST_SIDES, Image.Resampling.LANCZOS)
    white = Image.new("RGBA", drawn.size, "white")
    white.alpha_composite(drawn)
    into = io.BytesIO()
    white.convert("RGB").save(into, "PNG", optimize=True)
    return into.getvalue()


def keep(image: bytes, by: str) -> None:
    """Put it on every document from now on. Audited; the caller commits."""
    with Image.open(io.BytesIO(image)) as opened:
        width, height = opened.size
    row = current() or CompanyLogo(id=1)
    row.image, row.width, row.height = image, width, height
    row.updated_at, row.updated_by = now(), by[:80]
    db.session.add(row)
    db.session.flush()
    settings.set_internal("company.icon", hashlib.sha256(image).hexdigest()[:10])
    audit.record("documents.logo", "company:logo", after={"width": width, "height": height})


def remove() -> None:
    """Documents go without a logo. Audited; the caller commits."""
    row = current()
    if row is not None:
        db.session.delete(row)
        settings.set_internal("company.icon", "")
        audit.record("documents.logo_removed", "company:logo")


def current() -> CompanyLogo | None:
    """The logo, if there is one."""
    return db.session.get(CompanyLogo, 1)


def identity() -> Identity:
    """Who issues the document, as the settings say now."""
    config: Settings = current_app.extensions["loket.settings"]
    row = current()
    return Identity(
        name=settings.text("company.name"),
        address=settings.text("company.address"),
        phone=_local(settings.text("company.cs_phone")),
        npwp=settings.text("company.npwp"),
        portal=config.public_url,
        logo=row.image if row else None,
    )


def _local(phone: str) -> str:
    try:
        return PhoneNumber.parse(phone).local() if phone else ""
    except InvalidPhone:
        return phone
