"""`flask wa render`: one line of JSON per message text, and what is said of a bad file."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner


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
