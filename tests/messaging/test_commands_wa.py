"""`flask wa render`: one line of JSON per message text, and what is said of a bad file;
`flask wa contacts`: what reaches a real server."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from werkzeug.serving import make_server

from portal.extensions import db
from portal.messaging import channel_config, contacts


@pytest.fixture
def write_file(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return write


def test_one_line_per_file(runner: FlaskCliRunner, write_file) -> None:  # type: ignore[no-untyped-def]
    block = "[[wa]]\r\nHalo é\nrow: a\rb|c\r\n[[/wa]]\n".encode()
    files = [
        write_file("block", block),
        write_file("marked", b"\xef\xbb\xbf[[wa]]Halo[[/wa]]"),
        write_file("plain", b"Halo"),
        write_file("empty", b""),
    ]
    result = runner.invoke(args=["wa", "render", *files])
    assert result.exit_code == 0
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert rows == [
        {
            "action": "send",
            "interactive": {
                "type": "list",
                "text": "Halo é",
                "sections": [{"title": "Menu", "rows": [{"id": "a\rb", "title": "c"}]}],
            },
        },
        {"action": "send", "text": "Halo"},
        None,
        None,
    ]


def test_a_bad_file_is_named(runner: FlaskCliRunner, write_file, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    good, bad = write_file("good", b"x"), write_file("bad", b"ab\xff")
    result = runner.invoke(args=["wa", "render", good, bad])
    assert result.exit_code == 1
    assert f"{bad} is not UTF-8 (byte 2)" in result.output
    assert "null" not in result.output
    for missing in (str(tmp_path / "nope"), str(tmp_path)):
        result = runner.invoke(args=["wa", "render", missing])
        assert result.exit_code == 1
        assert f"Cannot read {missing}" in result.output
    assert runner.invoke(args=["wa", "render"]).exit_code == 2


class Gateway:
    """A gateway that keeps what it is posted and answers what it was told to."""

    def __init__(self) -> None:
        self.posted: list[Any] = []
        self.answer: dict[str, Any] = {"ok": True}

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        self.posted.append((environ["PATH_INFO"], json.loads(body)))
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(self.answer).encode()]


class TestContacts:
    @pytest.fixture
    def gateway(self) -> Iterator[Gateway]:
        gateway = Gateway()
        server = make_server("127.0.0.1", 0, gateway)
        Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        yield gateway
        server.shutdown()
        server.server_close()

    def choose(self, app: Flask, **config: str) -> None:
        with app.app_context():
            channel_config.save("gateway", {"url": self.url, "secret": "s", **config})
            channel_config.choose("gateway")
            db.session.commit()

    def test_written_and_removed(
        self, app: Flask, runner: FlaskCliRunner, gateway: Gateway
    ) -> None:
        self.choose(app)
        written = runner.invoke(args=["wa", "contacts", "upsert", "0812-3456-7890", " Budi "])
        assert written.exit_code == 0, written.output
        removed = runner.invoke(args=["wa", "contacts", "delete", "+6281234567890", "c-7"])
        assert removed.exit_code == 0, removed.output
        keys = [data.pop("idempotency_key") for _path, data in gateway.posted]
        assert len(set(keys)) == 2
        assert gateway.posted == [
            (
                "/ext/s/wa",
                {"action": "upsert", "contacts": [{"name": "Budi", "phone": "6281234567890"}]},
            ),
            (
                "/ext/s/wa",
                {"action": "delete", "contacts": [{"phone": "6281234567890"}, {"id": "c-7"}]},
            ),
        ]

    def test_what_goes_wrong_is_said(
        self, app: Flask, runner: FlaskCliRunner, gateway: Gateway
    ) -> None:
        upsert = ["wa", "contacts", "upsert", "0812-3456-7890", "Budi"]
        nobody = runner.invoke(args=upsert)
        assert (nobody.exit_code, contacts.WITHOUT_GATEWAY in nobody.output) == (1, True)
        self.choose(app)
        gateway.answer = {"ok": False, "message": "phone book is full"}
        refused = runner.invoke(args=upsert)
        assert refused.exit_code == 1
        assert "phone book is full" in refused.output
        assert runner.invoke(args=["wa", "contacts", "upsert", "12", "Budi"]).exit_code == 2
