"""Row and file live and die together; the address works for a week."""

import errno
import io
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from jobs.schedule import BY_NAME, run_now
from portal.core.clock import FixedClock
from portal.core.driverkit import Permanent
from portal.extensions import db
from portal.health.checks import files as doctor
from portal.infra.audit import AuditEntry
from portal.media import service, shelf
from portal.media.models import MediaFile
from tests.media import samples


def stored(data: bytes = b"", name: str = "promo.jpg", **options: Any) -> MediaFile:
    row = service.store(io.BytesIO(data or samples.pdf()), name, "siti@example.test", **options)
    db.session.commit()
    return row


def on_disk() -> list[str]:
    return sorted(path.name for path in shelf.folder().iterdir()) if shelf.folder().exists() else []


def rows() -> int:
    found = db.session.scalar(select(func.count()).select_from(MediaFile)) or 0
    db.session.rollback()
    return found


def age(seconds: float) -> None:
    """Every file was written so long ago."""
    for path in shelf.folder().iterdir():
        stamp = path.stat().st_mtime - seconds
        os.utime(path, (stamp, stamp))


def test_a_file_is_found_by_its_address(app: Flask) -> None:
    row = stored(samples.picture("WEBP"), "../Promo Lebaran.webp")
    assert (row.kind, row.mime, row.filename) == ("image", "image/jpeg", "Promo-Lebaran.jpg")
    assert row.expires_at - row.created_at == timedelta(days=7)
    assert len(row.token) == 32 and row.token not in row.path
    address = service.url(row)
    assert address == f"http://localhost/media/{row.token}/Promo-Lebaran.jpg"
    for spelled in (address, f" {address} ", f"{address}?v=2", f"{address}#x"):
        assert service.by_url(spelled) is row
    assert service.load(row) == service.loader(row)() and len(service.load(row)) == row.size
    assert oct(shelf.place(row.path).stat().st_mode)[-3:] == "600"
    assert db.session.query(AuditEntry).filter_by(action="media.stored").count() == 1


def test_other_addresses_are_not_ours(app: Flask) -> None:
    row = stored()
    tail = f"/media/{row.token}/{row.filename}"
    for address in (
        "", tail, f"https://localhost{tail}", f"http://localhost.evil.test{tail}", f"http://x{tail}",
        f"http://localhost@evil.test{tail}", f"http://localhost/media/{row.token}/other.pdf",
        f"http://localhost/media/{'x' * 32}/{row.filename}", f"http://localhost{tail}/more",
        f"http://localhost/media/../media/{row.token}/{row.filename}", f"http://localhost{tail}%00",
    ):  # fmt: skip
        assert service.by_url(address) is None, address


def test_tokens_are_never_alike(app: Flask) -> None:
    tokens = {stored().token for _ in range(30)}
    assert len(tokens) == 30


def test_days_are_one_to_seven(app: Flask) -> None:
    kept = {days: stored(days=days) for days in (-3, 0, 1, 3, 7, 8, 900)}
    assert [(row.expires_at - row.created_at).days for row in kept.values()] == [
        1,
        1,
        1,
        3,
        7,
        7,
        7,
    ]


def test_after_a_week_row_and_file_are_gone(app: Flask, clock: FixedClock) -> None:
    row = stored()
    address = service.url(row)
    clock.move(days=7, seconds=-1)
    run_now(BY_NAME["forget_old_files"])
    assert service.by_url(address) and len(on_disk()) == 1
    clock.move(seconds=1)
    assert service.by_url(address) is None, "before the sweep, too"
    db.session.rollback()
    run_now(BY_NAME["forget_old_files"])
    assert rows() == 0 and on_disk() == []


def test_more_than_a_chunk_expires_at_once(app: Flask, clock: FixedClock) -> None:
    for _ in range(service.CHUNK + 5):
        service.store(io.BytesIO(samples.pdf()), "a.pdf", "siti")
    db.session.commit()
    clock.move(days=8)
    live = stored()
    run_now(BY_NAME["forget_old_files"])
    assert on_disk() == [live.path] and rows() == 1


def test_a_rollback_takes_the_file_with_it(app: Flask) -> None:
    service.store(io.BytesIO(samples.pdf()), "a.pdf", "siti")
    assert len(on_disk()) == 1
    db.session.rollback()
    assert on_disk() == [] and rows() == 0


def test_a_removal_rolled_back_leaves_the_file(app: Flask) -> None:
    row = stored()
    row_id = row.id
    assert service.remove(row_id) and len(on_disk()) == 1
    db.session.rollback()
    assert len(on_disk()) == 1 and rows() == 1
    assert service.remove(row_id)
    db.session.commit()
    assert on_disk() == [] and rows() == 0
    assert not service.remove(row_id)


@pytest.mark.parametrize("moment", ["write", "fsync", "rename"])
def test_a_full_disk_leaves_nothing_half(
    app: Flask, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """At the first byte, at the last, at the name: a sentence, no row, no file."""

    def full(*_args: Any, **_options: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    if moment == "write":
        monkeypatch.setattr(os, "fdopen", lambda fd, mode: (os.close(fd), full()))
    elif moment == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(service.Refused, match="Ruang penyimpanan penuh") as caught:
        service.store(io.BytesIO(samples.pdf()), "a.pdf", "siti")
    db.session.commit()
    assert caught.value.status == 507 and on_disk() == [] and rows() == 0


def test_the_database_keeps_its_room(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shelf.SPARE_BYTES + len(samples.pdf()) - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: type("U", (), {"free": free}))
    with pytest.raises(service.Refused, match="Ruang penyimpanan penuh"):
        service.store(io.BytesIO(samples.pdf()), "a.pdf", "siti")
    assert on_disk() == []


def test_all_files_together_have_a_limit(app: Flask) -> None:
    row = stored()
    row.size = service.MOST_TOGETHER - len(samples.pdf())
    db.session.commit()
    stored()
    with pytest.raises(service.Refused, match="Ruang penyimpanan penuh"):
        service.store(io.BytesIO(samples.pdf()), "b.pdf", "siti")


def test_sixteen_megabytes_and_not_a_byte_more(app: Flask) -> None:
    bare = len(samples.film(b"isom", samples.box(b"moov"), samples.box(b"mdat")))
    room = service.MOST_BYTES - bare

    def sized(extra: int) -> bytes:
        return samples.film(
            b"isom", samples.box(b"moov"), samples.box(b"mdat", bytes(room + extra))
        )

    assert stored(sized(0), "a.mp4").size == 16 * 1024 * 1024
    with pytest.raises(service.Refused, match="16 MB"):
        service.store(io.BytesIO(sized(1)), "a.mp4", "siti")


def test_orphans_go_after_an_hour_and_the_doctor_names_them(app: Flask) -> None:
    row = stored()
    (shelf.folder() / "0123.jpg").write_bytes(b"x")
    (shelf.folder() / "4567.jpg.part").write_bytes(b"x")
    assert service.sweep_orphans() == 0, "they may be on their way"
    assert doctor().level == "ok"
    age(shelf.ORPHAN_SECONDS + 5)
    finding = doctor()
    assert finding.level == "warn" and "2 files" in finding.sentence
    run_now(BY_NAME["forget_old_files"])
    assert on_disk() == [row.path] and doctor().level == "ok"


def test_a_row_without_its_file_is_named_and_kept(app: Flask) -> None:
    row = stored()
    read = service.loader(row)
    shelf.place(row.path).write_bytes(b"short")
    assert doctor().level == "bad", "not the file it was"
    shelf.place(row.path).unlink()
    finding = doctor()
    assert finding.level == "bad" and str(row.id) in finding.sentence
    run_now(BY_NAME["forget_old_files"])
    assert rows() == 1, "the folder may only be away"
    for ask in (read, lambda: service.load(row)):
        with pytest.raises(Permanent):
            ask()


def test_without_a_folder_all_is_well(app: Flask) -> None:
    assert doctor().level == "ok" and service.sweep_orphans() == 0


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/b", "..", ".hidden", "a/../b", ""])
def test_no_row_leads_out_of_the_folder(app: Flask, path: str) -> None:
    with pytest.raises(ValueError, match="not a file of ours"):
        shelf.place(path)
