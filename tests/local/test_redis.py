"""Which redis-server: the system's, never the one a wheel put into the environment."""

import sys
from pathlib import Path

from portal.local import redis


def fake(folder: Path, version: str) -> Path:
    """A redis-server that only tells its version."""
    folder.mkdir(parents=True, exist_ok=True)
    binary = folder / "redis-server"
    binary.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0'\n")
    binary.chmod(0o755)
    return binary


def test_a_new_enough_server_on_path_is_used(tmp_path: Path) -> None:
    binary = fake(tmp_path / "bin", "7.0.15")
    assert redis.on_path(str(tmp_path / "bin")) == str(binary)


def test_an_old_one_is_not(tmp_path: Path) -> None:
    fake(tmp_path / "bin", "6.0.16")
    assert redis.on_path(str(tmp_path / "bin")) is None


def test_the_environments_own_never_shadows() -> None:
    inside = Path(sys.prefix) / "bin"
    assert redis.on_path(str(inside)) is None


def test_the_socket_fits_into_its_hundred_bytes(tmp_path: Path) -> None:
    short = redis.socket_path(Path("/srv/loket/var"))
    assert short == Path("/srv/loket/var/redis.sock")
    deep = redis.socket_path(tmp_path / ("x" * 120))
    assert len(str(deep).encode()) < 100
    assert deep.parent.stat().st_mode & 0o077 == 0, "others may not reach the socket"


def test_it_listens_on_no_port_and_keeps_what_it_has(tmp_path: Path) -> None:
    words = redis.command("redis-server", tmp_path / "s", tmp_path / "data")
    pairs = dict(zip(words[1::2], words[2::2], strict=True))
    assert pairs["--port"] == "0" and pairs["--appendonly"] == "yes"
    assert pairs["--maxmemory-policy"] == "noeviction"
