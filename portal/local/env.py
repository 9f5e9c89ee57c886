"""`var/local.env`: what `make run` knows that nobody should have to type.

Development secrets are made once and kept; addresses are written anew at each start. The
real environment and `.env` win over this file (see `portal/config.py`). Standard library
only: it runs before anything is installed.
"""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("LOKET_VAR") or ROOT / "var")
FILE = VAR / "local.env"


def read(path: Path) -> dict[str, str]:
    """NAME=value lines; comments and blanks skipped."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {
        name.strip(): value.strip().strip("\"'")
        for name, mark, value in pairs
        if mark and not name.lstrip().startswith("#")
    }


def generated(known: Mapping[str, str]) -> dict[str, str]:
    """Secrets that are made once."""
    makers: dict[str, Callable[[], str]] = {
        "SECRET_KEY": lambda: secrets.token_urlsafe(48),
        "ENCRYPTION_KEY": lambda: base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "DEMO_STAFF_PASSWORD": lambda: "-".join(secrets.token_hex(2) for _ in range(3)),
        "PAKASIR_API_KEY": lambda: secrets.token_hex(16),
        "WHATSAPP_API_KEY": lambda: "dev-" + secrets.token_hex(12),
        "META_WA_APP_SECRET": lambda: secrets.token_hex(16),
        "META_WA_VERIFY_TOKEN": lambda: secrets.token_hex(8),
    }
    return {name: known.get(name) or make() for name, make in makers.items()}


def addresses(chosen: Mapping[str, str]) -> dict[str, str]:
    """Where everything of this machine listens."""
    port = chosen.get("PORT") or "8000"
    sim = f"http://127.0.0.1:{chosen.get('SIM_PORT') or '8100'}"
    return {
        "APP_ENV": "development",
        "PORT": port,
        "SIM_PORT": chosen.get("SIM_PORT") or "8100",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORTAL_URL": f"http://127.0.0.1:{port}",
        "DEMO_STAFF_EMAIL": "pemilik@nusalink.test",
        "WHATSAPP_ENABLED": "true",
        "WHATSAPP_DRIVER": "meta",
        "WHATSAPP_LIMITS": "off",
        "META_WA_PHONE_NUMBER_ID": "100000000000001",
        "META_WA_BUSINESS_ACCOUNT_ID": "200000000000002",
        "META_GRAPH_BASE_URL": f"{sim}/graph",
        "META_APP_ID": "1041729300000001",
        "META_ES_CONFIG_ID": "3041729300000001",
        "META_SDK_URL": f"{sim}/signup/sdk.js",
        "PAKASIR_BASE_URL": f"{sim}/pakasir",
        "PAKASIR_SLUG": "nusalink",
        "PAKASIR_API": "v2",
        "ROUTER_SIM_URL": f"{sim}/router",
        "SIM_DB": str(VAR / "simulators.db"),
        "DATABASE_URL": f"sqlite:///{VAR / 'loket.db'}",
    }


def write(redis_url: str | None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Write the file and return what is in force: environment over `.env` over this file."""
    environ = os.environ if environ is None else environ
    VAR.mkdir(parents=True, exist_ok=True)
    own = read(ROOT / ".env")
    chosen = {**own, **{k: v for k, v in environ.items() if v}}
    values = {**generated(read(FILE)), **addresses(chosen)}
    if redis_url:
        values["REDIS_URL"] = redis_url
    text = "# Written by make setup and make run. Put your own settings into .env instead.\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    temporary = FILE.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(FILE)
    return {**values, **chosen}


if __name__ == "__main__":
    write(None)
