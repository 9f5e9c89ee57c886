"""The simulators over real HTTP, with a store of their own and nobody to call back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.simulators import create_app
from tests.simulators.serving import served


@pytest.fixture
def sims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Their address."""
    monkeypatch.setenv("SIM_DB", str(tmp_path / "sim.db"))
    monkeypatch.setenv("APP_ENV", "test")
    monkeypatch.setenv("PORTAL_URL", "http://127.0.0.1:1")
    with served(create_app()) as address:
        yield address
