"""pip without venv's pip: the right wheel from an index, and none with a wrong checksum."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from portal.local import bootstrap

WHEEL = b"not really a wheel"


@pytest.fixture
def index() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A package index whose files are a dictionary."""
    files: dict[str, bytes] = {}

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple", files
    server.shutdown()


def page(digest: str) -> bytes:
    return (
        f'<a href="../../f/pip-9.0-py3-none-any.whl#sha256={"0" * 64}">pip-9.0-py3-none-any.whl</a>'
        f'<a href="../../f/pip-26.1-py3-none-any.whl#sha256={digest}">pip-26.1-py3-none-any.whl</a>'
        f'<a href="../../f/pip-27.0rc1-py3-none-any.whl#sha256={"1" * 64}">'
        "pip-27.0rc1-py3-none-any.whl</a>"
    ).encode()


def test_the_newest_final_wheel_is_fetched(
    index: tuple[str, dict[str, bytes]], tmp_path: Path
) -> None:
    url, files = index
    files["/simple/pip/"] = page(hashlib.sha256(WHEEL).hexdigest())
    files["/f/pip-26.1-py3-none-any.whl"] = WHEEL
    wheel = bootstrap.fetch_wheel(url, tmp_path)
    assert wheel.name == "pip-26.1-py3-none-any.whl" and wheel.read_bytes() == WHEEL


def test_a_wrong_checksum_installs_nothing(
    index: tuple[str, dict[str, bytes]], tmp_path: Path
) -> None:
    url, files = index
    files["/simple/pip/"] = page("2" * 64)
    files["/f/pip-26.1-py3-none-any.whl"] = WHEEL
    with pytest.raises(bootstrap.BootstrapError, match="checksum"):
        bootstrap.fetch_wheel(url, tmp_path)
    assert list(tmp_path.iterdir()) == []
