"""Files that go with messages: taken in, found again by their address, forgotten in time.

Every file has an unguessable public address that works for a week at most; WhatsApp services
fetch it from there, or the driver uploads its bytes. What people may call files in a browser
is in `routes_staff.py`, what the address answers in `routes_public.py`.
"""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import delete, func, select

from portal.config import Settings
from portal.core.driverkit import Permanent
from portal.extensions import db
from portal.infra import audit
from portal.infra.timekeeping import now
from portal.media import images, shelf
from portal.media.models import MediaFile
from portal.media.recognition import Form, recognise

MOST_BYTES = 16 * 1024 * 1024
MOST_TOGETHER = 2 * 1024**3
"""All live files; a week of sending needs a fraction of it."""
KEPT = timedelta(days=7)
PRIVATE = "private"
"""Kind of a photo that has no public address: a proof of payment. Kept for the books."""
PRIVATE_KEPT = timedelta(days=400)
MOST_PRIVATE_TOGETHER = 4 * 1024**3
CHUNK = 200
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_PATH = re.compile(r"/media/([A-Za-z0-9_-]{16,64})/([A-Za-z0-9_.-]{1,120})")


class Refused(ValueError):
    """The file is not taken; `sentence` says why, `status` is the answer to a browser."""

    def __init__(self, sentence: str, status: int = 422) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


def store(upload: IO[bytes], filename: str, by: str, days: int = KEPT.days) -> MediaFile:
    """Take in a file: `examine` and `keep` in one. The caller commits. Raises Refused."""
    return keep(examine(upload), filename, by, days)


def examine(upload: IO[bytes]) -> tuple[bytes, Form]:
    """What will be kept of an upload: checked by content, images written anew, 16 MB at most.

    Takes seconds for a large photo and asks no database, so no transaction need be open.
    Raises Refused.
    """
    data = upload.read(MOST_BYTES + 1)
    if not data:
        raise Refused(_("Pilih berkas dahulu."))
    if len(data) > MOST_BYTES:
        raise Refused(_("Berkas lebih besar dari 16 MB."), 413)
    form = recognise(data)
    if form is None:
        raise Refused(_("Jenis berkas tidak didukung. Pakai JPG, PNG, WebP, MP4, 3GP, atau PDF."))
    if form.kind != "image":
        return data, form
    try:
        return images.rewritten(data, form)
    except images.TooManyPixels:
        raise Refused(
            _("Gambar terlalu besar. Perkecil dahulu, paling banyak 40 megapiksel.")
        ) from None
    except images.BadImage:
        raise Refused(_("Gambar rusak dan tidak dapat dibaca.")) from None


def keep(examined: tuple[bytes, Form], filename: str, by: str, days: int = KEPT.days) -> MediaFile:
    """File and row together, for 1 to 7 days: a rollback removes both. The caller commits.

    Raises Refused when there is no room.
    """
    data, form = examined
    if _together() + len(data) > MOST_TOGETHER:
        raise _no_room()
    try:
        path = shelf.put(data, form.suffix)
    except shelf.NoRoom:
        raise _no_room() from None
    row = MediaFile(
        token=secrets.token_urlsafe(24),
        kind=form.kind,
        mime=form.mime,
        filename=safe_name(filename, form.suffix),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        path=path,
        created_at=now(),
        created_by=by[:80],
        expires_at=now() + min(max(timedelta(days=days), timedelta(days=1)), KEPT),
    )
    db.session.add(row)
    db.session.flush()
    audit.record("media.stored", f"media:{row.id}", after={"name": row.filename, "size": row.size})
    return row


def examine_photo(upload: IO[bytes]) -> tuple[bytes, Form]:
    """As `examine`, for a picture people only look at: small, and nothing but a picture."""
    data, form = examine(upload)
    if form.kind != "image":
        raise Refused(_("Pilih foto: JPG, PNG, atau WebP."))
    try:
        return images.small(data, form)
    except images.BadImage:
        raise Refused(_("Gambar rusak dan tidak dapat dibaca.")) from None


def keep_private(examined: tuple[bytes, Form], filename: str, by: str) -> MediaFile:
    """As `keep`, for 400 days and without a public address; whoever shows it checks who asks."""
    data, _form = examined
    if _together(private=True) + len(data) > MOST_PRIVATE_TOGETHER:
        raise _no_room()
    row = keep(examined, filename, by)
    row.kind, row.expires_at = PRIVATE, now() + PRIVATE_KEPT
    db.session.flush()
    return row


def url(file: MediaFile) -> str:
    """The file's public address."""
    settings: Settings = current_app.extensions["loket.settings"]
    return f"{settings.public_url}/media/{file.token}/{file.filename}"


def is_ours(address: str) -> bool:
    """Whether an address is one of a file here, live or not."""
    return _path_of(address) is not None


def _path_of(address: str) -> re.Match[str] | None:
    settings: Settings = current_app.extensions["loket.settings"]
    plain = address.strip().partition("#")[0].partition("?")[0]
    if not plain.startswith(settings.public_url):
        return None
    return _PATH.fullmatch(plain.removeprefix(settings.public_url))


def by_url(address: str) -> MediaFile | None:
    """The live file behind one of our own public addresses; None for any other."""
    found = _path_of(address)
    if found is None:
        return None
    return by_token(found[1], found[2])


def by_token(token: str, filename: str) -> MediaFile | None:
    """The live file of an address; None when it never was or has expired."""
    row = db.session.scalar(select(MediaFile).where(MediaFile.token == token))
    if row is None or row.filename != filename or row.kind == PRIVATE:
        return None
    return row if row.expires_at > now() else None


def loader(file: MediaFile) -> Callable[[], bytes]:
    """What reads the file's bytes, in any thread and without the database.

    It raises Permanent when the file is gone.
    """
    place = shelf.place(file.path)

    def read() -> bytes:
        return _bytes(place)

    return read


def load(file: MediaFile) -> bytes:
    """The file's bytes; raises Permanent when it is gone."""
    return _bytes(shelf.place(file.path))


def live() -> Sequence[MediaFile]:
    """Files whose address still works, the newest first."""
    return db.session.scalars(
        select(MediaFile)
        .where(MediaFile.expires_at > now(), MediaFile.kind != PRIVATE)
        .order_by(MediaFile.id.desc())
    ).all()


def remove(media_id: int) -> bool:
    """Delete a file before its time; False when it was gone. The caller commits."""
    row = db.session.get(MediaFile, media_id)
    if row is None or row.kind == PRIVATE:
        return False
    audit.record("media.removed", f"media:{row.id}", before={"name": row.filename})
    _forget([row])
    return True


def sweep() -> int:
    """Forget one chunk of what has expired; returns how many. The caller commits, and calls
    again until it is 0."""
    due = select(MediaFile).where(MediaFile.expires_at <= now()).limit(CHUNK)
    rows = db.session.scalars(due).all()
    _forget(rows)
    return len(rows)


def sweep_orphans() -> int:
    """Delete files that have no row, an hour after they were written; returns how many.

    A row without its file stays, and expires: the folder may only be away for a while.
    """
    found = orphans()
    for name in found:
        shelf.place(name).unlink(missing_ok=True)
    return len(found)


def orphans() -> list[str]:
    """Names of files that belong to nobody, half-written ones among them."""
    old = {name for name, age in shelf.names() if age > shelf.ORPHAN_SECONDS and name[:1] != "."}
    return sorted(old - set(db.session.scalars(select(MediaFile.path))))


def without_file() -> list[int]:
    """Ids of live rows whose file is not there, or is not as long as it was."""
    rows = db.session.scalars(select(MediaFile).where(MediaFile.expires_at > now()))
    return [row.id for row in rows if _length(shelf.place(row.path)) != row.size]


def safe_name(filename: str, suffix: str) -> str:
    """A plain ASCII name with the suffix of what the file really is."""
    last = re.split(r"[/\\]", filename)[-1]
    stem = last.rpartition(".")[0] or last
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return (_UNSAFE.sub("-", plain).strip("-_")[:60].rstrip("-_") or "berkas") + suffix


def _no_room() -> Refused:
    return Refused(_("Ruang penyimpanan penuh. Hapus berkas lama atau tambah ruang disk."), 507)


def _together(*, private: bool = False) -> int:
    mine = MediaFile.kind == PRIVATE if private else MediaFile.kind != PRIVATE
    return int(db.session.scalar(select(func.sum(MediaFile.size)).where(mine)) or 0)


def _forget(rows: Sequence[MediaFile]) -> None:
    for row in rows:
        shelf.drop(row.path)
    db.session.execute(delete(MediaFile).where(MediaFile.id.in_([row.id for row in rows])))


def _bytes(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError:
        raise Permanent("Berkas lampiran sudah tidak ada. Unggah lagi.") from None


def _length(place: Path) -> int:
    try:
        return place.stat().st_size
    except OSError:
        return -1
