"""Typed settings read once from the environment.

Here live boot secrets and addresses only. What the owner edits (company, due days,
texts) is in `portal/settings`; the keys of one provider are in its channel row.
First wins: the real environment, `.env`, then `var/local.env`, which `make run` writes.
A secret may be given as NAME or, for a file that holds it, NAME_FILE.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from portal.infra import outbound

ROOT = Path(__file__).resolve().parent.parent
# Databases, uploads and the local environment; tests give each run its own.
VAR = Path(os.environ.get("LOKET_VAR") or ROOT / "var")


class ConfigError(RuntimeError):
    """The environment will not do; the message lists every bad key."""


@dataclass(frozen=True)
class Settings:
    """The whole boot configuration. Secrets never show in `repr`."""

    app_env: str
    secret_key: str = field(repr=False)
    encryption_keys: tuple[str, ...] = field(repr=False)
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    public_url: str
    trusted_proxies: int
    log_level: str
    metrics_token: str = field(repr=False)
    router_sim_url: str
    outbound_allow: tuple[outbound.Network, ...]
    media_dir: Path
    env: Mapping[str, str] = field(repr=False)

    @property
    def production(self) -> bool:
        return self.app_env == "production"

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def get(self, name: str, default: str = "") -> str:
        """A provider's environment value (META_…, PAKASIR_…, WA_…)."""
        return self.env.get(name, "") or default

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read and check everything; raises ConfigError listing all that is wrong."""
        env = dict(load_environment() if environ is None else environ)
        errors: list[str] = []
        app_env = env.get("APP_ENV") or "production"
        if app_env not in {"production", "development", "test"}:
            errors.append("APP_ENV must be production, development or test")
        port = env.get("PORT") or "8000"
        settings = cls(
            app_env=app_env,
            secret_key=_secret(env, "SECRET_KEY", errors, at_least=16),
            encryption_keys=_encryption_keys(env, errors),
            database_url=_database_url(env),
            redis_url=env.get("REDIS_URL") or "redis://127.0.0.1:6379/0",
            public_url=(env.get("PUBLIC_URL") or f"http://127.0.0.1:{port}").rstrip("/"),
            trusted_proxies=_integer(env, "TRUSTED_PROXIES", 0, errors),
            log_level=(env.get("LOG_LEVEL") or "INFO").upper(),
            metrics_token=_secret(env, "METRICS_TOKEN", None),
            router_sim_url=env.get("ROUTER_SIM_URL") or "",
            outbound_allow=_outbound_allow(env, app_env, errors),
            media_dir=Path(env.get("MEDIA_DIR") or VAR / "media"),
            env=_with_secret_files(env, errors),
        )
        if errors:
            raise ConfigError("The environment is not complete:\n- " + "\n- ".join(errors))
        return settings


def load_environment() -> dict[str, str]:
    """The real environment over `.env` over `var/local.env`."""
    merged: dict[str, str] = {}
    for path in (VAR / "local.env", ROOT / ".env"):
        values = dotenv_values(path, interpolate=False)
        merged.update({key: value for key, value in values.items() if value})
    merged.update({key: value for key, value in os.environ.items() if value})
    return merged


def _secret(env: Mapping[str, str], name: str, errors: list[str] | None, at_least: int = 0) -> str:
    value = env.get(name, "")
    if path := env.get(f"{name}_FILE"):
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            if errors is not None:
                errors.append(f"{name}_FILE cannot be read: {error.strerror}")
    if errors is not None and len(value) < max(at_least, 1):
        errors.append(f"{name} is missing or shorter than {at_least} characters")
    return value


def _with_secret_files(env: Mapping[str, str], errors: list[str]) -> dict[str, str]:
    """Every NAME_FILE of a provider secret becomes NAME."""
    known = ("WHATSAPP_", "META_", "WA_", "PAKASIR_")
    resolved = dict(env)
    for key in env:
        if key.endswith("_FILE") and key.startswith(known):
            resolved[key.removesuffix("_FILE")] = _secret(env, key.removesuffix("_FILE"), errors)
    return resolved


def _encryption_keys(env: Mapping[str, str], errors: list[str]) -> tuple[str, ...]:
    from cryptography.fernet import Fernet

    raw = _secret(env, "ENCRYPTION_KEY", errors, at_least=44)
    keys = tuple(key.strip() for key in raw.split(",") if key.strip())
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            errors.append("ENCRYPTION_KEY must be one or more Fernet keys, comma separated")
            break
    return keys


def _database_url(env: Mapping[str, str]) -> str:
    url = env.get("DATABASE_URL") or f"sqlite:///{VAR / 'loket.db'}"
    # Heroku-style addresses; SQLAlchemy knows only the long name.
    return (
        "postgresql://" + url.removeprefix("postgres://") if url.startswith("postgres://") else url
    )


def _outbound_allow(
    env: Mapping[str, str], app_env: str, errors: list[str]
) -> tuple[outbound.Network, ...]:
    """Networks of one's own that services may be in; in development always this machine."""
    named = env.get("OUTBOUND_ALLOW") or ""
    return outbound.networks(f"{named},loopback" if app_env == "development" else named, errors)


def _integer(env: Mapping[str, str], name: str, default: int, errors: list[str]) -> int:
    try:
        return int(env.get(name) or default)
    except ValueError:
        errors.append(f"{name} must be a whole number")
        return default
