"""The staff's page of files, and what the public address answers."""

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import text
from werkzeug.test import TestResponse

from portal.core.clock import FixedClock
from portal.extensions import db
from portal.media import service
from portal.media.models import MediaFile
from tests import factories
from tests.media import samples
from tests.visitor import Visitor, target


def send(visitor: Visitor, data: bytes, name: str, mime: str = "image/jpeg") -> TestResponse:
    form = {"csrf_token": visitor.token, "file": (io.BytesIO(data), name, mime)}
    return visitor.client.post("/admin/media", data=form, headers=visitor.headers)


def newest() -> MediaFile:
    db.session.rollback()
    return db.session.query(MediaFile).order_by(MediaFile.id.desc()).first()  # type: ignore[return-value]


def stored(data: bytes, name: str = "promo") -> MediaFile:
    row = service.store(io.BytesIO(data), name, "siti")
    db.session.commit()
    return row


def path(row: MediaFile) -> str:
    found = f"/media/{row.token}/{row.filename}"
    db.session.rollback()
    return found


def test_an_upload_answers_with_the_address(desk: Any) -> None:
    answer = send(desk, samples.picture("PNG"), "Promo.PNG")
    row = newest()
    address = service.url(row)
    db.session.rollback()
    if desk.headers:
        assert answer.status_code == 200 and "<html" not in answer.text
        assert "Berkas tersimpan" in answer.headers["HX-Trigger"]
    else:
        assert answer.status_code == 303
        answer = desk.get(target(answer))
    assert answer.text.count(address) == 3 and 'id="new-address"' in answer.text
    assert row.created_by == "siti@example.test"


@pytest.mark.parametrize("name", ["svg", "html", "php", "zip behind a film", "too many pixels"])
def test_a_refusal_says_why(desk: Any, name: str) -> None:
    answer = send(desk, samples.REFUSED[name], "promo.jpg")
    assert answer.status_code == 422 and 'class="err"' in answer.text
    assert ("<html" in answer.text) != bool(desk.headers)
    assert newest() is None


def test_no_file_at_all(desk: Any) -> None:
    assert desk.post("/admin/media").status_code == 422
    assert desk.post("/admin/media", file="promo.jpg").status_code == 422
    assert send(desk, b"", "").status_code == 422


def test_only_here_a_request_may_be_large(desk: Any) -> None:
    film = samples.film(
        b"isom", samples.box(b"moov"), samples.box(b"mdat", bytes(12 * 1024 * 1024))
    )
    assert send(desk, film, "a.mp4", "video/mp4").status_code in {200, 303}
    over = bytes(service.MOST_BYTES + 1)
    assert send(desk, over, "a.mp4").status_code == (422 if desk.headers else 413)
    unread = send(desk, bytes(19 * 1024 * 1024), "a.mp4")
    assert unread.status_code == (200 if desk.headers else 413)
    if desk.headers:
        assert unread.text == "" and unread.headers["HX-Reswap"] == "none"
        assert "16 MB" in unread.headers["HX-Trigger"]
    other = {"csrf_token": desk.token, "file": (io.BytesIO(film), "a.csv")}
    assert desk.client.post("/admin/plans/new", data=other).status_code == 413


@pytest.mark.parametrize("hx", [False, True])
def test_a_stranger_s_large_file_shows_nothing(app: Flask, hx: bool) -> None:
    address = path(stored(samples.pdf()))
    visitor = Visitor(app, hx)
    visitor.page("/admin/login")
    for data in (bytes(19 * 1024 * 1024), samples.picture("PNG")):
        answer = send(visitor, data, "a.mp4")
        assert answer.status_code in {413, 303, 200, 401} and address not in answer.text
    assert len(service.live()) == 1


def test_deleting(desk: Any) -> None:
    row = stored(samples.pdf())
    address, row_id = path(row), row.id
    db.session.rollback()
    for said in ("dihapus", "sudah tidak ada"):
        answer = desk.post(f"/admin/media/{row_id}/delete")
        assert answer.status_code in {200, 303}
        shown = answer.text if answer.status_code == 200 else desk.get("/admin/media").text
        assert said in (answer.headers.get("HX-Trigger") or shown)
    assert desk.client.get(address).status_code == 404


@pytest.mark.parametrize("role", ["support", "technician", "collector"])
def test_only_who_may_send_broadcasts(app: Flask, role: str) -> None:
    visitor = Visitor(app)
    factories.log_in(visitor.client, factories.staff(role=role))
    visitor.enter()
    assert visitor.get("/admin/media").status_code == 403
    assert send(visitor, samples.picture("PNG"), "a.png").status_code == 403


@pytest.mark.parametrize(
    ("data", "mime", "disposition"),
    [
        (samples.picture("JPEG"), "image/jpeg", "inline"),
        (samples.picture("PNG", mode="RGBA"), "image/png", "inline"),
        (samples.film(), "video/mp4", "inline"),
        (samples.film(b"3gp5"), "video/3gpp", "inline"),
        (samples.pdf(), "application/pdf", "attachment"),
    ],
)
def test_what_the_address_answers(
    client: FlaskClient, data: bytes, mime: str, disposition: str
) -> None:
    """Its type from the row, and nothing a browser could run or keep."""
    row = stored(data, "promo.html")
    whole = service.load(row)
    answer = client.get(path(row))
    head = answer.headers
    assert answer.status_code == 200 and answer.data == whole
    assert head["Content-Type"] == mime and head["X-Content-Type-Options"] == "nosniff"
    assert head["Content-Disposition"].startswith(f"{disposition}; filename=promo.")
    assert "sandbox" in head["Content-Security-Policy"]
    assert "default-src 'none'" in head["Content-Security-Policy"]
    assert head["Cache-Control"] == "private, no-store" and "noindex" in head["X-Robots-Tag"]
    assert "Set-Cookie" not in head
    bare = client.head(path(row))
    assert bare.status_code == 200 and int(bare.headers["Content-Length"]) == len(whole)


def test_a_range_and_what_is_known_already(client: FlaskClient) -> None:
    row = stored(samples.film())
    whole, address = service.load(row), path(row)
    part = client.get(address, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.data == whole[10:20]
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert client.get(address, headers={"Range": "bytes=99999-"}).status_code == 416
    tag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_other_addresses_have_nothing(client: FlaskClient, clock: FixedClock) -> None:
    row = stored(samples.pdf())
    token, name, address = row.token, row.filename, path(row)
    for wrong in (
        f"/media/{token}/other.pdf", f"/media/{token}/", f"/media/{token}",
        f"/media/{'x' * 32}/{name}",
        f"/media/{token}/..%2f{name}", f"/media/{token}/%2e%2e/{name}", f"/media//{name}",
        f"/media/{token}/{name}%00", f"/media/{token}/{name}/x", "/media/../etc/passwd",
        f"/media/{token[:-1]}/{name}", f"/media/%25/{name}",
    ):  # fmt: skip
        assert client.get(wrong).status_code == 404, wrong
    assert client.get(address).status_code == 200
    clock.move(days=7)
    assert client.get(address).status_code == 404


def test_a_lost_file_is_not_found(client: FlaskClient) -> None:
    row = stored(samples.pdf())
    service.shelf.place(row.path).unlink()
    assert client.get(path(row)).status_code == 404


def test_nobody_waits_while_a_photo_is_decoded(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite a transaction of a POST holds the one write lock there is."""
    told: list[int] = []
    decode = Image.Image.thumbnail

    def slow(image: Image.Image, *args: Any) -> None:
        with db.engine.begin() as other:
            told.append(other.execute(text("DELETE FROM heartbeat")).rowcount)
        decode(image, *args)

    monkeypatch.setattr(Image.Image, "thumbnail", slow)
    assert send(desk, samples.picture("JPEG"), "a.jpg").status_code in {200, 303}
    assert told == [0]
