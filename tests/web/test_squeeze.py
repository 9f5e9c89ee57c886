"""How small an answer travels, and that it is the same one when it arrives."""

import gzip

import pytest
from flask import Flask

from portal.web.squeeze import SqueezedFiles, squeezed, wanted
from tests.visitor import Visitor, without_token

GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize(
    ("header", "yes"),
    [("gzip", True), ("br, GZIP;q=0.8", True), ("", False), ("br", False), ("gzip;q=0", False)],
)
def test_only_who_reads_it_gets_it(header: str, yes: bool) -> None:
    assert wanted(header) is yes


def test_a_page_travels_squeezed_and_arrives_whole(app: Flask) -> None:
    client = Visitor(app).client
    plain, small = client.get("/login"), client.get("/login", headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.data) < len(plain.data) / 2 == int(plain.headers["Content-Length"]) / 2
    assert int(small.headers["Content-Length"]) == len(small.data)
    arrived = gzip.decompress(small.data).decode()
    assert without_token(arrived) == without_token(plain.text)
    for answer in (plain, small):
        vary = answer.headers.get("Vary", "")
        assert "Accept-Encoding" in vary and "HX-Request" in vary and "Cookie" in vary


def test_its_length_says_nothing_exact() -> None:
    assert len({len(squeezed(b"secret" * 200)) for _ in range(40)}) > 5


def test_small_and_squeezed_things_stay(app: Flask) -> None:
    client = Visitor(app).client
    for url in ("/healthz", "/icon-96.png"):
        assert "Content-Encoding" not in client.get(url, headers=GZIP).headers, url
    assert client.get("/logout", headers=GZIP).status_code == 405


def test_static_files_travel_squeezed_once(app: Flask) -> None:
    client = Visitor(app).client
    plain = client.get("/static/portal.css")
    small = client.get("/static/portal.css", headers=GZIP)
    assert gzip.decompress(small.data) == plain.data
    assert small.headers["Cache-Control"] == plain.headers["Cache-Control"]
    assert "max-age=31536000" in small.headers["Cache-Control"]
    assert "Accept-Encoding" in small.headers["Vary"] and "Accept-Encoding" in plain.headers["Vary"]
    again = client.get(
        "/static/portal.css", headers={**GZIP, "If-None-Match": small.headers.get("ETag", "")}
    )
    assert again.status_code in {200, 304}
    part = client.get("/static/portal.css", headers={**GZIP, "Range": "bytes=0-9"})
    assert part.status_code == 206 and part.data == plain.data[:10]
    assert client.get("/static/nothing.css", headers=GZIP).status_code == 404


def test_a_changed_file_is_squeezed_anew() -> None:
    said = {"tag": "1", "body": b"a" * 900}

    def inner(_environ, start):  # type: ignore[no-untyped-def]
        start("200 OK", [("Content-Type", "text/css"), ("ETag", said["tag"])])
        return [said["body"]]

    def ask() -> bytes:
        environ = {"PATH_INFO": "/static/x.css", "REQUEST_METHOD": "GET"}
        environ["HTTP_ACCEPT_ENCODING"] = "gzip"
        return gzip.decompress(b"".join(files(environ, lambda *_: None)))

    files = SqueezedFiles(inner)
    assert ask() == b"a" * 900
    said.update(tag="2", body=b"b" * 900)
    assert ask() == b"b" * 900
