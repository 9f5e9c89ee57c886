"""Makes `.venv` on a machine whose Python came without venv's pip (Debian without python3-venv).

`python3 -m venv --without-pip` always works; pip itself is then fetched as a wheel from the
package index (the JSON/HTML simple page), checked against the index's sha256, and installs
itself. Standard library only.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

DEFAULT_INDEX = "https://pypi.org/simple"


class BootstrapError(RuntimeError):
    """A sentence for the terminal."""


def make(venv: Path) -> None:
    """Create the environment with a working pip."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything is checked
        raise BootstrapError(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    python = venv / "bin" / "python"
    ordinary = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True
    )
    if ordinary.returncode == 0 and _has_pip(python):
        return
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--clear", str(venv)], check=True
    )  # noqa: S603
    install_pip(python, index_url())


def _has_pip(python: Path) -> bool:
    return (
        subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode == 0
    )  # noqa: S603


def index_url() -> str:
    """The package index pip would use: PIP_INDEX_URL, pip.conf, else PyPI."""
    if named := os.environ.get("PIP_INDEX_URL"):
        return named.rstrip("/")
    for place in (
        os.environ.get("PIP_CONFIG_FILE"),
        "~/.config/pip/pip.conf",
        "~/.pip/pip.conf",
        "/etc/pip.conf",
    ):
        path = Path(place).expanduser() if place else None
        if path and path.is_file():
            found = re.search(r"^\s*index-url\s*=\s*(\S+)", path.read_text(), re.MULTILINE)
            if found:
                return found[1].rstrip("/")
    return DEFAULT_INDEX


def newest_wheel(page: str) -> tuple[str, str]:
    """Link and sha256 of the newest final pip wheel on a simple page."""
    best: tuple[tuple[int, ...], str, str] | None = None
    for link, digest, version in re.findall(
        r'href="([^"#]+)#sha256=([0-9a-f]{64})"[^>]*>\s*pip-(\d+(?:\.\d+)*)-py3-none-any\.whl', page
    ):
        number = tuple(map(int, version.split(".")))
        if best is None or number > best[0]:
            best = (number, link, digest)
    if best is None:
        raise BootstrapError("The package index lists no pip wheel.")
    return best[1], best[2]


def fetch_wheel(index: str, folder: Path) -> Path:
    """Download pip's wheel; raises BootstrapError when its checksum is not the index's."""
    page_url = f"{index}/pip/"
    with urllib.request.urlopen(page_url, timeout=60) as answer:  # noqa: S310
        link, digest = newest_wheel(answer.read().decode("utf-8", "replace"))
    url = urllib.parse.urljoin(page_url, link)
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != digest:
        raise BootstrapError("The pip wheel does not match its checksum; not installed.")
    target = folder / urllib.parse.unquote(url.rsplit("/", 1)[1])
    target.write_bytes(data)
    return target


def install_pip(python: Path, index: str) -> None:
    """Let the wheel install itself."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = fetch_wheel(index, Path(folder))
        subprocess.run(  # noqa: S603
            [str(python), f"{wheel}/pip", "install", "--quiet", "--no-index", str(wheel)],
            check=True,
        )


if __name__ == "__main__":
    try:
        make(Path(sys.argv[1]))
    except BootstrapError as problem:
        sys.exit(str(problem))
