"""The generated environment: secrets stay, addresses follow, the operator wins."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from portal.config import Settings
from portal.local import env


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation folder of its own: the module's paths are its only input."""
    monkeypatch.setattr(env, "ROOT", tmp_path)
    monkeypatch.setattr(env, "VAR", tmp_path / "var")
    monkeypatch.setattr(env, "FILE", tmp_path / "var" / "local.env")
    return tmp_path


def test_secrets_are_made_once_and_only_the_owner_may_read(place: Path) -> None:
    first = env.write("unix:///a.sock", {})
    second = env.write("unix:///b.sock", {"PORT": "9000", "SIM_PORT": "9100"})
    file = place / "var" / "local.env"
    assert file.stat().st_mode & 0o777 == 0o600
    for name in ("SECRET_KEY", "ENCRYPTION_KEY", "DEMO_STAFF_PASSWORD", "PAKASIR_API_KEY"):
        assert first[name] == second[name] and len(first[name]) > 10
    assert second["PUBLIC_URL"] == "http://127.0.0.1:9000"
    assert second["META_GRAPH_BASE_URL"] == "http://127.0.0.1:9100/graph"
    assert second["REDIS_URL"] == "unix:///b.sock"
    Fernet(first["ENCRYPTION_KEY"])


def test_two_installations_share_no_secret(place: Path) -> None:
    first = env.generated({})
    second = env.generated({})
    assert all(first[name] != second[name] for name in first)


def test_the_environment_wins_over_dot_env_over_ours(place: Path) -> None:
    (place / ".env").write_text("# mine\nWHATSAPP_DRIVER=gateway\nPAKASIR_SLUG='toko'\n")
    values = env.write(None, {"PAKASIR_SLUG": "lain", "PORT": "8001", "EMPTY": ""})
    assert values["WHATSAPP_DRIVER"] == "gateway"
    assert values["PAKASIR_SLUG"] == "lain"
    assert values["PUBLIC_URL"] == "http://127.0.0.1:8001"
    written = env.read(place / "var" / "local.env")
    assert written["PAKASIR_SLUG"] == "nusalink", "what the operator set is not copied"


def test_what_is_written_is_a_complete_configuration(place: Path) -> None:
    settings = Settings.from_env(env.write("unix:///a.sock", {}))
    assert settings.app_env == "development" and settings.sqlite
